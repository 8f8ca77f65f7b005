"""What torchtitan prints, in colours: the loss and the gradient norm by step, from 1. No learning rate.

step: 10  loss:  4.12345  grad_norm:  0.5123  memory: 23.45GiB(29.63%)  tps: 8,123  tflops: 345.67  mfu: 34.95%
validate step: 100  loss: 3.1234  memory: 23.45GiB(29.63%)  tps: 8,123
"""

import re

from glidepath.logs.lines import NUMBER, WHOLE, Dialect, Kind, named

NAME = "torchtitan stdout"
DIALECT = Dialect(
    NAME,
    (
        Kind("validate step:", re.compile(rf"validate step: +(?P<step>{WHOLE}) +loss: +(?P<validation_loss>{NUMBER})")),
        Kind(
            "step: ",
            re.compile(
                rf"\bstep: +(?P<step>{WHOLE}) +loss: +(?P<loss>{NUMBER})"
                rf"(?: +grad_norm: +(?P<grad_norm>{NUMBER}))? +memory:"
            ),
        ),
        Kind(
            "total steps ",
            re.compile(
                rf"global batch size {named('set_batch_size', WHOLE)}\b.{{0,60}}?"
                rf" sequence length {named('set_sequence_length', WHOLE)}"
                rf", total steps (?P<set_horizon>{WHOLE}) ?\(warmup (?P<set_warmup>{WHOLE})"
            ),
            names=False,
        ),
        Kind("Training starts at step ", re.compile("Training starts at step "), begins=True, names=False),
    ),
    notes=(
        "steps counted from 0: the log's step 100 is update 99",
        "torchtitan prints no learning rate: its TensorBoard or W&B log has it",
    ),
)
recognises, read = DIALECT.recognises, DIALECT.read

"""What nanotron prints: large numbers cut to three digits (1.31M), and the learning rate of the next update.

iteration: 10 / 1000 | consumed_tokens: 1.31M | time_per_iteration_ms: 512 | tokens_per_sec: 256K | ... |
  global_batch_size: 131K | grad_norm: 1.2 | lm_loss: 7.1 | lr: 0.0003 | model_tflops_per_gpu: 150 | eta: ...
"""

import re

from glidepath.logs.lines import WHOLE, Dialect, Kind, bars

NAME = "nanotron stdout"
DIALECT = Dialect(
    NAME,
    (
        Kind(
            "iteration: ",
            re.compile(rf"\biteration: (?P<step>{WHOLE}) ?/ ?(?P<set_horizon>{WHOLE}) \|"),
            pairs=bars,
            wanted=re.compile(r"loss|^lr|norm|consumed|batch"),
        ),
        Kind("Resuming training from", re.compile("Resuming training from "), begins=True, names=False),
    ),
    notes=(
        "steps counted from 0: the log's iteration 100 is update 99",
        "numbers are rounded to three digits in the log: 1.31M tokens are 1,305,000 to 1,315,000",
        "the learning rate of a line is that of the next update, and is placed there",
    ),
    later=("lr",),
)
recognises, read = DIALECT.recognises, DIALECT.read

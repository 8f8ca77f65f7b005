"""What nanoGPT prints: the loss by iteration, and the losses of an evaluation. No learning rate.

iter 250: loss 2.1234, time 135.10ms, mfu 38.20%
step 250: train loss 2.1002, val loss 2.1543
"""

import re

from glidepath.logs.lines import NUMBER, WHOLE, Dialect, Kind, named

NAME = "nanoGPT stdout"
DIALECT = Dialect(
    NAME,
    (
        Kind("iter ", re.compile(rf"\biter (?P<step>{WHOLE}): loss (?P<loss>{NUMBER}), time "), first=0),
        Kind(
            "val loss",
            re.compile(
                rf"\bstep (?P<step>{WHOLE}): train loss {named('train_estimate')}, val loss {named('validation_loss')}"
            ),
        ),
        Kind("Resuming training from", re.compile("Resuming training from "), begins=True, names=False),
        Kind(
            "tokens per iteration", re.compile(rf"per iteration will be: (?P<set_tokens_per_step>{WHOLE})"), names=False
        ),
        Kind(
            "Overriding: ",
            re.compile(
                rf"Overriding: (?:max_iters = (?P<set_horizon>{WHOLE})|learning_rate = (?P<set_learning_rate>{NUMBER})"
                rf"|min_lr = (?P<set_min_lr>{NUMBER})|warmup_iters = (?P<set_warmup_iters>{WHOLE})"
                rf"|lr_decay_iters = (?P<set_lr_decay_iters>{WHOLE}))"
            ),
            names=False,
        ),
    ),
    notes=(
        "an evaluation at step N came before update N: it is placed behind update N - 1",
        "nanoGPT prints no learning rate: its W&B log and the config in ckpt.pt have it",
    ),
)
recognises, read = DIALECT.recognises, DIALECT.read

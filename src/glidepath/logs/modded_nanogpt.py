"""What modded-nanogpt prints behind its own source: the validation loss; older ones the training loss too.

step:1000/5100 val_loss:3.5678 train_time:123456ms step_avg:123.45ms
step:1001/5100 train_loss:3.6012 train_time:123580ms step_avg:123.45ms
"""

import re

from glidepath.logs.lines import NUMBER, WHOLE, Dialect, Kind

NAME = "modded-nanogpt stdout"
AHEAD = rf"\bstep:(?P<step>{WHOLE})/(?P<set_horizon>{WHOLE}) "
DIALECT = Dialect(
    NAME,
    (
        Kind(" val_loss:", re.compile(rf"{AHEAD}val_loss:(?P<validation_loss>{NUMBER}) train_time:")),
        Kind(" train_loss:", re.compile(rf"{AHEAD}train_loss:(?P<loss>{NUMBER}) train_time:")),
    ),
    notes=(
        "steps counted from 0: step 1 of a training line is update 0; "
        "an evaluation at step N came before update N: it is placed behind update N - 1",
        "modded-nanogpt prints no learning rate, and newer ones no training loss",
    ),
)
recognises, read = DIALECT.recognises, DIALECT.read

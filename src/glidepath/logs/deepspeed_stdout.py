"""What DeepSpeed's engine prints: skipped updates and the learning rates of the next update. No loss.

[2026-01-01 00:00:00,000] [INFO] [logging.py:96:log_dist] [Rank 0] step=100, skipped=3, lr=[0.0001, 0.0002], mom=[...]
"""

import re

from glidepath.logs.lines import NUMBER, WHOLE, Dialect, Kind, named

NAME = "DeepSpeed stdout"
RATE = r"[\d.]{1,30}(?:[eE][-+]?\d{1,4})?"  # without commas, which part the groups
DIALECT = Dialect(
    NAME,
    (
        Kind(
            "skipped=",
            re.compile(
                rf"\bstep=(?P<step>{WHOLE}), skipped=(?P<skipped>\d{{1,15}}), lr=\[{named('lr', RATE)}"
                rf"(?:, {named('lr_group1', RATE)}(?:, {named('lr_group2', RATE)})?)?[,\]]"
            ),
        ),
        Kind(
            "OVERFLOW!",
            re.compile(rf"Attempted loss scale: {NUMBER}, reducing to (?P<loss_scale>{NUMBER})"),
            names=False,
        ),
    ),
    notes=(
        "steps counted from 0: the log's step 100 is update 99; updates that were skipped are counted too",
        "the learning rate of a line is that of the next update, and is placed there; of the groups three are read",
        "DeepSpeed prints no loss",
    ),
    later=("lr", "lr_group1", "lr_group2"),
)
recognises, read = DIALECT.recognises, DIALECT.read

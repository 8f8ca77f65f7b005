"""What nnU-Net writes to training_log_*.txt: losses, learning rate and Dice by epoch, from 0.

2026-01-01 00:00:00.000000: Epoch 5
2026-01-01 00:00:00.000000: Current learning rate: 0.00955
2026-01-01 00:01:00.000000: train_loss -0.5123
2026-01-01 00:01:00.000000: val_loss -0.4812
2026-01-01 00:01:00.000000: Pseudo dice [0.8123, 0.7012]
"""

import re

from glidepath.logs.lines import NUMBER, Dialect, Kind

NAME = "nnU-Net training_log"
DIALECT = Dialect(
    NAME,
    (
        Kind("Epoch ", re.compile(r"^[\d :.-]{10,30}: Epoch (?P<step>\d{1,9})\s*$"), first=0),
        Kind("learning rate", re.compile(rf": Current learning rate: (?P<lr>{NUMBER})"), names=False),
        Kind("train_loss ", re.compile(rf": train_loss (?P<loss>{NUMBER})"), names=False),
        Kind("val_loss ", re.compile(rf": val_loss (?P<validation_loss>{NUMBER})"), names=False),
        Kind(
            "Pseudo dice ",
            re.compile(rf": Pseudo dice \[(?:np\.float\d\d\()?(?P<dice>{NUMBER})"),
            names=False,
        ),
    ),
    notes=("the learning rate is rounded to five decimals in the log", "dice is that of the first class"),
    clock="epochs",
)
recognises, read = DIALECT.recognises, DIALECT.read

"""What timm's train.py prints: loss and learning rate by update of an epoch, and the loss of a test.

Train: 3 [ 250/1251 ( 20%)]  Loss: 3.21 (3.45)  Time: 0.4s, 600/s  LR: 5.000e-04  Data: 0.01 (0.02)
Test: [  48/48]  Time: 0.1 (0.2)  Loss:   1.234 ( 1.456)  Acc@1: 70.0 ( 71.0)
"""

import re

from glidepath.logs.lines import NUMBER, Dialect, Kind, named

NAME = "timm stdout"
COUNT = r"\d{1,9}"


def _update(said: re.Match[str]) -> int:
    """Epochs are of one length, and both count from 0."""
    return int(said["epoch"]) * int(said["set_updates_per_epoch"]) + int(said["own_update"])


DIALECT = Dialect(
    NAME,
    (
        Kind(
            "Train: ",
            re.compile(
                rf"Train: {named('epoch', COUNT)} \[ *{named('own_update', COUNT)}/"
                rf"{named('set_updates_per_epoch', COUNT)} +\( *\d{{1,3}}%\)\] +"
                rf"Loss: +{named('loss')} \( *{NUMBER}\) .{{1,300}}?\bLR: {named('lr')}"
            ),
            place=_update,
        ),
        Kind(
            "Test: ",
            re.compile(
                r"Test: \[ *(\d{1,9})/\1\] .{1,200}?"
                rf"Loss: +{NUMBER} \( *{named('validation_loss')}\)(?: +Acc@1: +{NUMBER} \( *{named('accuracy')}\))?"
            ),
            names=False,
        ),
        Kind("Restoring ", re.compile("Restoring (?:training|optimizer|model) state from"), begins=True, names=False),
    ),
    notes=(
        "steps counted from 0: the updates of the epochs before and of this one",
        "the learning rate is the mean over groups",
    ),
)
recognises, read = DIALECT.recognises, DIALECT.read

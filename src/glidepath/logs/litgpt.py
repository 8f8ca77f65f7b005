"""What litgpt prints: its iter is a micro-batch, its step an update. No learning rate.

Epoch 1 | iter 100 step 25 | loss train: 3.123, val: n/a | iter time: 123.45 ms (step) remaining time: 1:02:03
iter 400: val loss 3.1234, val time: 1234.56 ms
"""

import re

from glidepath.logs.lines import NUMBER, WHOLE, Dialect, Kind

NAME = "litgpt stdout"


def _update(said: re.Match[str]) -> int:
    """A micro-batch that ends an update, marked (step), is of the one just counted; another is of the next."""
    return int(said["own_step"].replace(",", "")) - bool(said["own_end"])


DIALECT = Dialect(
    NAME,
    (
        Kind(
            "| loss train:",
            re.compile(
                rf"\| iter (?P<micro_batches>{WHOLE}) step (?P<own_step>{WHOLE}) ?\| loss train: (?P<loss>{NUMBER}), "
                rf"val: (?:[^|]{{0,40}}) \| iter time: [\d.]+ ms(?P<own_end> \(step\))?"
            ),
            place=_update,
        ),
        Kind("val loss", re.compile(rf"\biter {WHOLE}: val loss (?P<validation_loss>{NUMBER}), val time"), names=False),
        Kind("Resuming training from", re.compile("Resuming training from "), begins=True, names=False),
    ),
    notes=(
        "litgpt's iter is a micro-batch: updates are counted here, from 0; the loss is that of the last of each",
        "litgpt prints no learning rate (its metrics.csv has it); its pretraining schedule counts iters, not updates",
    ),
)
recognises, read = DIALECT.recognises, DIALECT.read

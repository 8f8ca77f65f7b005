"""What Composer writes to its text file, a metric a line, and prints, a block a batch.

[metric][batch=10]: loss/train/total: 3.1234             [epoch=1][batch=10/1000]:
[metric][batch=10]: lr-DecoupledAdamW/group0: 0.0003          Train loss/train/total: 3.1234
[metric][batch=10]: metrics/eval/LanguageCrossEntropy: 3.2    Train lr-DecoupledAdamW/group0: 0.0003
"""

import re
from collections.abc import Iterator

from glidepath.logs.lines import NUMBER, WHOLE, Dialect, Kind

NAME = "Composer text"
PAIR = re.compile(rf"^ ?(?P<name>[^:\s][^:]{{0,120}}): (?P<value>{NUMBER})\s*$")
WANTED = re.compile(r"^validation_loss$|^loss|^lr-|^metrics/|grad|^time/(?:sample|token|epoch)$")
EVALUATION = {"metrics/eval/LanguageCrossEntropy": "validation_loss", "metrics/eval/CrossEntropy": "validation_loss"}


def _pair(text: str) -> Iterator[tuple[str, str]]:
    if found := PAIR.match(text):
        yield EVALUATION.get(found["name"], found["name"]), found["value"]


def _done(said: re.Match[str]) -> int:
    """The update that is done when so many batches of this epoch are."""
    epoch, batch, of = (int(said[name] or 1) for name in ("own_epoch", "own_batch", "own_of"))
    return max((epoch - 1) * of + batch - 1, 0)


DIALECT = Dialect(
    NAME,
    (
        Kind("[metric][batch=", re.compile(rf"\[metric\]\[batch=(?P<step>{WHOLE})\]:"), 0, _pair, WANTED),
        Kind(
            "[batch=",
            re.compile(r"(?:\[epoch=(?P<own_epoch>\d{1,9})\])?\[batch=(?P<own_batch>\d{1,15})/(?P<own_of>\d{1,15})\]:"),
            place=_done,
        ),
        Kind("Train ", re.compile(r"^\s+Train (?=\S)"), 0, _pair, WANTED, names=False),
        Kind("Eval ", re.compile(r"^\s+Eval (?=\S)"), 0, _pair, WANTED, names=False),
    ),
    notes=("steps counted from 0, as in the file; of what is printed batch 100 is update 99",),
)
recognises, read = DIALECT.recognises, DIALECT.read

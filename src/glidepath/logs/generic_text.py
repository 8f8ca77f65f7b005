"""Text that no other reader knows: lines with a step and a loss in words, and what else stands beside them.

step=100 loss=3.21 lr=1e-4      Epoch 1, iteration: 100/5000, loss: 3.21      [Step 100] train loss 3.21 | val loss 3.4
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from math import isfinite
from pathlib import Path

from glidepath.logs.lines import WHOLE, named
from glidepath.logs.sampling import plain_lines, sampled
from glidepath.logs.tally import Tally, spelled
from glidepath.runs.recording import Recording

NAME = "text with steps and losses"
FEWEST = 3  # lines with a step and a loss, below which a text is no log
AHEAD, IS = r"(?<![A-Za-z0-9_/])", r"(?: *[=:] *| +)"
OTHERS = ("val", "valid", "validation", "eval", "evaluation", "test", "best", "min")
OF_NO_OTHER = "".join(rf"(?<!{word}[ -])" for word in OTHERS)  # before a loss that is one of training
STEP = re.compile(
    rf"{AHEAD}(?:global[ _]step|step|iteration|iter|update|batch)s?(?: *[=:#\[(] *| +){named('step', WHOLE)}"
    rf"(?![\d.eE%])(?: */ *{named('of', WHOLE)})?",
    re.IGNORECASE,
)
EPOCH = re.compile(rf"{AHEAD}epoch(?: *[=:\[(] *| +){named('epoch')}", re.IGNORECASE)
VALUES = {
    "loss": re.compile(
        rf"{AHEAD}{OF_NO_OTHER}(?:train(?:ing)?[ _/-])?loss{IS}{named('value')}(?![\w.])", re.IGNORECASE
    ),
    "validation_loss": re.compile(
        rf"{AHEAD}(?:val|valid|validation|eval)[ _/-]loss{IS}{named('value')}(?![\w.])", re.IGNORECASE
    ),
    "lr": re.compile(rf"{AHEAD}(?:lr|learning[ _-]rate){IS}{named('value')}(?![\w.])", re.IGNORECASE),
    "grad_norm": re.compile(rf"{AHEAD}(?:grad(?:ient)?[ _-]?norm|gnorm){IS}{named('value')}(?![\w.])", re.IGNORECASE),
}
LOSSES = ("loss", "validation_loss")
AS_THEY_ARE = "read as text that no reader knows: steps are taken as they are written"
BY_EPOCH = "steps begin anew in each epoch: an epoch is taken as {0} of them"


@dataclass(frozen=True, slots=True)
class _Line:
    row: int
    step: int
    of: int | None
    values: dict[str, float | None]

    @property
    def epoch(self) -> float:
        epoch = self.values.get("epoch") or 0.0
        return epoch if isfinite(epoch) else 0.0


def recognises(path: Path, head: bytes) -> bool:
    """Three lines or more, each with a step and a loss."""
    if head.lstrip()[:1] in (b"{", b"<"):
        return False
    found = (line for line in sampled(path, head, "oss") if _line(0, line))
    return len(list(islice(found, FEWEST))) == FEWEST


def read(path: Path) -> dict[str, Recording]:
    """The one run of a log, without a name."""
    tally = Tally()
    lines = [one for row, line in plain_lines(path, tally, ["oss"]) if (one := _line(row, line))]
    length = _length(lines)
    tally.notes.extend([AS_THEY_ARE, *([BY_EPOCH.format(length)] if length else [])])
    first = min((line.epoch for line in lines), default=0.0)
    for line in lines:
        tally.add(line.row, line.step + int((line.epoch - first) * length), line.values.items())
        if line.of and not length:
            tally.settings["horizon"] = line.of
    return {"": tally.recording(path, NAME)}


def _line(row: int, line: str) -> _Line | None:
    """What a line says, None where it has no step or no loss."""
    if "oss" not in line:
        return None
    step = STEP.search(line)
    values = {name: spelled(found["value"]) for name, form in VALUES.items() if (found := form.search(line))}
    if step is None or not any(name in values for name in LOSSES):
        return None
    if found := EPOCH.search(line):
        values["epoch"] = spelled(found["epoch"])
    count, of = (int(text.replace(",", "")) if text else None for text in step.group("step", "of"))
    return _Line(row, count or 0, of, values)


def _length(lines: Sequence[_Line]) -> int:
    """Steps of an epoch where they begin anew with each, else 0: as the lines say, or at least as far as they count."""
    anew = any(later.epoch > before.epoch and later.step <= before.step for before, later in pairwise(lines))
    if not anew or any(line.epoch != int(line.epoch) for line in lines):
        return 0
    said = {line.of for line in lines}
    of = said.pop() if len(said) == 1 else None
    return of or max(line.step for line in lines) + 1

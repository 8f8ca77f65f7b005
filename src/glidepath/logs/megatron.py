"""What Megatron-LM prints: losses averaged since the line before, and the learning rate of the next update.

[2026-01-01 00:00:00] iteration 100/ 5000 | consumed samples: 25600 | ... | learning rate: 3.000000E-04 |
  global batch size: 256 | lm loss: 3.123456E+00 | loss scale: 1.0 | grad norm: 0.512 |
  number of skipped iterations: 0 | number of nan iterations: 0 |                                  (in one line)
validation loss at iteration 1000 | lm loss value: 3.0E+00 | lm loss PPL: 2.0E+01 |
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from glidepath.logs.lines import NUMBER, WHOLE, Dialect, Kind, bars
from glidepath.logs.tally import Tally
from glidepath.runs.names import SKIPPED
from glidepath.runs.recording import Column, Recording

NAME = "Megatron-LM stdout"
RATE, SKIPS = "learning rate", "number of skipped iterations"
WANTED = re.compile(r"loss|norm|num zeros|learning rate|batch size|consumed|skipped|nan iterations")
TABLE = rf"iteration +(?P<step>{WHOLE})/ *(?P<set_horizon>{WHOLE}) \|"
EVALUATION = Kind(
    "validation ",
    re.compile(
        rf"validation (?:loss|results) at iteration (?P<step>{WHOLE})(?! on test|[\d,])[^|]{{0,40}}\| "
        rf"lm[ _]loss value: (?P<validation_loss>{NUMBER})"
    ),
    names=False,
)
BEGINS = Kind(
    "successfully loaded checkpoint",
    re.compile(r"successfully loaded checkpoint from"),
    begins=True,
    names=False,
)
ARGUMENTS = (
    *("lr", "min_lr", "lr_decay_style", "lr_decay_iters", "lr_decay_samples", "lr_warmup_iters", "lr_warmup_samples"),
    *("lr_warmup_fraction", "lr_wsd_decay_iters", "global_batch_size", "seq_length", "weight_decay"),
)
ARGUMENT = Kind(
    " ....",
    re.compile("|".join(rf"(?:^|\W){name} \.{{4,}} (?P<set_{name}>\S{{1,60}})" for name in ARGUMENTS)),
    names=False,
)
NOTES = (
    "steps counted from 0: the log's iteration 100 is update 99; iterations that were skipped are counted too",
    "the learning rate of a line is that of the next update, and is placed there; losses are means since the last line",
)


def dialect(name: str, mark: str, ahead: str) -> Dialect:
    """The lines of Megatron, or of a fork of it, whose table of an iteration begins with `mark`, behind `ahead`."""
    table = Kind(mark, re.compile(rf"{ahead}{TABLE}"), pairs=bars, wanted=WANTED)
    return Dialect(name, (table, EVALUATION, BEGINS, ARGUMENT), notes=NOTES, later=(RATE,))


DIALECT = dialect(NAME, "iteration ", r"(?<!\| )")
recognises = DIALECT.recognises


def read(path: Path) -> dict[str, Recording]:
    """The one run of a log, without a name."""
    return {"": skips_summed(DIALECT, DIALECT.tally(path), path)}


def skips_summed(dialect: Dialect, tally: Tally, path: Path) -> Recording:
    """The recording, its skipped iterations counted from the first on instead of since the line before."""
    batch, length = tally.settings.get("global_batch_size"), tally.settings.get("seq_length")
    if isinstance(batch, int) and isinstance(length, int):
        tally.settings["tokens_per_step"] = batch * length
    made = dialect.recording(tally, path)
    columns = dict(made.columns)
    if (skips := columns.pop(SKIPS, None)) is not None:
        columns[SKIPPED] = Column(skips.steps, np.cumsum(skips.values), rows=skips.rows)
    return replace(made, columns=columns)

"""What fairseq prints with --log-format json: all values are texts, the losses in bits.

... | INFO | train_inner | {"epoch": 1, "update": 0.1, "loss": "8.1", "num_updates": "200", "lr": "1e-05"}
... | INFO | valid | {"epoch": 1, "valid_loss": "7.9", "valid_num_updates": "1000"}
"""

from pathlib import Path

from glidepath.logs.objects import counted, numbers, objects_of
from glidepath.logs.sampling import sampled
from glidepath.logs.tally import Tally
from glidepath.runs.recording import Recording

NAME = "fairseq JSON log"
INNER, EPOCH, VALID = "train_inner | {", "train | {", "valid | {"
COUNTS = ("num_updates", "valid_num_updates", "train_num_updates")
NOTES = (
    "steps counted from 0: the log's num_updates 100 is update 99",
    "losses are in bits, as fairseq prints them: times 0.693 they are nats",
    "the learning rate of a row is that of the next update, and is placed there",
)


def recognises(path: Path, head: bytes) -> bool:
    """A line with the name of fairseq's table before its object."""
    lines = sampled(path, head, "num_updates")
    return any(mark in line for line in lines for mark in (INNER, EPOCH, VALID))


def read(path: Path) -> dict[str, Recording]:
    """The one run of a log, without a name; the means of a whole epoch keep their names, train_..."""
    tally = Tally()
    for row, words, table in objects_of(path, tally):
        step = next((step for name in COUNTS if (step := counted(table, name)) is not None), None)
        if step is None or not words.endswith(("train_inner | ", "train | ", "valid | ")):
            continue
        values = numbers(table, "update", *COUNTS)
        tally.add(row, max(step - 1, 0), values)
    return {"": tally.recording(path, NAME, notes=NOTES, later=("lr", "train_lr"))}

"""The metrics.json of detectron2, one JSON object a line, which counts iterations from 0.

{"data_time": 0.002, "iteration": 19, "lr": 0.00038, "loss_cls": 1.1, "time": 0.2, "total_loss": 2.3}
{"bbox/AP": 33.1, "iteration": 4999}
"""

from pathlib import Path

from glidepath.logs.objects import counted, holds, numbers, objects_of
from glidepath.logs.tally import Tally
from glidepath.runs.recording import Recording

NAME = "detectron2 metrics.json"
NOTES = (
    "losses are medians over the last 20 iterations, as detectron2 smooths them; the learning rate is not smoothed",
)


def recognises(path: Path, head: bytes) -> bool:
    """Objects with an iteration, its loss and its times."""
    return holds(path, head, "iteration", "total_loss", "data_time") or holds(
        path, head, "iteration", "loss", "data_time"
    )


def read(path: Path) -> dict[str, Recording]:
    """The one run of a log, without a name."""
    tally = Tally()
    for row, _, table in objects_of(path, tally):
        if (step := counted(table, "iteration")) is not None:
            tally.add(row, step, numbers(table, "iteration", "eta_seconds"))
    return {"": tally.recording(path, NAME, notes=NOTES)}

"""Runs of real small trainings with one known fault each, to hold a diagnosis against; some have none.

    run, truth = faulty_run("teacher-adam", "bad batch", 3)

The same problem, fault and seed give the same run. `problems_of(fault)` are those that a fault is made with. A file of
`save` is one compressed `.npz` without pickle: `steps/NAME` and `values/NAME` of each curve, `segments`, and `about`,
a JSON text with `settings`, `name` and `truth`; `load(path)` reads it in milliseconds.
"""

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.random import Generator

from glidepath.errors import LabError, nearest
from glidepath.lab import recipe_faults, schedule_faults, training_faults
from glidepath.lab.expectations import EXPECTED
from glidepath.lab.injected import Injection, Setting, bound, trained
from glidepath.lab.problems import PROBLEMS
from glidepath.lab.schedule_faults import Made
from glidepath.lab.traces import interval, leaves_trace, stayed_away
from glidepath.runs.curve import Curve
from glidepath.runs.names import LOSS, NORM
from glidepath.runs.run import Run
from glidepath.schedules.schedule import Schedule

TRIES = 8  # settings drawn until the fault leaves a trace in the log
FEWEST = 300  # updates of a run
KEPT = "fault", "begin", "plan", "steps", "peak"  # of a truth in a file; what may be said of it is in `EXPECTED`

MADE = {  # each by the function of its name
    training_faults: (
        "clean",
        "slow divergence",
        "bad batch",
        "bad batches",
        "harmless spike",
        "lost state",
        "data seam",
        "scale collapse",
        "stall",
        "overfit",
        "not finite",
    ),
    recipe_faults: (
        "divergence",
        "peak too high",
        "peak too low",
        "short warmup",
        "long warmup",
        "early decay",
        "late decay",
        "missing decay",
        "high floor",
        "underfit",
        "slow weight decay",
    ),
    schedule_faults: (
        "fast ticks",
        "slow ticks",
        "epoch ticks",
        "zero start",
        "peak not reached",
        "rise after end",
        "negative rate",
        "frozen rate",
        "seam",
        "other horizon",
        "unfinished decay",
        "unscheduled group",
        "other peak",
    ),
}
FAULTS: Mapping[str, Callable[[Setting, Generator], Made]] = MappingProxyType(
    {fault: getattr(room, fault.replace(" ", "_")) for room, faults in MADE.items() for fault in faults}
)


@dataclass(frozen=True, slots=True)
class Truth:
    """What is wrong with a run: the fault, and what a diagnosis may say of it.

    `kinds` are the findings of which one is right, where it begins at an update from `first` to `last`; `begin` is
    where the fault does. `tolerated` kinds follow from the fault and are no false alarm. `note` where a note is
    enough, `quiet` where more than a note is a false alarm. `plan` is the recipe that was asked for, over `steps`
    updates at `peak`.
    """

    fault: str
    kinds: tuple[str, ...]
    tolerated: tuple[str, ...]
    begin: int
    first: int
    last: int
    note: bool
    quiet: bool
    plan: str
    steps: int
    peak: float

    def schedule(self) -> Schedule:
        """The plan as a value."""
        return bound(self.plan, self.steps, self.peak)


ONLY = {  # problems that a fault can be seen on; all where it is not named
    "peak too high": ("teacher-sgd", "teacher-adam", "characters", "autoencoder"),
    "peak too low": ("teacher-sgd", "teacher-adam", "digits", "characters"),
    "underfit": ("teacher-sgd", "teacher-adam", "digits", "characters"),
    "lost state": ("teacher-adam", "autoencoder"),
    "scale collapse": ("teacher-adam", "characters", "autoencoder", "teacher-sgd"),
    "short warmup": ("teacher-sgd", "autoencoder"),
    "slow weight decay": ("characters", "autoencoder"),
    "overfit": ("teacher-sgd", "teacher-adam", "characters"),
    "negative rate": ("teacher-sgd", "digits", "teacher-adam"),
}
MENDED = {"short warmup": recipe_faults.with_a_warmup}  # what takes the fault away, and with it its trace


def problems_of(fault: str) -> tuple[str, ...]:
    """The problems that a fault is made with; raises LabError for an unknown one."""
    if fault not in FAULTS:
        raise LabError(f"expected a fault, got {fault!r}: {nearest(fault, FAULTS)}")
    return ONLY.get(fault, tuple(PROBLEMS))


def faulty_run(problem: str, fault: str, seed: int, *, longest: int | None = None) -> tuple[Run, Truth]:
    """A training of a problem with a fault in it, and the truth about it; drawn anew until its log shows a trace.

    Its updates are drawn up to `longest`, which is the problem's own where none is given.
    Raises LabError for an unknown problem or fault, and for a fault that the problem never shows.
    """
    if problem not in problems_of(fault):
        raise LabError(f"expected a problem for {fault!r}, got {problem!r}: {nearest(problem, problems_of(fault))}")
    for attempt in range(TRIES):
        draw = np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(f"{problem}/{fault}/{attempt}".encode())]))
        setting, injection, begin = FAULTS[fault](drawn(problem, seed, draw, longest), draw)
        run, raw = trained(setting, injection)
        if leaves_trace(fault, run, raw[LOSS], begin) and not _is_another(fault, setting, begin):
            return run, truth_of(run, fault, begin, setting.recipe, setting.steps, setting.peak)
    raise LabError(f"expected a trace of {fault!r} in {problem!r} at seed {seed}, got none in {TRIES} tries")


def _is_another(fault: str, setting: Setting, begin: int) -> bool:
    """Whether its trace is still there without the fault."""
    if fault not in MENDED:
        return False
    run, raw = trained(MENDED[fault](setting), Injection())
    return leaves_trace(fault, run, raw[LOSS], begin)


def drawn(problem: str, seed: int, draw: Generator, longest: int | None = None) -> Setting:
    """A healthy training, and how it is logged."""
    most = longest or PROBLEMS[problem]().longest
    steps = int(draw.integers(min(FEWEST, most * 3 // 4), most + 1))
    every = int(
        draw.choice([1, 5, 10] if steps >= 600 else [1, 5], p=[0.5, 0.25, 0.25] if steps >= 600 else [0.6, 0.4])
    )
    return Setting(
        problem,
        seed,
        steps,
        PROBLEMS[problem]().peak * float(draw.uniform(0.6, 1.4)),
        "warmup(5%) >> cosine()",
        decay=float(draw.choice([0.0, 0.1])) if PROBLEMS[problem]().family == "adamw" else 0.0,
        every=every,
        windowed=bool(draw.random() < 0.5),
        norms=bool(draw.random() < 0.7),
        measured=int(draw.choice([0, steps // 10, steps // 20])),
        half=bool(draw.random() < 0.15),
        growth=int(draw.choice([50, 200, 2_000])),
    )


def truth_of(run: Run, fault: str, begin: int, plan: str, steps: int, peak: float) -> Truth:
    """What may be said of a run with a fault that begins at an update, as `EXPECTED` has it."""
    expected, rows = EXPECTED[fault], interval(run[LOSS])
    first, last = begin - 2 * rows, begin + int(expected.late * steps) + 3 * rows
    if expected.anywhere:
        first, last = 0, steps
    if fault == "divergence":
        first = 0  # the peak is too high from somewhere in the warmup on
    unheard = NORM not in run.curves or begin not in run[NORM].steps
    kinds = expected.kinds + (expected.if_stays if stayed_away(run, begin) else expected.if_back)
    note = expected.note or (expected.batch and unheard)
    return Truth(fault, kinds, expected.tolerated, begin, first, last, note, expected.quiet, plan, steps, peak)


def save(path: Path, run: Run, truth: Truth) -> None:
    """Write a run and its truth as one file of numbers and JSON."""
    about = {"settings": dict(run.settings), "name": run.name, "truth": {name: getattr(truth, name) for name in KEPT}}
    arrays: dict[str, Any] = {f"steps/{name}": curve.steps for name, curve in run.curves.items()}
    arrays |= {f"values/{name}": curve.values for name, curve in run.curves.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".partial.npz")
    np.savez_compressed(beside, segments=np.array(run.segments), about=np.array(json.dumps(about)), **arrays)
    beside.replace(path)


def load(path: Path) -> tuple[Run, Truth]:
    """Read a file of `save`."""
    with np.load(path, allow_pickle=False) as found:
        about = json.loads(str(found["about"]))
        names = [name.removeprefix("steps/") for name in found.files if name.startswith("steps/")]
        curves = {name: Curve(name, found[f"steps/{name}"], found[f"values/{name}"]) for name in names}
        segments = tuple(found["segments"].tolist())
    run = Run(curves, segments, about["settings"], name=about["name"])
    return run, truth_of(run, *(about["truth"][name] for name in KEPT))

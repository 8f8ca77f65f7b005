"""One workload under several schedules at one peak: which part of a schedule earns what.

Everything lies in one folder, written whole or not at all, so that a comparison killed at any moment goes on
where it was: `settings.json`, `probe.jsonl` or `range_test.json`, and a folder for each training.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from glidepath.errors import JournalError, LabError
from glidepath.finder.probe import SHORTEST
from glidepath.finder.suggestion import Suggestion, Sweep
from glidepath.lab.training import BETAS, Progress, Training, Workload, find_peak, probe_peak
from glidepath.runs.curve import Curve
from glidepath.runs.journal import read_journal
from glidepath.runs.run import Run
from glidepath.schedules.recipes import cosine, hold, steps, warmup
from glidepath.schedules.schedule import Recipe, Schedule

WARMUP_SHARE, LONGEST_WARMUP = 0.02, 0.1  # of the horizon
# What another seed changes in the final loss of a character GPT of this size near its best learning rate, in
# nats: the spread over seeds of sweeps of whole trainings. A smaller difference says nothing.
SEED_NOISE = 0.03


def choose(horizon: int) -> Recipe:
    """The modern default for a training of this many steps: a warmup, then a cosine to a tenth of the peak.

    The warmup is 2 % of the horizon, or 2/(1-beta2) steps where that is more (Ma and Yarats 2019, arXiv
    1910.04209), but never above a tenth of it.

    >>> choose(1_000)
    warmup(40) >> cosine(to=0.1)
    """
    untuned = round(2 / (1 - BETAS[1]))
    return warmup(min(max(round(WARMUP_SHARE * horizon), untuned), round(LONGEST_WARMUP * horizon))) >> cosine(to=0.1)


def contenders(recipe: Recipe) -> dict[str, Recipe]:
    """The recipe, and the habits that it is to be better than."""
    return {"found": recipe, "no warmup": cosine(to=0.1), "constant": hold(), "step decay": steps("30%")}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A workload, the steps of each training and of the range test, the folder and the device."""

    workload: Workload
    steps: int
    sweep: int
    folder: Path
    device: str

    def begin(self) -> None:
        """Make the folder; raises LabError where it holds another comparison."""
        path, asked = self.folder / "settings.json", self.settings()
        if path.exists():
            stored = read_plain(path)
            changed = [name for name in asked if stored.get(name) != asked[name]]
            if changed:
                was = ", ".join(f"{name} {stored.get(name)!r}, not {asked[name]!r}" for name in changed)
                raise LabError(f"{self.folder}: expected the same settings, got a folder made with {was}: start over")
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        write_plain(path, asked)

    def settings(self) -> dict[str, Any]:
        """What makes this comparison what it is."""
        return {"steps": self.steps, "sweep": self.sweep, "device": self.device, **self.workload.settings()}

    @property
    def probes(self) -> bool:
        """Whether the trainings are long enough for a probe; else a range test finds the peak."""
        return self.steps >= SHORTEST

    def find(self, told: Callable[[int, str], None]) -> Suggestion:
        """The peak, from where the search was; `told(updates done, what was seen)` hears of it."""
        if not self.probes:
            return self._range_test(told)
        return probe_peak(
            self.workload,
            choose(self.steps).over(self.steps, peak=1.0),
            record=self.folder / "probe.jsonl",
            device=self.device,
            told=lambda trial, cost: told(cost, f"{trial.steps} steps at {trial.lr:.2g}: loss {trial.loss:.3f}"),
        )

    def _range_test(self, told: Callable[[int, str], None]) -> Suggestion:
        path = self.folder / "range_test.json"
        if not path.exists():
            found = find_peak(
                self.workload,
                steps=self.sweep,
                device=self.device,
                told=lambda index, lr, loss: told(index + 1, f"loss {loss:.3f}  lr {lr:.2g}"),
            )
            write_plain(path, asdict(found) | {"evidence": [_plain(s) for s in found.evidence if isinstance(s, Sweep)]})
        stored = read_plain(path)
        try:
            sweeps = tuple(_sweep(plain) for plain in stored["evidence"])
            return Suggestion(**(stored | {"reasons": tuple(stored["reasons"]), "evidence": sweeps}))
        except (LookupError, TypeError, AttributeError, JournalError) as error:
            raise LabError(f"{path}: expected a range test, got something else: remove it to start over") from error

    def schedules(self, peak: float) -> dict[str, Schedule]:
        """Every contender over the same steps and the same peak."""
        return {name: r.over(self.steps, peak=peak) for name, r in contenders(choose(self.steps)).items()}

    def train(self, name: str, schedule: Schedule) -> Iterator[Progress]:
        """One training, from where it was."""
        yield from Training(self.workload, schedule, self._folder_of(name), device=self.device)

    def run(self, name: str) -> Run:
        """What a training recorded."""
        return read_journal(self._folder_of(name) / "journal.jsonl")

    def _folder_of(self, name: str) -> Path:
        return self.folder / "runs" / name.replace(" ", "-")


def _plain(sweep: Sweep) -> dict[str, dict[str, Any]]:
    curves = {"lrs": sweep.lrs, "losses": sweep.losses, "smoothed": sweep.smoothed}
    return {
        part: {"name": curve.name, "steps": curve.steps.tolist(), "values": curve.values.tolist()}
        for part, curve in curves.items()
    }


def _sweep(plain: Mapping[str, Mapping[str, Any]]) -> Sweep:
    return Sweep(**{part: Curve(**curve) for part, curve in plain.items()})


def write_plain(path: Path, value: Mapping[str, Any]) -> None:
    """JSON in a file, written beside it and put in its place whole."""
    beside = path.with_suffix(".partial")
    beside.write_text(json.dumps(value), encoding="utf-8")
    beside.replace(path)


def read_plain(path: Path) -> dict[str, Any]:
    """The table in a JSON file; raises LabError for anything else."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise LabError(f"{path}: expected a JSON table, got something else: remove it to start over")
    return value


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one training ended."""

    name: str
    recipe: str
    final: float  # the last validation loss, nats per character
    best: float
    largest_norm: float  # of the gradient, before clipping, behind the first tenth


def outcome(name: str, recipe: str, run: Run) -> Outcome:
    """The outcome of a finished training."""
    measured, norms = run["validation_loss"].values, run["grad_norm"].values
    return Outcome(name, recipe, float(measured[-1]), float(measured.min()), float(norms[norms.size // 10 :].max()))


def verdict(outcomes: Mapping[str, Outcome]) -> list[str]:
    """What the final losses say of the warmup and of the decay, with the noise that they are to be held against."""
    found = outcomes["found"].final
    compared = {
        "the warmup": outcomes["no warmup"].final - found,
        "the decay": outcomes["constant"].final - found,
        "the cosine instead of steps": outcomes["step decay"].final - found,
    }
    sentences = [_says(what, gain) for what, gain in compared.items()]
    if compared["the decay"] < SEED_NOISE:
        sentences.append("A constant rate that does as well says that the peak could be higher, or the run longer.")
    return [*sentences, f"One seed each: another seed changes a final loss by up to {SEED_NOISE} here."]


def _says(what: str, gain: float) -> str:
    size = f"{abs(gain):.3f} nats per character"
    if abs(gain) >= SEED_NOISE:
        return f"{what.capitalize()} {'earned' if gain > 0 else 'cost'} {size}."
    side = "lower" if gain > 0 else "higher"
    return f"{what.capitalize()} made no difference beyond the noise ({size} {side} with it)."

"""What the tests of commands about runs share: logs of small runs, and a command called within this process."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import glidepath as gp
from glidepath.cli import main

STEPS, PEAK, CUT = 2_000, 1e-3, 1_240
SCHEDULE = (gp.warmup("2%") >> gp.cosine(to=0.1)).over(STEPS, peak=PEAK)


class Answer(NamedTuple):
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """What it answered, in strict JSON."""
        return json.loads(self.stdout, parse_constant=pytest.fail)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """`glidepath ...` in this process."""
    monkeypatch.setattr(main, "_yield_to_the_shell", lambda: None)

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["glidepath", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main.main()
        return Answer(int(ended.value.code or 0), *capsys.readouterr())

    return call


def losses(steps: int = STEPS, *, seed: int = 0) -> np.ndarray:
    """A loss that falls as a power of the step, with its noise."""
    at = np.arange(steps)
    return 2.5 + 12 * (at + 60.0) ** -0.4 - 0.1 * at / steps + np.random.default_rng(seed).normal(0, 0.02, steps)


def written(path: Path, lrs: np.ndarray, loss: np.ndarray, **more: np.ndarray) -> Path:
    """A CSV of a run."""
    columns = {"step": np.arange(len(lrs)), "loss": loss, "lr": lrs, **more}
    rows = "\n".join(",".join(f"{value:.9g}" for value in row) for row in zip(*columns.values(), strict=True))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{','.join(columns)}\n{rows}\n")
    return path


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A folder of three runs: clean, one that was stopped in its decay, one that diverged."""
    rate = SCHEDULE(np.arange(STEPS))
    folder = tmp_path / "logs"
    written(folder / "clean.csv", rate, losses())
    written(folder / "cut.csv", rate[:CUT], losses(CUT, seed=1))
    rising = np.clip(np.arange(STEPS) - 1_300, 0, None) / 140
    written(folder / "diverged.csv", rate, losses(seed=2) + rising)
    return folder

"""A long run is heard from afar: what it is said of is what is said of it row by row."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from glidepath.diagnosis import hearing
from glidepath.diagnosis.diagnosing import diagnose
from glidepath.diagnosis.distant import WINDOWS, windowed
from glidepath.diagnosis.hearing import hear
from glidepath.runs.curve import Curve
from glidepath.runs.run import Run
from glidepath.schedules.text import parse

Series = NDArray[np.float64]
ROWS = 30_000  # heard row by row within half a second; whatever the rows, the windows are made alike
STEPS = np.arange(ROWS)
RATES = parse("warmup(2%) >> hold() >> decay(20%)").over(ROWS, peak=1e-3)(STEPS)
FALL = 2 + 6 * np.arange(1, ROWS + 1) ** -0.3
AT = 18_000  # of the faults
PLACES = [8_000, 15_000, 22_000]  # of the spikes
BLOCK, SLOW = 200, 1_500  # rows by which the begins of what is fast and of what creeps may differ

NOISES: dict[str, Callable[[np.random.Generator, int], Series]] = {
    "normal": lambda draw, rows: 0.05 * draw.normal(size=rows),
    "heavy": lambda draw, rows: 0.04 * draw.standard_t(3, size=rows),
}


def clean(losses: Series, norms: Series) -> None:
    """Nothing."""


def divergence(losses: Series, norms: Series) -> None:  # noqa: ARG001 - as the others
    losses[AT:] += 2 * (1 - np.exp(-np.arange(ROWS - AT) / 200))


def drift(losses: Series, norms: Series) -> None:  # noqa: ARG001 - as the others
    losses[AT:] += np.linspace(0, 1.5, ROWS - AT)


def spikes(losses: Series, norms: Series) -> None:
    for place in PLACES:
        losses[place : place + 2] += 4, 2
        norms[place] *= 20


def seam(losses: Series, norms: Series) -> None:  # noqa: ARG001 - as the others
    losses[AT:] += 1.0


def run_of(
    fault: Callable[[Series, Series], None], noise: str, *, seed: int = 0, fall: Series = FALL, norm: bool = True
) -> Run:
    draw = np.random.default_rng(seed)
    losses, norms = fall + NOISES[noise](draw, len(fall)), np.exp(0.2 * draw.normal(size=len(fall)))
    fault(losses, norms)
    curves = {"loss": losses, "lr": RATES if len(fall) == ROWS else np.full(len(fall), 1e-3)}
    curves |= {"grad_norm": norms} if norm else {}
    return Run({name: Curve(name, np.arange(len(fall)), values) for name, values in curves.items()})


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], list[list[tuple[str, int]]]]:
    """What is more than a note, heard from afar and row by row, in the order of its begin."""

    def told(run: Run) -> list[list[tuple[str, int]]]:
        answers = []
        for long in (ROWS // 2, 2 * ROWS):
            monkeypatch.setattr(hearing, "LONG", long)
            answers.append(sorted(((one.kind, one.begin) for one in diagnose(run) if one.severity != "note"), key=at))
        return answers

    return told


def at(found: tuple[str, int]) -> int:
    return found[1]


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(
    ("fault", "named", "within"),
    [
        (clean, [], 0),
        (divergence, [("divergence", AT)], BLOCK),
        (drift, [("divergence", AT)], SLOW),
        (spikes, [("spike", place) for place in PLACES], 0),
        (seam, [("data seam", AT)], 2),
    ],
)
def test_what_is_heard_from_afar_is_what_is_heard_row_by_row(
    both: Callable[[Run], list[list[tuple[str, int]]]],
    noise: str,
    fault: Callable[[Series, Series], None],
    named: list[tuple[str, int]],
    within: int,
) -> None:
    for told in both(run_of(fault, noise)):
        assert [kind for kind, _ in told] == [kind for kind, _ in named]
        for (_, found), (_, place) in zip(told, named, strict=True):
            assert abs(found - place) <= within


@pytest.mark.parametrize("noise", NOISES)
def test_without_a_gradient_norm_it_is_the_same_kinds(
    both: Callable[[Run], list[list[tuple[str, int]]]], noise: str
) -> None:
    for fault in (clean, drift, seam):
        afar, near = both(run_of(fault, noise, norm=False))
        assert [kind for kind, _ in afar] == [kind for kind, _ in near]


def test_a_run_of_a_quarter_of_a_million_rows_is_heard_from_afar() -> None:
    rows = 250_000
    assert rows > hearing.LONG
    run = run_of(spikes, "heavy", fall=2 + 6 * np.arange(1, rows + 1) ** -0.3)
    found = [one for one in diagnose(run) if one.severity != "note"]
    assert [(one.kind, one.begin, one.end) for one in found] == [("spike", place, place + 2) for place in PLACES]


@settings(max_examples=5)
@given(st.integers(0, 100), st.sampled_from([2.0**-20, 1.0, 256.0]), st.sampled_from([-8.0, 0.0, 4.0]))
def test_a_factor_and_a_constant_change_nothing_that_is_heard(seed: int, factor: float, constant: float) -> None:
    losses = FALL + NOISES["normal"](np.random.default_rng(seed), ROWS)
    divergence(losses, losses)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hearing, "LONG", 0)
        plain, moved = (hear(STEPS, one, None) for one in (losses, factor * losses + constant))
    assert [one.begin for one in moved.excursions] == [one.begin for one in plain.excursions]
    assert moved.tail.farthest == pytest.approx(plain.tail.farthest, rel=1e-4)


@given(st.integers(1, 2_000_000))
def test_windows_are_few_and_of_equal_rows(rows: int) -> None:
    size, firsts, medians = windowed(np.arange(rows), np.ones(rows))
    assert len(firsts) == len(medians) == rows // size <= WINDOWS
    assert firsts.tolist() == list(range(0, rows - size + 1, size))
    assert size == 5 or rows > WINDOWS * size // 5


def test_a_window_is_its_median_and_its_first_step() -> None:
    size, firsts, medians = windowed(np.arange(0, 24, 2), np.array([9.0, 1, 5, 3, 7, 0, 0, 0, 8, 8, 1, 1]))
    assert (size, firsts.tolist(), medians.tolist()) == (5, [0, 10], [5.0, 0.0])

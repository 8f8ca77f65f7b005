"""What is said of a run: of faults drawn by a formula, of what is healthy, and of what is hardly a run."""

import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from glidepath.diagnosis.diagnosing import CHECKS, diagnose
from glidepath.diagnosis.finding import Finding, is_alarm
from glidepath.runs.curve import Curve
from glidepath.runs.run import Run
from glidepath.schedules.text import parse

STEPS, PEAK = 600, 1e-3
Series = NDArray[np.float64]
USUAL = "warmup(5%) >> cosine(to=0.1)"


def fallen(seed: int, noise: float = 0.05, steps: int = STEPS) -> Series:
    """A healthy loss."""
    falls = 2 + 5 * np.exp(-np.arange(steps) / 8) + 2 * np.arange(1, steps + 1) ** -0.3
    return falls + noise * np.random.default_rng(seed).normal(size=steps)


def run_of(losses: Series, recipe: str = USUAL, *, segments: tuple[int, ...] = (0,), **others: Series) -> Run:
    steps = np.arange(len(losses))
    curves = {"loss": losses, "lr": parse(recipe).over(len(losses), peak=PEAK)(steps), **others}
    return Run({name: Curve(name, steps, values) for name, values in curves.items()}, segments)


def norms(seed: int, steps: int = STEPS) -> Series:
    return np.exp(0.2 * np.random.default_rng(seed + 1_000).normal(size=steps))


def of_kind(found: tuple[Finding, ...], kind: str) -> list[Finding]:
    return [one for one in found if one.kind == kind]


@pytest.mark.parametrize("recipe", [USUAL, "warmup(2%) >> linear()", "warmup(4%) >> hold() >> decay(20%)"])
@pytest.mark.parametrize("noise", [0.0, 0.02, 0.2])
@pytest.mark.parametrize("seed", range(3))
def test_a_healthy_run_gets_no_alarm(recipe: str, noise: float, seed: int) -> None:
    run = run_of(fallen(seed, noise), recipe, grad_norm=norms(seed))
    assert [one.kind for one in diagnose(run) if one.severity != "note"] == []


@pytest.mark.parametrize("moved", [lambda x: 100 * x, lambda x: x - 50, lambda x: 1e-6 * x])
def test_the_size_of_a_loss_is_no_matter(moved: Callable[[Series], Series]) -> None:
    series = fallen(0)
    series[300:] += np.linspace(0, 4, 300)
    one, other = diagnose(run_of(series)), diagnose(run_of(moved(series)))
    assert [(a.kind, a.severity, a.begin) for a in one] == [(b.kind, b.severity, b.begin) for b in other]


def lost(series: Series) -> Series:
    return series[:300].tolist() + [math.nan] * 300


def spiked(at: int = 400, height: float = 4.0) -> Series:
    series = fallen(1)
    series[at] += height
    return series


# T9 of the behaviours: the step of the fault, and what of the run tells it.
def too_high() -> Run:
    series = fallen(2)
    series[40:] += 3 * (1 - np.exp(-np.arange(STEPS - 40) / 20))
    return run_of(series)


def bad_batch() -> Run:
    norm = norms(1)
    norm[400] *= 15
    return run_of(spiked(), grad_norm=norm)


def lost_state() -> Run:
    series = fallen(3)
    series[300:] += np.exp(-np.arange(300) / 15)
    return run_of(series, segments=(0, 300))


def scale_collapse() -> Run:
    scale = 65536.0 * np.ones(STEPS)
    scale[350:] = np.maximum(65536.0 * 0.5 ** np.arange(1, 251), 1e-4)
    norm = norms(4)
    norm[350:] = math.inf
    return run_of(fallen(4), grad_norm=norm, loss_scale=scale)


def harmless() -> Run:
    return run_of(spiked(), grad_norm=norms(1))


@pytest.mark.parametrize(
    ("made", "kind", "begin", "severity"),
    [
        (too_high, "divergence", 40, "wrong"),
        (bad_batch, "spike", 400, "suspect"),
        (lost_state, "lost state", 300, "suspect"),
        (scale_collapse, "scale collapse", 350, "wrong"),
        (harmless, "spike", 400, "note"),
    ],
)
def test_triage_names_the_class_and_the_update(made: Callable[[], Run], kind: str, begin: int, severity: str) -> None:
    first = diagnose(made())[0]
    assert (first.kind, first.severity) == (kind, severity)
    assert abs(first.begin - begin) <= 12
    assert str(first.begin) in first.evidence


def test_a_bad_batch_and_a_harmless_value_have_other_causes() -> None:
    assert "batch" in diagnose(bad_batch())[0].cause
    assert "one value" in diagnose(harmless())[0].cause


def test_no_alarm_on_clean_runs_over_many_seeds() -> None:
    alarmed = [seed for seed in range(100) if is_alarm(diagnose(run_of(fallen(seed), grad_norm=norms(seed))))]
    assert len(alarmed) <= 1


def test_an_amended_recipe_is_text_that_can_be_read() -> None:
    (found,) = of_kind(diagnose(too_high()), "divergence")
    assert found.recipe is not None
    assert parse(found.recipe).peak == pytest.approx(PEAK / 2)
    assert f"{PEAK / 2:.3g}" in found.fix


def test_a_loss_that_is_no_number_any_more_is_wrong() -> None:
    found = diagnose(run_of(np.array(lost(fallen(0)))))
    assert (found[0].kind, found[0].severity, found[0].begin) == ("not finite", "wrong", 300)


def test_data_that_change_are_a_seam() -> None:
    series = fallen(5)
    series[250:] += 0.8
    (found,) = of_kind(diagnose(run_of(series, "warmup(2%) >> hold()")), "data seam")
    assert abs(found.begin - 250) <= 2


@pytest.mark.parametrize(
    ("recipe", "kind"),
    [
        ("warmup(3%) >> decay(20%) >> hold()", "early decay"),
        ("warmup(3%) >> hold() >> decay(1%)", "late decay"),
        ("warmup(3%) >> hold()", "missing decay"),
        ("warmup(3%) >> cosine(to=0.4)", "high floor"),
        ("warmup(60%) >> cosine()", "long warmup"),
    ],
)
def test_the_learning_rates_alone_tell_a_recipe_that_wastes_the_run(recipe: str, kind: str) -> None:
    found = of_kind(diagnose(run_of(fallen(0), recipe)), kind)
    assert len(found) == 1
    assert found[0].recipe is not None
    amended = parse(found[0].recipe)
    assert of_kind(diagnose(run_of(fallen(0), str(amended.recipe))), kind) == []


def test_a_run_that_is_not_over_misses_no_decay() -> None:
    run = run_of(fallen(0), "warmup(3%) >> hold()")
    assert of_kind(diagnose(run), "missing decay")
    assert not of_kind(
        diagnose(run, plan=parse("warmup(1%) >> hold() >> decay(20%)").over(2_000, peak=PEAK)), "missing decay"
    )


def test_a_peak_is_too_high_where_the_loss_waits_for_the_decay() -> None:
    series = 2 + 0.1 * np.random.default_rng(0).normal(size=STEPS)
    series[:20] += np.linspace(1, 0, 20)
    series[480:] -= np.linspace(0, 0.8, 120)
    series[480:] = 1.2 + (series[480:] - 1.2) * np.linspace(1, 0.3, 120)
    found = of_kind(diagnose(run_of(series, "warmup(3%) >> hold() >> decay(20%)")), "peak too high")
    assert [one.severity for one in found] == ["suspect"]


def test_a_peak_is_too_low_where_the_loss_is_on_its_way_at_the_end() -> None:
    series = np.linspace(5, 3, STEPS) + 0.02 * np.random.default_rng(0).normal(size=STEPS)
    found = of_kind(diagnose(run_of(series)), "peak too low")
    assert [one.severity for one in found] == ["note"]


def test_a_gradient_of_nothing_is_a_stall() -> None:
    norm = norms(0)
    norm[200:] = 0
    found = of_kind(diagnose(run_of(fallen(0), grad_norm=norm)), "stall")
    assert [(one.severity, one.begin) for one in found] == [("wrong", 200)]


def test_a_validation_loss_that_turns_is_overfit() -> None:
    steps = np.arange(19, STEPS, 20)
    measured = np.concatenate([np.linspace(4, 2.5, 12), np.linspace(2.5, 4, 18)])
    run = run_of(fallen(0))
    run = Run({**run.curves, "validation_loss": Curve("validation_loss", steps, measured)})
    assert [one.begin for one in of_kind(diagnose(run), "overfit")] == [steps[11]]


def test_too_few_points_say_nothing() -> None:
    series = fallen(0)[:29]
    series[15:] += 10
    assert diagnose(run_of(series)) == ()
    assert diagnose(Run({})) == ()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), max_size=80),
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), max_size=80),
)
def test_whatever_comes_is_answered(losses: list[float], others: list[float]) -> None:
    curves = {"loss": Curve("loss", range(len(losses)), losses)}
    curves |= {
        name: Curve(name, range(len(others)), others) for name in ("lr", "grad_norm", "loss_scale", "validation_loss")
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = diagnose(Run(curves, (0, 7)))
    assert all(0 <= one.sure <= 1 for one in found)


def test_each_check_is_in_one_table_by_the_kind_that_it_finds() -> None:
    for kind, check in CHECKS.items():
        assert kind == check.__name__.replace("_", " ").rstrip("s") or kind in ("spike", "stall")

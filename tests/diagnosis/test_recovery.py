"""The recipe is found again in what a log says of it: dense or thin, printed or exact, whole or cut short."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glidepath import cosine, decay, hold, inverse_sqrt, linear, repeat, steps, warmup
from glidepath.diagnosis.precision import exact, printed, shortest
from glidepath.diagnosis.recovery import recovered
from glidepath.schedules.schedule import Recipe

DATA = Path(__file__).parents[3] / "shared" / "data" / "lr_scheduling"
PRINTS = ("whole", "float32", "4 digits", "8 decimals")


def said(values: np.ndarray, form: str) -> np.ndarray:
    """The values as a log has them."""
    if form == "float32":
        return values.astype(np.float32).astype(np.float64)
    if form == "4 digits":
        return np.array([float(f"{value:.4g}") for value in values])
    return values.round(8) if form == "8 decimals" else values


@st.composite
def recipes(draw: st.DrawFn, horizon: int) -> Recipe:
    """What people train with: a warmup or none, a hold or none, and a decay to a floor."""
    warm = draw(st.integers(0, horizon // 4))
    rest = draw(st.integers(horizon // 4, horizon - warm))
    shape = draw(st.sampled_from(["linear", "cosine", "1-sqrt", "exponential"]))
    floor = draw(st.sampled_from([0.01, 0.1, 0.05] if shape == "exponential" else [0.0, 0.1, 0.05]))
    start = draw(st.sampled_from([None, 0.0, 0.1]))
    up = [warmup(warm, start=start)] if warm else []
    level = [hold(horizon - warm - rest)] if horizon - warm - rest else []
    parts = [*up, *level, decay(rest, to=floor, shape=shape)]
    return Recipe(tuple(part for one in parts for part in one.parts))


@settings(max_examples=25)
@given(st.data(), st.sampled_from([300, 1_000, 20_000]), st.sampled_from(PRINTS))
def test_what_is_recovered_says_the_log_within_its_residual(data: st.DataObject, horizon: int, form: str) -> None:
    schedule = data.draw(recipes(horizon)).over(horizon, peak=data.draw(st.sampled_from([3e-4, 0.1, 1.0])))
    every = data.draw(st.integers(1, horizon // 100))
    at = np.arange(data.draw(st.sampled_from([0, every - 1])), horizon, every)
    values = said(schedule(at), form)
    found = recovered(at, values)
    assert found is not None
    assert np.abs(found.schedule(at) - values).max() <= found.residual * found.schedule.peak * (1 + 1e-9)
    if form != "8 decimals":
        drawn = form == "4 digits" and found.drawn  # one in some hundred is not told by so few digits
        assert found.residual <= (1e-3 if drawn else 4 * found.open_)
        between = float(np.abs(np.diff(values)).max())  # two rows, where the peak itself was not logged
        assert found.schedule.peak == pytest.approx(schedule.peak, abs=max(0.01 * schedule.peak, between))


TEXTS = [
    (warmup(50) >> cosine(to=0.1), 1_000, 10, "warmup(50) >> decay(950, to=0.1, shape=cosine)"),
    (warmup(100) >> hold(700) >> decay(200, shape="1-sqrt"), 1_000, 7, None),
    (warmup(100, start=0) >> linear(), 1_000, 10, "warmup(100, start=0.0) >> decay(900)"),
    (warmup(100) >> inverse_sqrt(), 1_000, 10, "warmup(100) >> inverse_sqrt(900, timescale=100)"),
    (hold(), 500, 5, "hold()"),
    (steps(300, factor=0.1), 1_000, 10, "hold(300) >> hold(300, at=0.1) >> hold(300, at=0.01) >> hold(at=0.001)"),
    (decay(to=0.01, shape="exponential"), 1_000, 10, "decay(1000, to=0.01, shape=exponential)"),
    (decay(shape="polynomial", power=2), 1_000, 10, "decay(1000, shape=polynomial, power=2.0)"),
    (decay(shape="rex"), 1_000, 10, "decay(1000, shape=rex)"),
    (decay(shape="tanh"), 1_000, 10, "decay(1000, shape=tanh)"),
    (repeat(cosine(), times=2), 1_000, 10, "decay(500, shape=cosine) >> hold(0, at=1.0) >> decay(500, shape=cosine)"),
]


@pytest.mark.parametrize(("recipe", "horizon", "every", "text"), TEXTS, ids=[str(case[0]) for case in TEXTS])
def test_an_exact_log_gives_the_recipe_itself(recipe: Recipe, horizon: int, every: int, text: str | None) -> None:
    at = np.arange((every - 1) if horizon % every == 0 else 0, horizon, every)
    found = recovered(at, recipe.over(horizon, peak=3e-4)(at))
    assert found is not None
    assert str(found.schedule.recipe) == (text or str(recipe))
    assert found.residual < 1e-6
    assert found.schedule.peak == 3e-4


@pytest.mark.parametrize("form", PRINTS[:3])
def test_the_horizon_of_a_cosine_that_was_cut_short_is_told_by_its_curve(form: str) -> None:
    at = np.arange(0, 6_000, 20)
    found = recovered(at, said((warmup(500) >> cosine()).over(10_000, peak=3e-4)(at), form))
    assert found is not None
    assert found.schedule.horizon.steps == pytest.approx(10_000, rel=0.02)
    assert found.sure > 0.9


def test_a_stretch_that_is_missing_and_uneven_rows_do_no_harm() -> None:
    rng = np.random.default_rng(0)
    at = np.unique(np.concatenate([rng.choice(4_000, 200), rng.choice(np.arange(6_000, 10_000), 150), [9_999]]))
    found = recovered(at, (warmup(500) >> hold(4_500) >> linear()).over(10_000, peak=1e-3)(at))
    assert found is not None
    assert str(found.schedule.recipe) == "warmup(500) >> hold(4500) >> decay(5000)"


def test_a_curve_without_a_shape_becomes_points() -> None:
    at = np.arange(0, 1_000, 5)
    found = recovered(at, 1e-3 * (1.5 + np.sin(at / 40) * np.exp(-at / 700)))
    assert found is not None
    assert found.residual < 0.01


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0], [np.nan, np.nan, np.nan]])
def test_nothing_above_0_has_no_schedule(values: list[float]) -> None:
    assert recovered(np.arange(3), np.array(values)) is None


def test_one_row_and_two_rows_are_schedules_too() -> None:
    assert str(recovered(np.array([5]), np.array([0.1])).schedule) == "(hold()).over(6, peak=0.1)"  # type: ignore[union-attr]
    assert recovered(np.array([5, 9]), np.array([0.1, 0.2])) is not None


def test_a_long_log_is_thinned_first(limit: object) -> None:
    at = np.arange(100_000)
    with limit(3):  # type: ignore[operator]
        found = recovered(at, (warmup("1%") >> cosine(to=0.1)).over(100_000, peak=3e-4)(at))
    assert found is not None
    assert str(found.schedule) == "(warmup(1000) >> decay(99000, to=0.1, shape=cosine)).over(100000, peak=0.0003)"


def test_the_print_of_a_log_is_told_by_its_values() -> None:
    values = np.array([0.001234, 0.0009876, 0.00001])
    assert printed(values) == pytest.approx([5e-7, 5e-8, 5e-8], abs=5e-7)
    assert (printed(values * np.pi) == exact(values * np.pi)).all()


@pytest.mark.parametrize(("value", "within", "short"), [(0.29998, 1e-4, 0.3), (1_996.3, 5.0, 2_000.0), (0.0, 1.0, 0.0)])
def test_the_shortest_number_is_found(value: float, within: float, short: float) -> None:
    assert shortest(value, within) == short


def public_logs() -> list[tuple[dict[str, str], np.ndarray]]:
    """The public logs: of each the row of the index, and its (step, rate)."""
    with (DATA / "index.csv").open() as file:
        rows = list(csv.DictReader(file))
    logs = []
    for row in rows:
        with (DATA / "runs" / f"{row['run']}.csv").open() as file:
            said_ = [(float(one["iter"]), float(one["train_lr"])) for one in csv.DictReader(file) if one["train_lr"]]
        logs.append((row, np.array(said_)))
    return logs


@pytest.mark.skipif(not DATA.exists(), reason="the public logs are not here")
def test_the_schedules_of_the_public_logs_are_found_again() -> None:
    right = []
    for row, log in public_logs()[::4]:
        found = recovered(log[:, 0], log[:, 1])
        right.append(found is not None and not found.drawn and _agrees(row, str(found.schedule.recipe), found))
    assert np.mean(right) >= 0.95


def _agrees(row: dict[str, str], text: str, found: object) -> bool:
    """Kind, bounds within the 50 updates between two rows, and the peak within 1 % where its level was logged."""
    horizon, first, peak = int(row["iterations"]), int(row["first_iter"]), float(row["lr"])
    begins = found.schedule.boundaries  # type: ignore[attr-defined]
    if row["scheduler"] == "cos":
        return "cosine" in text and abs(found.schedule.peak / peak - 1) < 0.01 and abs(begins[1] - 300) <= 50  # type: ignore[attr-defined]
    share = float(row["fract_decay"] or 0)
    falls = share == 0 or min(abs(begin - horizon * (1 - share)) for begin in begins) <= 50
    kind = {"sqrt": "1-sqrt" in text or share == 0, "linear": "decay" in text or share == 0, "": True}[
        row["decay_type"]
    ]
    return kind and falls and (first > 0 or abs(found.schedule.peak / peak - 1) < 0.01)  # type: ignore[attr-defined]

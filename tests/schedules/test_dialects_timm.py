"""timm's schedulers: readings against the installed timm at random sizes, and against formulas where it is not there.

timm depends on torchvision, so that it is no requirement of ours. Where it is installed, its schedulers are imported
without the rest of it.
"""

import importlib.util
import sys
from collections.abc import Iterator
from math import sqrt, tanh
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from dialect_sizes import EXACT, PAST, spoil, wave
from hypothesis import given
from hypothesis import strategies as st

from glidepath.schedules import dialects

BASE = 0.3
FOUND = importlib.util.find_spec("timm")


@pytest.fixture(scope="module")
def timm() -> Iterator[ModuleType]:
    """timm.scheduler alone, below a module of the name that runs nothing of timm's own."""
    if FOUND is None or FOUND.submodule_search_locations is None:
        pytest.skip("timm is not installed: pip install --no-deps timm==1.0.31")
    parent = ModuleType("timm")
    parent.__path__ = list(FOUND.submodule_search_locations)
    sys.modules["timm"] = parent
    yield importlib.import_module("timm.scheduler")
    for name in [name for name in sys.modules if name.partition(".")[0] == "timm"]:
        del sys.modules[name]


def of(name: str, **fields: Any) -> Any:
    return st.tuples(st.just(name), st.fixed_dictionaries(fields))


floors = st.one_of(st.just(0.0), st.floats(0, 1))
warmups = {"warmup_t": st.integers(0, 20), "warmup_lr_init": st.floats(0, 0.5)}
prefix = {"warmup_prefix": st.booleans()}
cycles = {
    **warmups,
    **prefix,
    "t_initial": st.integers(1, 40),
    "lr_min": floors,
    "cycle_mul": st.one_of(st.just(1.0), st.floats(1.001, 3), st.sampled_from([1.5, 2.0])),
    "cycle_decay": st.one_of(st.just(1.0), st.floats(0, 1.3)),
    "cycle_limit": st.one_of(st.just(1), st.integers(0, 6)),
}
powers = st.one_of(st.just(1.0), st.floats(0.3, 3))
wsd = of(
    "WSDLRScheduler",
    **warmups,
    t_initial=st.just(30),
    decay_t=st.integers(1, 30),
    lr_min=floors,
    stable_fn=st.sampled_from(["constant", "rsqrt", "power"]),
    stable_timescale=st.one_of(st.integers(1, 50), st.floats(0.3, 50)),
    stable_power=powers,
    decay_fn=st.sampled_from(["linear", "1-sqrt", "cosine", "power", "exp"]),
    decay_power=powers,
    decay_ratio=st.floats(0.01, 0.9),
)
schedulers = st.one_of(
    of("CosineLRScheduler", **cycles, k_decay=powers),
    of("TanhLRScheduler", **cycles, lb=st.floats(-8, -1), ub=st.floats(0, 4)),
    of("PolyLRScheduler", **cycles, power=st.one_of(powers, st.just(0)), k_decay=powers),
    of(
        "StepLRScheduler",
        **warmups,
        **prefix,
        decay_t=st.one_of(st.integers(1, 30), st.floats(0.3, 30)),
        decay_rate=st.one_of(st.floats(0, 1), st.floats(1, 1.1), st.just(0)),
    ),
    of(
        "MultiStepLRScheduler",
        **warmups,
        **prefix,
        decay_t=st.lists(st.integers(0, 60), max_size=4).map(sorted),
        decay_rate=st.floats(0, 3),
    ),
    wsd,
)


def theirs(timm: ModuleType, name: str, config: dict[str, Any], count: int) -> list[Any]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler = getattr(timm, name)(optimizer, t_in_epochs=False, **config)
    values = [optimizer.param_groups[0]["lr"]]
    for step in range(1, count):
        scheduler.step_update(step)
        values.append(optimizer.param_groups[0]["lr"])
    return [value.real if isinstance(value, complex) else value for value in values]  # a root of what is below 0


@given(configured=schedulers, total=st.integers(1, 60))
def test_timm_itself_gives_these_values_three_horizons_past_the_end_too(timm, configured, total):
    name, config = configured
    expected = np.array(theirs(timm, name, config, PAST * total))
    faithful = dialects.read("timm", name, config, base_lr=BASE, horizon=total, faithful=True).schedule
    np.testing.assert_allclose(faithful(range(PAST * total)), expected, rtol=0, atol=EXACT * max(1, faithful.peak))
    mended = dialects.read("timm", name, config, base_lr=BASE, horizon=total)
    same = np.isclose(mended.schedule(range(total)), expected[:total], rtol=0, atol=EXACT * max(1, faithful.peak))
    assert same.all() or "by rounding" in mended.notes[0]


def test_every_scheduler_of_timm_is_read_or_has_a_rule(timm, complaint):
    for name in [name for name in dir(timm) if name.endswith("LRScheduler")]:
        if name == "PlateauLRScheduler":
            assert "read_rule" in complaint(dialects.read, "timm", name, {})
        else:
            assert name in dialects.names("timm")


def cosine(t: int) -> float:
    return 0.1 + 0.9 * wave(min(1, t / 20))


def stepped(t: int) -> float:
    return t / 5 if t < 5 else 0.5 ** ((t - 5) // 2.5)


def hyperbolic(t: int) -> float:
    share = t / 20
    return 1.0 if t == 0 else 0.5 * (1 - tanh(-6 * (1 - share) + 3 * share)) if t < 20 else 0.0


def cooled(t: int) -> float:
    """Up, a root of which 4 is the scale, and a square fall to a tenth at step 25."""
    if t < 5:
        return t / 5
    root = max(0.1, (1 + (t - 5) / 4) ** -0.5)
    return 0.1 + (root - 0.1) * (1 - min(1, max(0, t - 17) / 8) ** 2)


WSD = {"t_initial": 20, "decay_t": 8, "lr_min": 0.1, "warmup_t": 5, "decay_fn": "power", "decay_power": 2.0}


@pytest.mark.parametrize(
    ("name", "config", "formula"),
    [
        ("CosineLRScheduler", {"t_initial": 20, "lr_min": 0.1}, cosine),
        ("CosineLRScheduler", {"t_initial": 20, "k_decay": 2.0}, lambda t: wave(min(1, (t / 20) ** 2))),
        ("TanhLRScheduler", {"t_initial": 20, "lb": -6.0}, hyperbolic),
        ("PolyLRScheduler", {"t_initial": 20}, lambda t: sqrt(max(0, 1 - t / 20))),
        ("PolyLRScheduler", {"t_initial": 20, "k_decay": 3.0}, lambda t: sqrt(max(0, 1 - (t / 20) ** 3))),
        ("StepLRScheduler", {"decay_t": 2.5, "decay_rate": 0.5, "warmup_t": 5}, stepped),
        ("MultiStepLRScheduler", {"decay_t": [3, 7], "decay_rate": 0.5}, lambda t: 0.5 ** ((t >= 2) + (t >= 6))),
        ("WSDLRScheduler", {**WSD, "stable_fn": "rsqrt", "stable_timescale": 4.0}, cooled),
    ],
)
def test_schedulers_are_their_formulas(name, config, formula):
    ours = dialects.read("timm", name, config, horizon=60).schedule
    np.testing.assert_allclose(ours(range(60)), [formula(t) for t in range(60)], rtol=0, atol=EXACT)


def test_a_cosine_reads_as_one_line_and_its_cycles_too():
    reading = dialects.read("timm", "CosineLRScheduler", {"t_initial": 20, "warmup_t": 5, "warmup_prefix": True})
    assert str(reading.schedule.recipe) == "warmup(5, start=0.0) >> decay(20, shape=cosine) >> hold()"
    cycles = {"t_initial": 20, "cycle_limit": 50_000, "lr_min": 0.1}
    long = dialects.read("timm", "CosineLRScheduler", cycles).schedule
    assert str(long.recipe).startswith("repeat(arc(20, start=1.0, to=absolute(0.1), shape=cosine), ")
    assert long([0, 20, 999_980, 999_990, 10**6]).tolist() == pytest.approx([1, 1, 1, 0.55, 0.1])


def test_a_warmup_that_overlays_the_curve_is_said_and_that_of_tanh_meets_it():
    config = {"t_initial": 20, "warmup_t": 8}
    over = dialects.read("timm", "CosineLRScheduler", config)
    assert "overlays" in over.notes[0]
    assert over.schedule([4, 8]).tolist() == pytest.approx([0.5, wave(0.4)])
    meets = dialects.read("timm", "TanhLRScheduler", config).schedule
    assert meets(4) == pytest.approx(meets(8) / 2)
    assert dialects.read("timm", "StepLRScheduler", {"decay_t": 3, "warmup_t": 8}, horizon=20).notes == ()


CYCLES = {"t_initial": 5, "cycle_limit": 9, "cycle_mul": 1.5}


@pytest.mark.parametrize(
    ("name", "config", "shown"),
    [
        ("CosineLRScheduler", {"t_initial": 10, "noise_range_t": 0}, "no random numbers"),
        ("CosineLRScheduler", {"t_initial": 0}, "at least 1"),
        ("CosineLRScheduler", {"t_initial": 10, "k_decay": 0}, "power above 0"),
        ("CosineLRScheduler", {"t_initial": 10, "warmup_prefix": 1}, "True or False"),
        ("CosineLRScheduler", {**CYCLES, "cycle_mul": 0.5}, "cycle_mul from 1"),
        ("CosineLRScheduler", {**CYCLES, "cycle_mul": 1 + 1e-12}, "lost in rounding"),
        ("CosineLRScheduler", {**CYCLES, "cycle_decay": 1e9}, "rates below"),
        ("CosineLRScheduler", {**CYCLES, "cycle_limit": 10**20}, "a horizon"),
        ("CosineLRScheduler", {**CYCLES, "cycle_mul": 1.0, "cycle_limit": 20_000, "cycle_decay": 0.5}, "10000 cycles"),
        ("TanhLRScheduler", {"t_initial": 10, "lb": 3.0}, "below ub"),
        ("TanhLRScheduler", {"t_initial": 10, "lb": -1e9}, "lb from"),
        ("PolyLRScheduler", {"t_initial": 10**9, "k_decay": 2.0}, "at most 10000 steps"),
        ("StepLRScheduler", {"decay_t": 0}, "decay_t above 0"),
        ("StepLRScheduler", {"decay_t": 1e-9, "decay_rate": 0.5}, "at most 10000 stairs"),
        ("MultiStepLRScheduler", {"decay_t": [7, 3]}, "in order"),
        ("MultiStepLRScheduler", {"decay_t": 7}, "a list"),
        ("WSDLRScheduler", {**WSD, "decay_t": 21}, "at most t_initial"),
        ("WSDLRScheduler", {**WSD, "decay_fn": "sqrt"}, "1-sqrt"),
        ("WSDLRScheduler", {**WSD, "decay_fn": len}, "a known word"),
        ("WSDLRScheduler", {**WSD, "decay_ratio": 1.0}, "between 0 and 1"),
        ("WSDLRScheduler", {**WSD, "warmup_t": 0, "stable_fn": "rsqrt"}, "a stable_timescale"),
        ("WSDLRScheduler", {**WSD, "warmup_prefix": True}, "its own fields"),
        ("PlateauLRScheduler", {}, "read_rule"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_one_sentence(complaint, name, config, shown):
    horizon = {"a horizon": None, "10000 cycles": 10**6}.get(shown, 20)
    assert shown in complaint(dialects.read, "timm", name, config, horizon=horizon)


@given(schedulers, st.data())
def test_nothing_but_our_own_errors_escapes(limit, configured, data):
    name, config = configured
    with limit(5):
        spoil(data, ("timm", name, config, lambda _: 0.0), BASE)

"""Plateau configurations of other libraries, read as rules: values that each gave, torch and optax installed."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from hypothesis import given, settings

from glidepath import GlidepathError
from glidepath.schedules.dialects import read_rule
from glidepath.schedules.dialects.rules import READERS
from glidepath.schedules.feedback import greedy, parse_rule, torch_plateau

Complaint = Callable[..., str]
GOLDEN = Path(__file__).parents[3] / "shared" / "reference" / "peers_golden.json"
PLATEAUS = ("ReduceLROnPlateau", "reduce_on_plateau")


def ours(library: str, name: str, config: dict[str, Any], metrics: list[float], base_lr: float = 1.0) -> list[float]:
    """The learning rate after each metric."""
    rule = read_rule(library, name, config, base_lr=base_lr)
    state, rates = rule.start(), []
    for step, metric in enumerate(metrics):
        state = rule.observe(state, step, metric)
        rates.append(base_lr * state.multiplier)
    return rates


def golden() -> list[Any]:
    """The recorded runs of plateaus; none where the file is missing."""
    records = json.loads(GOLDEN.read_text())["records"] if GOLDEN.is_file() else []
    return [record for record in records if record["schedule"] in PLATEAUS]


@pytest.mark.skipif(not golden(), reason=f"the recorded values of the peers are not there: {GOLDEN}")
def test_values_are_those_that_the_library_gave() -> None:
    for record in golden():
        config = {name: value for name, value in record["config"].items() if name != "metrics"}
        mine = ours(record["peer"], record["schedule"], config, record["config"]["metrics"], record["base_lr"])
        assert mine == pytest.approx(record["values"], rel=1e-12, abs=0), record


# What each library gave for these losses, run from a learning rate of 0.1: the update after which each rate holds.
LOSSES = [1.0, 0.9, 0.95, 0.92, 0.95, 0.7, 0.95, 0.95, 0.95, 0.95, 0.69, 0.95, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8]
NEGATED = [-loss for loss in LOSSES]
RECORDED: list[tuple[str, str, dict[str, Any], list[float], dict[int, float]]] = [
    # paddlepaddle 3.3.1, the second with a worse metric that counts as better
    ("paddle", "ReduceOnPlateau", {"learning_rate": 0.1, "patience": 1, "cooldown": 3, "factor": 0.5, "min_lr": 0.01},
     LOSSES, {0: 0.1, 3: 0.05, 8: 0.025, 14: 0.0125}),
    ("paddle", "ReduceOnPlateau", {"patience": 1, "factor": 0.5, "threshold": 0.2, "mode": "max"},
     NEGATED, {0: 0.1, 7: 0.05, 9: 0.025}),
    # keras 3.15.1, in float32
    ("keras", "ReduceLROnPlateau", {"patience": 1, "cooldown": 3, "factor": 0.5, "min_lr": 0.01},
     LOSSES, {0: 0.1, 2: 0.05, 6: 0.025, 9: 0.0125, 12: 0.01}),
    # transformers 5.23.0, the third with a worse metric that counts as better
    ("transformers", "reduce_lr_on_plateau", {"patience": 1, "cooldown": 3, "factor": 0.5, "threshold": 0.2},
     NEGATED, {0: 0.1}),
    ("transformers", "greedy", {"patience": 1, "factor": 0.5, "min_lr": 0.02, "max_lr": 0.3, "cooldown": 1,
                                "warmup": 2, "reset_start": 2},
     LOSSES, {0: 0.1, 1: 0.2, 7: 0.1, 12: 0.05, 15: 0.025}),
    ("transformers", "greedy", {"patience": 0, "factor": 0.5, "min_lr": 0.02, "max_lr": 0.3, "threshold": 0.2,
                                "threshold_mode": "rel", "smooth": True, "window_size": 2},
     NEGATED, {0: 0.2, 1: 0.3}),
    # timm 1.0.31, which asks for a metric that rises
    ("timm", "PlateauLRScheduler", {"patience_t": 1, "cooldown_t": 3, "decay_rate": 0.5, "lr_min": 0.03,
                                    "threshold": 0.2},
     LOSSES, {0: 0.1, 2: 0.05, 7: 0.03}),
    # mmengine 0.10.7
    ("mmengine", "ReduceOnPlateauLR", {"patience": 1, "cooldown": 3, "factor": 0.5, "min_value": 0.03,
                                       "rule": "greater", "threshold_rule": "abs"},
     NEGATED, {0: 0.1, 3: 0.05, 8: 0.03}),
    # pytorch-ignite 0.5.5
    ("ignite", "ReduceLROnPlateauScheduler", {"patience": 1, "cooldown": 3, "factor": 0.5, "threshold": 0.2,
                                              "param_group_index": 0, "min_lr": 0.03},
     LOSSES, {0: 0.1, 2: 0.05, 7: 0.03}),
]  # fmt: skip


@pytest.mark.parametrize(("library", "name", "config", "losses", "rates"), RECORDED)
def test_each_library_counts_so(
    library: str, name: str, config: dict[str, Any], losses: list[float], rates: dict[int, float]
) -> None:
    theirs = [rates[max(at for at in rates if at <= step)] for step in range(len(losses))]
    assert ours(library, name, config, losses, base_lr=0.1) == pytest.approx(theirs, rel=1e-12)


COARSE = st.integers(-8, 8).map(lambda n: n / 4)
METRICS = st.lists(COARSE | st.floats(-3, 3) | st.sampled_from([float("nan"), float("inf")]), max_size=50)
TORCH = st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from(["min", "max"]),
        "factor": st.sampled_from([0.1, 0.5, 0.9]),
        "patience": st.integers(0, 4),
        "threshold": st.sampled_from([0.0, 1e-4, 0.1]),
        "threshold_mode": st.sampled_from(["rel", "abs"]),
        "cooldown": st.integers(0, 3),
        "min_lr": st.sampled_from([0.0, 1e-5, 1e-2, 5.0]),
        "eps": st.sampled_from([0.0, 1e-8, 3e-5]),
    },
)


@settings(max_examples=200)
@given(metrics=METRICS, config=TORCH, base_lr=st.sampled_from([1.0, 0.1, 3e-4]))
def test_torch_counts_so(metrics: list[float], config: dict[str, Any], base_lr: float) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base_lr)
    scheduler, theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **config), []
    for metric in metrics:
        scheduler.step(metric)
        theirs.append(optimizer.param_groups[0]["lr"])
    assert ours("torch", "ReduceLROnPlateau", config, metrics, base_lr) == pytest.approx(theirs, rel=1e-12, abs=0)


OPTAX: list[dict[str, Any]] = [
    {},
    {"factor": 0.5, "patience": 1, "rtol": 0.1, "atol": 0.2, "cooldown": 2},
    {"factor": 0.5, "patience": 2, "rtol": 0.0, "atol": 0.1, "accumulation_size": 3, "min_scale": 0.05},
    {"patience": 3, "atol": 0.01, "accumulation_size": 2},
]


@pytest.mark.parametrize("mean", [2.0, -2.0])
@pytest.mark.parametrize("config", OPTAX)
def test_optax_counts_so(config: dict[str, Any], mean: float) -> None:
    metrics = np.random.default_rng(len(config)).normal(mean, 1.0, (5, 100))
    metrics[:, ::17] = np.nan
    with jax.enable_x64(True):
        rule = optax.contrib.reduce_on_plateau(**config)

        def one(state: Any, metric: Any) -> Any:
            state = rule.update({}, state, value=metric)[1]
            return state, state.scale

        start = rule.init({"w": jnp.zeros(1, jnp.float64)})
        scan = jax.jit(lambda row: jax.lax.scan(one, start, row)[1])
        theirs = [scan(jnp.asarray(row)).tolist() for row in metrics]
    for row, their in zip(metrics.tolist(), theirs, strict=True):
        assert ours("optax", "reduce_on_plateau", config, row) == pytest.approx(their, rel=1e-12, abs=0)


def test_a_rule_that_was_read_prints_and_is_read_again() -> None:
    rule = read_rule("torch", "ReduceLROnPlateau", {"patience": 2, "min_lr": 1e-5, "verbose": True}, base_lr=1e-3)
    assert str(rule) == "torch_plateau(patience=2, floor=0.01, eps=1e-05, faithful=True)"
    assert parse_rule(str(rule)) == rule
    assert replace(rule, faithful=False) == torch_plateau(patience=2, floor=0.01, eps=1e-5)
    read = read_rule("transformers", "greedy", {"min_lr": 1e-5, "max_lr": 1e-2}, base_lr=1e-3)
    assert read == greedy(floor=0.01, ceiling=10.0, eps=1e-5)


def test_a_least_rate_above_the_first_allows_no_cut() -> None:
    assert read_rule("torch", "ReduceLROnPlateau", {"min_lr": 2.0}).floor == 1.0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("monitor", "mode"), [("val_loss", "min"), ("val_accuracy", "max"), ("acc", "max"), ("sparse_acc", "max")]
)
def test_keras_tells_the_direction_by_the_name(monitor: str, mode: str) -> None:
    named = read_rule("keras", "ReduceLROnPlateau", {"monitor": monitor})
    assert named == read_rule("keras", "ReduceLROnPlateau", {"monitor": monitor, "mode": mode})
    assert named.mode == mode  # type: ignore[attr-defined]


WRONG: list[tuple[Any, Any, Any, Any, str]] = [
    ("tensorflow", "ReduceLROnPlateau", {}, 1.0, "expected a library that is read, got 'tensorflow'"),
    (["torch"], "ReduceLROnPlateau", {}, 1.0, "expected a library that is read"),
    ("torch", "ReduceLROnPlateu", {}, 1.0, "did you mean 'ReduceLROnPlateau'?"),
    ("torch", ["ReduceLROnPlateau"], {}, 1.0, "expected a rule of torch"),
    ("torch", "CosineAnnealingLR", {"T_max": 10}, 1.0, "expected a rule of torch, got 'CosineAnnealingLR'"),
    ("torch", "ReduceLROnPlateau", None, 1.0, "expected a table of fields, got None"),
    ("torch", "ReduceLROnPlateau", {1: 2}, 1.0, "expected a table of fields"),
    ("torch", "ReduceLROnPlateau", {"patients": 2}, 1.0, "got 'patients': did you mean 'patience'?"),
    ("torch", "ReduceLROnPlateau", {"patience": 2.5}, 1.0, "expected patience as a whole number"),
    ("torch", "ReduceLROnPlateau", {"patience": 10**400}, 1.0, "expected patience"),
    ("torch", "ReduceLROnPlateau", {"factor": 1.0}, 1.0, "torch ReduceLROnPlateau: expected factor above 0"),
    ("torch", "ReduceLROnPlateau", {"factor": 10**400}, 1.0, "expected factor as a number"),
    ("torch", "ReduceLROnPlateau", {"factor": float("nan")}, 1.0, "expected factor as a number, got nan"),
    ("torch", "ReduceLROnPlateau", {"mode": "most"}, 1.0, "expected mode as a known word"),
    ("torch", "ReduceLROnPlateau", {"min_lr": [0.1, 0.2]}, 1.0, "expected min_lr as a number, got [0.1, 0.2]"),
    ("torch", "ReduceLROnPlateau", {"threshold": 1.0}, 1.0, "expected threshold below 1"),
    ("torch", "ReduceLROnPlateau", {}, 0.0, "expected base_lr above 0"),
    ("torch", "ReduceLROnPlateau", {}, float("inf"), "expected base_lr"),
    ("torch", "ReduceLROnPlateau", {}, "0.1", "expected base_lr"),
    ("optax", "reduce_on_plateau", {"patience": 0}, 1.0, "expected patience as a whole number of at least 1"),
    ("optax", "reduce_on_plateau", {"min_scale": 2.0}, 1.0, "expected min_scale from 0 to 1, got 2.0"),
    ("optax", "reduce_on_plateau", {"threshold": 0.1}, 1.0, "got 'threshold'"),
    ("keras", "ReduceLROnPlateau", {"monitor": "f1"}, 1.0, "expected mode as 'min' or 'max', because 'f1' tells"),
    ("keras", "ReduceLROnPlateau", {"min_delta": -1.0}, 1.0, "expected min_delta from 0"),
    ("paddle", "ReduceOnPlateau", {"learning_rate": 0.0}, 1.0, "expected learning_rate above 0"),
    ("paddle", "ReduceOnPlateau", {"eps": 0.0}, 1.0, "got 'eps'"),
    ("timm", "PlateauLRScheduler", {"warmup_t": 5}, 1.0, "expected warmup_t of 0, got 5: a warmup is a schedule's"),
    ("timm", "PlateauLRScheduler", {"noise_range_t": [1, 5]}, 1.0, "a rule has no random numbers"),
    ("timm", "PlateauLRScheduler", {"threshold_mode": "abs"}, 1.0, "got 'threshold_mode'"),
    ("mmengine", "ReduceOnPlateauLR", {"begin": 5}, 1.0, "expected no begin and no end"),
    ("mmengine", "ReduceOnPlateauLR", {"end": 5}, 1.0, "expected no begin and no end"),
    ("mmengine", "ReduceOnPlateauLR", {"rule": "min"}, 1.0, "expected rule as a known word, got 'min'"),
    ("ignite", "ReduceLROnPlateauScheduler", {"min_lr": 0.1}, 1.0, "expected no min_lr, which ignite drops"),
    ("ignite", "ReduceLROnPlateauScheduler", {"min_lr": 0.1, "param_group_index": 1}, 1.0, "expected no min_lr"),
    ("transformers", "greedy", {}, 3e-4, "expected base_lr from min_lr to max_lr, which are 0.001 and 1, got 0.0003"),
    ("transformers", "greedy", {}, 2.0, "expected base_lr from min_lr to max_lr"),
    ("transformers", "greedy", {"reset_start": 0}, 1.0, "expected reset_start as a whole number of at least 1"),
    ("transformers", "greedy", {"smooth": True, "window_size": 10**6}, 1.0, "expected a window of at most"),
]  # fmt: skip


@pytest.mark.parametrize(("library", "name", "config", "base_lr", "said"), WRONG)
def test_a_configuration_that_means_no_rule_is_refused(
    complaint: Complaint, library: Any, name: Any, config: Any, base_lr: Any, said: str
) -> None:
    assert said in complaint(read_rule, library, name, config, base_lr=base_lr)


LEAVES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5)
JUNK = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))
FIELDS = ["mode", "rule", "factor", "patience", "threshold", "threshold_mode", "cooldown", "min_lr", "eps", "smooth"]
MORE = ["monitor", "window_size", "begin", "end", "warmup_t", "learning_rate", "param_group_index", "max_lr", "atol"]


@settings(max_examples=200)
@given(
    which=st.sampled_from([(library, name) for library, names in READERS.items() for name in names]),
    config=st.dictionaries(st.sampled_from([*FIELDS, *MORE]), JUNK, max_size=3),
    base_lr=st.sampled_from([1.0, 3e-4]) | JUNK,
)
def test_any_configuration_is_a_rule_or_refused(
    complaint: Complaint, which: tuple[str, str], config: dict[str, Any], base_lr: Any
) -> None:
    try:
        rule = read_rule(*which, config, base_lr=base_lr)
    except GlidepathError:
        complaint(read_rule, *which, config, base_lr=base_lr)
        return
    assert parse_rule(str(rule)) == rule

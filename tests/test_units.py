"""Amounts and horizons: tables of what is read, and a horizon compared with a loader that is really run."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from glidepath import Amount, Horizon
from glidepath.errors import AmountError
from glidepath.units import UNITS, exact, half_up, plain

Complaint = Callable[..., str]
Limit = Callable[[float], AbstractContextManager[None]]

AMOUNTS = [
    # input, value, unit, as it is written
    (2_000, 2_000, "steps", "2000"),
    (0, 0, "steps", "0"),
    (np.int32(5), 5, "steps", "5"),
    ("2000", 2_000, "steps", "2000"),
    ("2_000 steps", 2_000, "steps", "2000"),
    ("1 step", 1, "steps", "1"),
    ("100k", 100_000, "steps", "100000"),
    ("100K", 100_000, "steps", "100000"),
    ("1e3", 1_000, "steps", "1000"),
    ("1.5k", 1_500, "steps", "1500"),
    ("10%", Fraction(1, 10), "%", "10%"),
    (" 2.5 % ", Fraction(1, 40), "%", "2.5%"),
    ("0.001%", Fraction(1, 100_000), "%", "0.001%"),
    ("100%", 1, "%", "100%"),
    ("3 epochs", 3, "epochs", "3 epochs"),
    ("1 Epoch", 1, "epochs", "1 epochs"),
    (".5epochs", Fraction(1, 2), "epochs", "0.5 epochs"),
    ("1.5B tokens", 15 * 10**8, "tokens", "1.5B tokens"),
    ("1500M tokens", 15 * 10**8, "tokens", "1.5B tokens"),
    ("2T tokens", 2 * 10**12, "tokens", "2T tokens"),
    ("1e9 tokens", 10**9, "tokens", "1B tokens"),
    ("1.25k samples", 1_250, "samples", "1.25k samples"),
    ("999 samples", 999, "samples", "999 samples"),
    ("0 tokens", 0, "tokens", "0 tokens"),
]


@pytest.mark.parametrize(("given", "value", "unit", "written"), AMOUNTS)
def test_an_amount_reads_as(given: Any, value: Fraction, unit: str, written: str) -> None:
    amount = Amount.of(given)
    assert (amount.value, amount.unit, str(amount)) == (value, unit, written)
    assert Amount.of(amount) == Amount.of(written) == amount


@pytest.mark.parametrize("given", ["3 epochs", "10%", 2_000])
def test_an_amount_prints_as_the_code_that_makes_it(given: Any) -> None:
    assert repr(Amount.of(given)) == f"Amount.of({given!r})"
    assert Amount.of(given).plain == given


@given(digits=st.integers(0, 10**15), places=st.integers(0, 12), unit=st.sampled_from(list(UNITS)))
def test_a_decimal_amount_is_exact_and_reads_back(digits: int, places: int, unit: str) -> None:
    whole, rest = divmod(digits, 10**places) if unit != "steps" else (digits, 0)
    text = f"{whole}.{rest:0{places}d}{unit}" if places and unit != "steps" else f"{whole}{unit}"
    amount = Amount.of(text)
    assert amount.value == (whole + Fraction(rest, 10**places)) / (100 if unit == "%" else 1)
    assert Amount.of(str(amount)) == Amount.of(amount.plain) == amount


@pytest.mark.parametrize(
    "given", [0.1, 1.0, True, None, [], "-1", -1, "1.5", "ten", "1.5.5", "1 2", "5 %%", "1e400", 1j]
)
def test_what_is_no_amount_is_refused_with_what_to_write(complaint: Complaint, given: Any) -> None:
    complaint(Amount.of, given)


@pytest.mark.parametrize(("given", "near"), [("5 tokns", "tokens"), ("5 epoc", "epochs"), ("5 stpes", "steps")])
def test_an_unknown_unit_names_the_nearest(complaint: Complaint, given: str, near: str) -> None:
    assert f"did you mean {near!r}?" in complaint(Amount.of, given)


@pytest.mark.parametrize("value", [Fraction(1, 3), Fraction(10, 7)])
def test_an_amount_that_is_no_decimal_is_written_or_refused_but_not_for_ever(limit: Limit, value: Fraction) -> None:
    with limit(2.0):
        try:
            amount = Amount(value, "epochs")
        except AmountError:
            return
        assert Amount.of(str(amount)) == amount


@pytest.mark.parametrize(("value", "unit"), [(Fraction(1), "bananas"), (Fraction(-1), "steps"), (0.1, "%"), ("1", "%")])
def test_an_amount_that_cannot_be_is_refused_however_it_is_made(complaint: Complaint, value: Any, unit: str) -> None:
    complaint(Amount, value, unit)


ROUNDED = [
    (0, 0),
    ("1/2", 1),
    ("3/2", 2),
    ("5/2", 3),
    ("7/3", 2),
    ("8/3", 3),
    ("-1/2", 0),
    (f"{10**15 - 1}/2", 5 * 10**14),
]


@pytest.mark.parametrize(("value", "whole"), ROUNDED)
def test_halves_are_rounded_up(value: Any, whole: int) -> None:
    assert half_up(Fraction(value)) == whole


@given(value=st.fractions())
def test_rounding_moves_by_at_most_a_half(value: Fraction) -> None:
    assert -Fraction(1, 2) < half_up(value) - value <= Fraction(1, 2)


def test_a_float_is_the_decimal_that_it_prints_as() -> None:
    assert exact(0.1) == Fraction(1, 10)
    assert exact(1e22) == 10**22
    assert (plain(Fraction(7, 3)), plain(Fraction(6, 3))) == ("7/3", 2)


HORIZONS = [
    # how it is made, its steps
    ({"length": 100}, 100),
    ({"length": "100k"}, 100_000),
    ({"length": Amount.of(5)}, 5),
    ({"epochs": 3, "batches_per_epoch": 1_000, "accumulation": 8, "world_size": 4}, 96),
    ({"length": "3 epochs", "batches_per_epoch": 1_000, "accumulation": 8, "world_size": 4}, 96),
    ({"epochs": 1, "batches_per_epoch": 10, "accumulation": 4}, 3),  # 4 + 4 + a short window of 2
    ({"epochs": 2, "batches_per_epoch": 10, "accumulation": 4}, 6),
    ({"epochs": 1, "batches_per_epoch": 10, "world_size": 4}, 3),
    ({"epochs": 1, "batches_per_epoch": 10, "world_size": 4, "drop_last": True}, 2),
    ({"epochs": 1, "batches_per_epoch": 3, "accumulation": 8}, 1),
    ({"epochs": 1, "samples_per_epoch": 1_000, "batch_size": 32}, 32),
    ({"epochs": 1, "samples_per_epoch": 1_000, "batch_size": 32, "drop_last": True}, 31),
    ({"epochs": 1, "samples_per_epoch": 1_001, "batch_size": 10, "world_size": 10}, 11),
    ({"epochs": 1, "samples_per_epoch": 1_001, "batch_size": 10, "world_size": 10, "drop_last": True}, 10),
    ({"epochs": 0.5, "batches_per_epoch": 100}, 50),
    ({"epochs": 0.5, "batches_per_epoch": 5}, 3),  # 2.5 half up
    ({"epochs": "1/3", "batches_per_epoch": 300}, 100),
    ({"epochs": Fraction(7, 3), "batches_per_epoch": 3}, 7),
    ({"length": "0.25 epochs", "batches_per_epoch": 10}, 3),
    ({"length": "1M tokens", "batch_size": 8, "tokens_per_sample": 512, "accumulation": 4}, 61),
    ({"length": "1.5B tokens", "tokens_per_step": 500_000}, 3_000),
    ({"length": "1k tokens", "tokens_per_step": 0.3}, 3_333),
    ({"length": "1k samples", "batch_size": 8, "world_size": 2}, 63),  # 62.5 half up
    ({"length": "1k samples", "batch_size": 8, "accumulation": 5}, 25),
]


@pytest.mark.parametrize(("named", "steps"), HORIZONS)
def test_a_horizon_of_a_training_has_so_many_steps(named: dict[str, Any], steps: int) -> None:
    assert Horizon.of(**named).steps == steps


def run(  # a loader, a sampler and an accumulation loop as they are, item by item
    samples: int, batch_size: int, accumulation: int, world_size: int, drop_last: bool, epochs: int
) -> int:
    updates = 0
    for _ in range(epochs):
        indices = list(range(samples))
        if drop_last:
            while len(indices) % world_size:
                indices.pop()
        while len(indices) % world_size:
            indices.append(indices[0])
        mine = indices[::world_size]
        batches = [mine[begin : begin + batch_size] for begin in range(0, len(mine), batch_size)]
        if drop_last:
            batches = [batch for batch in batches if len(batch) == batch_size]
        waiting = 0
        for number, _ in enumerate(batches):
            waiting += 1
            if waiting == accumulation or number == len(batches) - 1:
                updates, waiting = updates + 1, 0
    return updates


@settings(max_examples=150)
@given(
    samples=st.integers(1, 200),
    batch_size=st.integers(1, 20),
    accumulation=st.integers(1, 9),
    world_size=st.integers(1, 8),
    drop_last=st.booleans(),
    epochs=st.integers(1, 3),
)
def test_a_horizon_counts_the_updates_of_the_loop_that_is_run(
    samples: int, batch_size: int, accumulation: int, world_size: int, drop_last: bool, epochs: int
) -> None:
    done = run(samples, batch_size, accumulation, world_size, drop_last, epochs)
    named = {"batch_size": batch_size, "accumulation": accumulation, "world_size": world_size, "drop_last": drop_last}
    if done == 0:
        with pytest.raises(AmountError, match="drop_last leaves empty"):
            Horizon.of(epochs=epochs, samples_per_epoch=samples, **named)
    else:
        horizon = Horizon.of(epochs=epochs, samples_per_epoch=samples, **named)
        assert horizon.steps == done
        assert horizon.steps_per_epoch == done // epochs
        assert horizon.samples_per_step == batch_size * accumulation * world_size


@given(
    batches=st.integers(1, 200), accumulation=st.integers(1, 9), world_size=st.integers(1, 8), drop_last=st.booleans()
)
def test_a_horizon_deals_the_batches_of_one_loader_to_the_processes(
    batches: int, accumulation: int, world_size: int, drop_last: bool
) -> None:
    done = run(batches, 1, accumulation, world_size, drop_last, 1)
    named = {"accumulation": accumulation, "world_size": world_size, "drop_last": drop_last}
    if done == 0:
        with pytest.raises(AmountError, match="drop_last leaves empty"):
            Horizon.of(epochs=1, batches_per_epoch=batches, **named)
    else:
        assert Horizon.of(epochs=1, batches_per_epoch=batches, **named).steps == done


PLACED = [
    ("2.5%", 25),
    ("0.05%", 1),
    ("0.04%", 0),
    (7, 7),
    ("3 epochs", 21),
    ("0.1M tokens", 195),
    ("100 samples", 43),
]


@pytest.mark.parametrize(("amount", "steps"), PLACED)
def test_a_horizon_places_an_amount(amount: Any, steps: int) -> None:
    horizon = Horizon(1_000, steps_per_epoch=7, tokens_per_step=512, samples_per_step="7/3")
    assert horizon.place(amount) == steps


def test_a_horizon_prints_as_the_code_that_makes_it() -> None:
    horizon = Horizon(1_000, tokens_per_step=512, samples_per_step="7/3")
    assert repr(horizon) == "Horizon(1000, samples_per_step='7/3', tokens_per_step=512)"
    assert eval(repr(horizon)) == horizon  # noqa: S307


@pytest.mark.parametrize("steps", [0, -1, 1.0, "10", True, None, [10], math.inf])
def test_a_horizon_is_a_whole_number_of_at_least_1(complaint: Complaint, steps: Any) -> None:
    complaint(Horizon, steps)


@pytest.mark.parametrize("rate", [0, -1, math.nan, math.inf, True, "x", "1/0", "", [1], 1j, b"1"])
@pytest.mark.parametrize("name", ["steps_per_epoch", "samples_per_step", "tokens_per_step"])
def test_a_rate_is_a_number_above_0(complaint: Complaint, name: str, rate: Any) -> None:
    assert name in complaint(Horizon, 10, **{name: rate})


@pytest.mark.parametrize("rate", [np.int64(5), np.float64(2.5), np.float32(0.5), Fraction(1, 3), "1e3"], ids=repr)
def test_any_number_above_0_is_a_rate(rate: Any) -> None:
    assert float(Horizon(10, tokens_per_step=rate).tokens_per_step) == float(rate)


LOADERS = [
    {},
    {"length": 10, "epochs": 3},
    {"length": 0},
    {"length": ""},
    {"length": "10%"},
    {"length": 1.5},
    {"length": "3 epochs"},
    {"length": "3 epochs", "batch_size": 8},
    {"length": "1M tokens", "batch_size": 8},
    {"length": "1M samples"},
    {"length": "0.001 epochs", "batches_per_epoch": 10},
    {"epochs": 3},
    {"epochs": 0, "batches_per_epoch": 10},
    {"epochs": -1, "batches_per_epoch": 10},
    {"epochs": math.nan, "batches_per_epoch": 10},
    {"epochs": math.inf, "batches_per_epoch": 10},
    {"epochs": "x", "batches_per_epoch": 10},
    {"epochs": "1/0", "batches_per_epoch": 10},
    {"epochs": True, "batches_per_epoch": 10},
    {"epochs": [3], "batches_per_epoch": 10},
    {"epochs": 1, "batches_per_epoch": 0},
    {"epochs": 1, "batches_per_epoch": 10.0},
    {"epochs": 1, "batches_per_epoch": True},
    {"epochs": 1, "batches_per_epoch": 10, "accumulation": 0},
    {"epochs": 1, "batches_per_epoch": 10, "world_size": -1},
    {"epochs": 1, "batches_per_epoch": 10, "accumulation": "8"},
    {"epochs": 1, "samples_per_epoch": 10},
    {"epochs": 1, "samples_per_epoch": 5, "batch_size": 10, "drop_last": True},
    {"length": "1M tokens", "batch_size": 8, "tokens_per_sample": 0},
    {"length": "1M tokens", "batch_size": 8, "tokens_per_sample": math.nan},
    {"length": "1M tokens", "batch_size": 8, "tokens_per_sample": "x"},
    {"length": "1M tokens", "batch_size": 8, "tokens_per_sample": True},
    {"length": "1M tokens", "tokens_per_step": -5},
]


@pytest.mark.parametrize("named", LOADERS, ids=repr)
def test_a_training_whose_steps_nobody_can_count_is_refused(complaint: Complaint, named: dict[str, Any]) -> None:
    complaint(Horizon.of, **named)


@pytest.mark.parametrize("epochs", ["1/3", Fraction(1, 3)])
def test_a_third_of_an_epoch_without_its_rate_is_refused_and_not_for_ever(
    complaint: Complaint, limit: Limit, epochs: Any
) -> None:
    with limit(2.0):
        assert "batches_per_epoch" in complaint(Horizon.of, epochs=epochs)


def test_numpys_whole_numbers_are_counted_in_full() -> None:
    horizon = Horizon.of(
        10, batch_size=np.int32(2**20), accumulation=np.int32(2**20), tokens_per_sample=np.int64(2**40)
    )
    assert horizon.tokens_per_step == 2**80

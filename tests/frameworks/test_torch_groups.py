"""Groups: floats are replaced, tensors are filled in place, and the ratios between groups stay."""

import random

import pytest
import torch
from driving import RECIPES, Spy, adamw, schedule_of, sgd, update

from glidepath.frameworks.torch import attach

DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]


def shares(lrs: list[float], peak: float | None) -> list[float]:
    return lrs if peak is None else [lr / max(lrs) for lr in lrs]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 16, 40])
@pytest.mark.parametrize("peak", [0.05, None])
@pytest.mark.parametrize("kind", ["floats", "tensors", "mixed"])
def test_every_group_gets_its_ratio_of_the_schedule(count, peak, kind):
    draw = random.Random(count)
    lrs = [draw.choice([0.0, 1.0, 0.1, draw.random(), 3e-4]) for _ in range(count)]
    lrs[draw.randrange(count)] = 2.5
    is_tensor = [kind == "tensors" or (kind == "mixed" and draw.random() < 0.5) for _ in lrs]
    optimizer = sgd(*(torch.tensor(lr, dtype=torch.float64) if t else lr for lr, t in zip(lrs, is_tensor, strict=True)))
    schedule = schedule_of(draw.choice(RECIPES), horizon=15, peak=peak)
    spy = Spy(optimizer)
    attach(optimizer, schedule)
    update(optimizer, 18)
    assert spy.used == [[share * schedule(step) for share in shares(lrs, peak)] for step in range(18)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", [1, 3, 4, 12])
@pytest.mark.parametrize("shape", [(), (1,)])
def test_a_tensor_is_filled_in_place_and_rounded_once(dtype, count, shape):
    tensors = [torch.full(shape, 1 / (1 + n), dtype=dtype) for n in range(count)]
    lrs = [float(tensor) for tensor in tensors]
    optimizer = sgd(*tensors)
    schedule = schedule_of(horizon=9)
    spy = Spy(optimizer)
    attach(optimizer, schedule)
    update(optimizer, 9)
    expected = [
        [torch.tensor(share * schedule(step), dtype=torch.float64).to(dtype).item() for share in shares(lrs, 0.1)]
        for step in range(9)
    ]
    assert spy.used == expected
    for group, tensor in zip(optimizer.param_groups, tensors, strict=True):
        assert group["lr"] is tensor
        assert (tensor.dtype, tensor.device.type, tuple(tensor.shape)) == (dtype, "cpu", shape)


def test_tensors_of_unlike_kinds_together():
    tensors = [torch.tensor(1.0, dtype=dtype) for dtype in DTYPES] + [torch.tensor([1.0])]
    optimizer = sgd(*tensors)
    schedule = schedule_of()
    attach(optimizer, schedule)
    update(optimizer, 3)
    assert [group["lr"].item() for group in optimizer.param_groups] == [
        torch.tensor(schedule(3), dtype=tensor.dtype).item() for tensor in tensors
    ]
    assert all(group["lr"] is tensor for group, tensor in zip(optimizer.param_groups, tensors, strict=True))


def test_a_capturable_adamw_with_a_tensor_moves_as_one_with_a_float():
    results = []
    for lr, capturable in ((1.0, False), (torch.tensor(1.0, dtype=torch.float64), False)):
        optimizer = adamw(lr, capturable=capturable, foreach=False)
        attach(optimizer, schedule_of())
        update(optimizer, 8)
        results.append(optimizer.param_groups[0]["params"][0].detach().clone())
    assert torch.equal(*results)


def test_a_user_who_puts_other_things_into_a_group_under_way():
    """A tensor for a float, another tensor, a whole number: the schedule goes on, in what is there."""
    optimizer = sgd(1.0, torch.tensor(0.5, dtype=torch.float64))
    schedule = schedule_of()
    spy = Spy(optimizer)
    attach(optimizer, schedule)
    others = [torch.tensor(9.0, dtype=torch.float64), torch.tensor(7.0, dtype=torch.float64), 3]
    for step, other in enumerate(others):
        update(optimizer)
        optimizer.param_groups[step % 2]["lr"] = other
        optimizer.param_groups[1 - step % 2]["lr"] = 1.0
        update(optimizer)
    assert spy.used[::2] == [[schedule(step), 0.5 * schedule(step)] for step in (0, 2, 4)]


@pytest.mark.parametrize("count", [1, 4])
def test_a_group_that_lies_at_0_stays_there(count):
    optimizer = sgd(*[0.0] * count, 2.0)
    schedule = schedule_of()
    spy = Spy(optimizer)
    attach(optimizer, schedule)
    update(optimizer, 12)
    assert spy.used == [[0.0] * count + [schedule(step)] for step in range(12)]


def test_without_a_peak_groups_at_0_are_no_error():
    optimizer = sgd(0.0, 0.0)
    attach(optimizer, schedule_of(peak=None))
    update(optimizer, 3)
    assert [group["lr"] for group in optimizer.param_groups] == [0.0, 0.0]

"""The range test as trainings are: accumulated, scaled, validated, over seeds, on a copy; and no trace of it."""

import random
from contextlib import suppress

import numpy as np
import pytest
import torch
from driving import Spy, loss_of, network
from driving_hashes import hashed
from torch.optim import SGD, AdamW
from torch.utils.data import DataLoader, TensorDataset

from glidepath.errors import FinderError
from glidepath.frameworks.torch import range_test

STEPS = {"low": 1e-3, "high": 1.0, "steps": 40}


def random_numbers() -> list[object]:
    return [random.getstate(), np.random.get_state(), torch.get_rng_state()]


def run(*what: object, **how: object) -> object:
    """A range test, whatever it answers."""
    with suppress(FinderError):
        return range_test(*what, **{"quiet": True, **STEPS, **how})
    return None


def losses_of(*what: object, **how: object) -> list[float]:
    told: list[float] = []
    run(*what, told=lambda _, __, loss: told.append(loss), **how)
    return told


# ---- What training does. ----


@pytest.mark.parametrize("clip", [None, 0.5])
def test_accumulated_micro_batches_are_one_large_batch(clip):
    def micro(model):
        return lambda index: loss_of(model, index, size=16)

    def whole(model):
        return lambda index: sum(loss_of(model, 4 * index + part, size=16) for part in range(4)) / 4

    found = []
    for loss, accumulation in ((micro, 4), (whole, 1)):
        model = network()
        found.append(losses_of(model, SGD(model.parameters(), 1.0), loss(model), accumulation=accumulation, clip=clip))
    assert len(found[0]) == 40
    assert found[0] == pytest.approx(found[1], rel=1e-4)


@pytest.mark.parametrize("clip", [None, 0.5])
def test_scaled_losses_are_those_that_are_not(clip):
    found = []
    for scaler in (None, torch.amp.GradScaler("cpu", init_scale=2.0**10), torch.amp.GradScaler("cpu", enabled=False)):
        model = network()
        found.append(losses_of(model, AdamW(model.parameters()), lambda i: loss_of(model, i), scaler=scaler, clip=clip))  # noqa: B023
    assert found[0] == pytest.approx(found[1], rel=1e-4)
    assert found[0] == found[2]


def test_autocast_is_the_loss_s_own_business():
    model = network()

    def loss(index):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return loss_of(model, index)

    assert len(losses_of(model, AdamW(model.parameters()), loss, scaler=torch.amp.GradScaler("cpu"))) == 40


def test_the_validation_loss_is_watched_instead_behind_each_update():
    model, seen, mode = network(), [], []
    model.train()

    def validation():
        model.eval()
        assert not torch.is_grad_enabled()
        seen.append(float(loss_of(model, 9_999)))
        return torch.tensor(seen[-1])

    def loss(index):
        mode.append(model.training)
        return loss_of(model, index)

    before = float(loss_of(model, 9_999).detach())
    told = losses_of(model, SGD(model.parameters(), 1.0), loss, validation=validation)
    assert told == seen
    assert told[0] != before
    assert all(mode)


def test_several_seeds_take_other_batches_and_other_random_numbers_from_the_same_weights():
    model = torch.nn.Sequential(network(), torch.nn.Dropout(0.5))
    optimizer, asked, drawn, first = AdamW(model.parameters()), [], [], []

    def loss(index):
        if index % 80 == 0:
            drawn.append((float(torch.rand(())), random.random(), np.random.rand()))
            first.append(hashed([parameter.detach() for parameter in model.parameters()]))
        asked.append(index)
        return loss_of(model, index, size=256)

    found = run(model, optimizer, loss, seeds=3, accumulation=2)
    sizes = [len(sweep.losses) for sweep in found.evidence]
    assert asked == [index for seed, size in enumerate(sizes) for index in range(80 * seed, 80 * seed + 2 * size)]
    assert len(set(first)) == 1
    assert all(len(set(column)) == 3 for column in zip(*drawn, strict=True))
    assert found.cost == sum(sizes)
    again = run(model, optimizer, loss, seeds=3, accumulation=2)
    assert (again.lr, again.low, again.high, again.confidence) == (found.lr, found.low, found.high, found.confidence)


def test_ratios_between_groups_are_kept_in_every_seed():
    model = network()
    groups = [{"params": model[0].parameters(), "lr": 0.3}, {"params": model[2].parameters(), "lr": 0.1}]
    optimizer = SGD(groups)
    spy = Spy(optimizer)
    run(model, optimizer, lambda index: loss_of(model, index), seeds=2)
    assert len(spy.used) > 40
    assert all(small == pytest.approx(large / 3) for large, small in spy.used)


@pytest.mark.parametrize("seeds", [1, 3, 4])
@pytest.mark.parametrize("seed", range(12))
def test_noise_is_refused_for_every_seed(seed, seeds):
    model = torch.nn.Linear(1, 1)
    draw = torch.Generator().manual_seed(seed)

    def noise(_):
        return 0.0 * model.weight.sum() + 1 + torch.rand((), generator=draw)

    with pytest.raises(FinderError, match="more than its noise"):
        range_test(model, SGD(model.parameters(), 1.0), noise, seeds=seeds, quiet=True)


# ---- What it leaves behind. ----


def drawing(model, *, breaks=None, where=25):
    """A loss that draws from every library, and breaks where it is told to."""

    def loss(index):
        if breaks and index == where:
            raise breaks
        return loss_of(model, index) + 1e-4 * (torch.rand(()) + random.random() + np.random.rand())

    return loss


ENDS = {"a normal end": None, "an exception": RuntimeError, "Ctrl-C": KeyboardInterrupt}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("copy", [False, True])
def test_no_hash_of_anything_changes(end, copy):
    model = torch.nn.Sequential(network(), torch.nn.BatchNorm1d(1), torch.nn.Dropout(0.1))
    optimizer, scaler = AdamW(model.parameters()), torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=3)
    data = TensorDataset(torch.arange(64))
    order = torch.Generator().manual_seed(5)
    loader = DataLoader(data, batch_size=4, shuffle=True, generator=order)
    training = iter(loader)
    next(training)
    scaler.scale(loss_of(model, 0)).backward()
    scaler.step(optimizer)
    scaler.update()

    def all_of_it():
        state = model.state_dict(), optimizer.state_dict(), scaler.state_dict(), order.get_state(), random_numbers()
        gradients = [parameter.grad for parameter in model.parameters()]
        return hashed(state, gradients, [module.training for module in model.modules()])

    def loss(on, batch):
        value = drawing(on)(int(batch[0].sum()))
        if ENDS[end] and len(told) == 25:
            raise ENDS[end]
        return value

    told: list[int] = []
    before = all_of_it()
    how = {"batches": loader, "scaler": scaler, "copy": copy, "clip": 1.0, "seeds": 2, "accumulation": 2}
    of = loss if copy else lambda batch: loss(model, batch)
    with pytest.raises(ENDS[end]) if ENDS[end] else suppress(FinderError):
        range_test(model, optimizer, of, told=lambda *row: told.append(row[0]), quiet=True, **STEPS, **how)
    assert len(told) >= 25
    assert all_of_it() == before
    assert len(list(training)) == 15  # of the sixteen, as if nothing had been


def test_a_scaler_is_usable_after_a_step_that_was_broken_off():
    model = network()
    optimizer, scaler = SGD(model.parameters(), 1.0), torch.amp.GradScaler("cpu", init_scale=2.0)
    hook = optimizer.register_step_pre_hook(lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        range_test(model, optimizer, lambda i: loss_of(model, i), scaler=scaler, clip=1.0, quiet=True)
    hook.remove()
    scaler.scale(loss_of(model, 0)).backward()
    scaler.unscale_(optimizer)  # which refuses a second time in one step
    scaler.step(optimizer)
    scaler.update()


def test_on_a_copy_the_model_is_not_touched_even_while_it_runs():
    model = network()
    optimizer = AdamW(model.parameters())
    before, seen = hashed(model.state_dict()), set()

    def loss(copied, index):
        assert copied is not model
        seen.add(hashed(model.state_dict()))
        return loss_of(copied, index, size=256)

    on_copy = losses_of(model, optimizer, loss, copy=True, validation=lambda copied: loss_of(copied, 9_999))
    assert seen == {before}
    in_place = losses_of(
        model, optimizer, lambda i: loss_of(model, i, size=256), validation=lambda: loss_of(model, 9_999)
    )
    assert on_copy == in_place

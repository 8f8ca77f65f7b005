"""The range test gives an answer and leaves no trace: model, optimizer and random numbers are the same bytes."""

import math
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
import torch
from driving import Spy, loss_of, network, schedule_of, update
from driving_hashes import hashed
from torch.optim import SGD, AdamW, Optimizer

from glidepath.errors import FinderError, GlidepathError
from glidepath.frameworks.torch import attach, range_test


class Reassigning(torch.nn.Module):
    """A buffer that each forward pass replaces by another tensor, as many running averages do."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.detach().mean()
        return x - self.mean


def with_everything(*, extra: torch.nn.Module | None = None) -> torch.nn.Module:
    """Buffers, random numbers, a frozen layer and a part in eval mode."""
    torch.manual_seed(3)
    model = torch.nn.Sequential(
        torch.nn.Linear(4, 8),
        torch.nn.BatchNorm1d(8),
        torch.nn.Dropout(0.2),
        extra or torch.nn.Identity(),
        torch.nn.Linear(8, 1),
        torch.nn.BatchNorm1d(1),
    )
    model[5].eval()
    model[5].weight.requires_grad_(False)
    return model


def trace(model: torch.nn.Module, optimizer: Optimizer) -> dict[str, str]:
    """A hash of everything that a range test could leave behind."""
    everything = {
        "model": model.state_dict(),
        "gradients": [parameter.grad for parameter in model.parameters()],
        "modes": [module.training for module in model.modules()],
        "optimizer": optimizer.state_dict(),
        "random numbers": torch.get_rng_state(),
        "identities": [id(tensor) for tensor in (*model.parameters(), *model.buffers())],
        "hooks": list(optimizer._optimizer_step_post_hooks.items()),
    }
    return {name: hashed(value) for name, value in everything.items()}


def noisy_loss(model: torch.nn.Module) -> Callable[[int], torch.Tensor]:
    """A loss that draws random numbers, besides those of the model's dropout."""

    def of(batch: int) -> torch.Tensor:
        model.train()
        return loss_of(model, batch) + 0.001 * torch.rand(())

    return of


def sweep(model: torch.nn.Module, optimizer: Optimizer, loss: Callable[[int], torch.Tensor], **more: object) -> None:
    """A range test for what it leaves behind, whatever it answers."""
    with suppress(FinderError):
        range_test(model, optimizer, loss, **more)


def clear_loss(model: torch.nn.Module) -> Callable[[int], torch.Tensor]:
    """The network's loss on batches so large that a sweep reads an answer from it."""
    return lambda batch: loss_of(model, batch, size=256)


OPTIMIZERS = {
    "AdamW": lambda groups: AdamW(groups, lr=0.01),
    "AdamW fused": lambda groups: AdamW(groups, lr=0.01, fused=True),
    "AdamW amsgrad, tensor lr": lambda groups: AdamW(groups, lr=torch.tensor(0.01), amsgrad=True, foreach=False),
    "SGD momentum": lambda groups: SGD(groups, lr=0.01, momentum=0.9, nesterov=True),
}


def prepared(name: str, model: torch.nn.Module, *, trained: int) -> Optimizer:
    """An optimizer in the midst of a training, gradients in place."""
    groups = [{"params": model[0].parameters()}, {"params": [p for layer in model[1:] for p in layer.parameters()]}]
    optimizer = OPTIMIZERS[name](groups)
    for batch in range(trained):
        optimizer.zero_grad()
        loss_of(model, 500 + batch).backward()
        optimizer.step()
    model[2].eval()
    return optimizer


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("trained", [0, 3])
@pytest.mark.parametrize("clip", [None, 1.0])
def test_no_trace_is_left(name, trained, clip):
    model = with_everything()
    optimizer = prepared(name, model, trained=trained)
    lrs = [group["lr"] for group in optimizer.param_groups]
    before = trace(model, optimizer)
    sweep(model, optimizer, noisy_loss(model), steps=60, low=1e-5, clip=clip)
    assert trace(model, optimizer) == before
    for group, lr in zip(optimizer.param_groups, lrs, strict=True):
        assert group["lr"] is lr or not isinstance(lr, torch.Tensor)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("where", [0, 7])
@pytest.mark.parametrize("place", ["loss", "backward", "told"])
def test_no_trace_is_left_by_what_breaks_off(error, where, place):
    model = with_everything()
    optimizer = prepared("AdamW", model, trained=3)
    attach(optimizer, schedule_of())
    loss = noisy_loss(model)

    def breaking(batch: int) -> torch.Tensor:
        value = loss(batch)
        if batch == where and place == "loss":
            raise error
        if batch == where and place == "backward":
            value.register_hook(breaks)
        return value

    def breaks(*_: object) -> None:
        raise error

    def told(index: int, lr: float, loss: float) -> None:  # noqa: ARG001 - the signature of told
        if index == where and place == "told":
            raise error

    before = trace(model, optimizer)
    with pytest.raises(error):
        range_test(model, optimizer, breaking, steps=60, told=told)
    assert trace(model, optimizer) == before


def test_a_refused_sweep_leaves_no_trace():
    model = with_everything()
    optimizer = prepared("AdamW", model, trained=3)
    before = trace(model, optimizer)
    with pytest.raises(FinderError):
        range_test(model, optimizer, noisy_loss(model), steps=5)
    assert trace(model, optimizer) == before


def test_a_buffer_that_the_model_replaces_is_put_back_too():
    model = with_everything(extra=Reassigning())
    optimizer = prepared("AdamW", model, trained=2)
    before = model[3].mean.clone()
    sweep(model, optimizer, noisy_loss(model), steps=40)
    assert torch.equal(model[3].mean, before)


def test_the_training_that_follows_is_the_one_without_a_range_test():
    runs = []
    for tested in (False, True):
        model = network()
        optimizer = AdamW(model.parameters(), lr=1.0)
        spy, scheduler = Spy(optimizer), attach(optimizer, schedule_of())
        losses = []
        for batch in range(8):
            if tested and batch in (0, 4):
                seen = len(spy.used)
                sweep(model, optimizer, clear_loss(model), steps=30)
                del spy.used[seen:]
            loss = loss_of(model, batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        runs.append((losses, spy.used, scheduler.last_epoch, [p.tolist() for p in model.parameters()]))
    assert runs[0] == runs[1]


def test_a_scheduler_attached_does_not_count_the_sweep():
    schedule = schedule_of()
    model = network()
    optimizer = AdamW(model.parameters(), lr=1.0)
    spy, scheduler = Spy(optimizer), attach(optimizer, schedule)
    loss_of(model, 0).backward()
    optimizer.step()
    sweep(model, optimizer, clear_loss(model), steps=30, low=1e-4, high=1.0)
    assert scheduler.last_epoch == 1
    swept = spy.first[1:]
    assert (len(swept), swept[0], swept[-1]) == (30, pytest.approx(1e-4), pytest.approx(1.0))
    optimizer.zero_grad()
    loss_of(model, 1).backward()
    optimizer.step()
    assert spy.first[-1] == schedule(1)
    assert scheduler.last_epoch == 2


@pytest.mark.parametrize("lrs", [(1.0, 0.1, 0.0), (0.5, 2.0, 2.0), (3e-4, 1e-5, 7e-6), (0.0, 0.0, 0.0)])
def test_ratios_between_groups_are_kept_during_the_sweep(lrs):
    model = network()
    parts = [[model[0].weight], [model[0].bias], list(model[2].parameters())]
    optimizer = SGD([{"params": part, "lr": lr} for part, lr in zip(parts, lrs, strict=True)], lr=1.0)
    spy, told = Spy(optimizer), []
    sweep(model, optimizer, clear_loss(model), steps=40, low=1e-3, told=lambda *row: told.append(row))
    shares = [lr / max(lrs) if max(lrs) else 1.0 for lr in lrs]
    assert spy.used == [[share * lr for share in shares] for _, lr, _ in told]
    assert [group["lr"] for group in optimizer.param_groups] == list(lrs)


def test_told_hears_of_every_update():
    model = network()
    optimizer = SGD(model.parameters(), lr=1.0)
    told: list[tuple[int, float, float]] = []
    answer = range_test(
        model, optimizer, clear_loss(model), steps=80, low=1e-3, high=0.5, told=lambda *row: told.append(row)
    )
    indices, lrs, losses = zip(*told, strict=True)
    assert indices == tuple(range(answer.cost))
    assert list(lrs) == answer.evidence[0].lrs.values.tolist()
    assert list(losses) == answer.evidence[0].losses.values.tolist()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_that_is_no_number_ends_the_sweep_and_is_left_out(value):
    model = network()
    optimizer = AdamW(model.parameters(), lr=1.0)
    asked = []

    def loss(batch: int) -> torch.Tensor:
        asked.append(batch)
        return loss_of(model, batch, size=256) * (value if batch == 60 else 1.0)

    answer = range_test(model, optimizer, loss, steps=100, low=1e-5, high=1.0)
    assert asked == list(range(61))
    assert answer.cost == 60
    assert all(map(math.isfinite, (answer.lr, answer.low, answer.high)))
    assert np.isfinite(answer.evidence[0].losses.values).all()


def test_an_exploding_loss_ends_the_sweep():
    model = network()
    answer = range_test(model, SGD(model.parameters(), lr=1.0), clear_loss(model), steps=200, low=1e-4, high=1e6)
    assert answer.cost < 180
    assert answer.lr < 10


def test_two_calls_give_the_same_answer():
    model = torch.nn.Sequential(network(), torch.nn.Dropout(0.05))
    optimizer = AdamW(model.parameters())
    answers = [range_test(model, optimizer, clear_loss(model), steps=100, low=1e-5) for _ in range(2)]
    (one, other) = answers
    assert (one.lr, one.low, one.high, one.cost) == (other.lr, other.low, other.high, other.cost)
    assert one.evidence[0].losses.values.tolist() == other.evidence[0].losses.values.tolist()


def quadratic(updates: int, lr: float) -> float:
    """The loss that plain gradient descent at one learning rate comes to on a quadratic of condition 20."""
    model, loss = quadratic_problem()
    optimizer = SGD(model.parameters(), lr=lr)
    for batch in range(updates):
        optimizer.zero_grad()
        loss(batch).backward()
        optimizer.step()
    return float(loss(0).detach())


def quadratic_problem() -> tuple[torch.nn.Module, Callable[[int], torch.Tensor]]:
    model = torch.nn.Linear(10, 1, bias=False)
    torch.nn.init.constant_(model.weight, 1.0)
    curvature = torch.logspace(0, math.log10(20), 10)
    return model, lambda batch: (curvature * model.weight[0] ** 2).sum() / 2  # noqa: ARG005


def teacher(updates: int, lr: float) -> float:
    model = network()
    optimizer = AdamW(model.parameters(), lr=lr)
    for batch in range(updates):
        optimizer.zero_grad()
        loss_of(model, batch).backward()
        optimizer.step()
    with torch.no_grad():
        return float(torch.stack([loss_of(model, 10_000 + batch) for batch in range(8)]).mean())


def best(final: Callable[[int, float], float], updates: int) -> float:
    """The learning rate of the smallest loss, tried one by one."""
    tried = {lr: final(updates, lr) for lr in np.geomspace(1e-4, 1.0, 13).tolist()}
    return min(tried, key=lambda lr: tried[lr] if math.isfinite(tried[lr]) else math.inf)


def test_the_answer_is_near_a_brute_force_search():
    """No more than a bound that a broken rule would miss: what the rule is worth is measured elsewhere."""
    model, loss = quadratic_problem()
    found = range_test(model, SGD(model.parameters(), lr=1.0), loss, low=1e-6, steps=150).lr
    assert 1 / 30 < found / best(quadratic, 50) < 30
    model = network()
    found = range_test(model, AdamW(model.parameters()), clear_loss(model), low=1e-6, steps=150).lr
    assert 1 / 30 < found / best(teacher, 150) < 30


@pytest.mark.parametrize("optimizer", [AdamW, SGD])
@pytest.mark.parametrize("size", [16, 64])
def test_the_answer_is_not_read_from_the_noise_of_the_first_losses(optimizer, size):
    """On noisy batches too: an answer is near the best, or there is none. The best is 0.1 for both optimizers."""
    found = []
    for seed in range(8):
        model = network()
        with suppress(FinderError):
            found.append(
                range_test(
                    model,
                    optimizer(model.parameters(), lr=1.0),
                    lambda i: loss_of(model, 1_000 * seed + i, size=size),  # noqa: B023
                ).lr
            )
    assert [lr for lr in found if not 0.1 / 30 < lr < 0.1 * 30] == []
    assert len(found) >= (6 if size == 64 else 2)


@pytest.mark.parametrize("seed", range(5))
def test_a_loss_of_noise_alone_is_refused(seed):
    model = network()
    draw = torch.Generator().manual_seed(seed)

    def noise(batch: int) -> torch.Tensor:  # noqa: ARG001
        return 0.0 * model[0].weight.sum() + 1 + torch.rand((), generator=draw)

    with pytest.raises(FinderError, match="falls by more than its noise"):
        range_test(model, AdamW(model.parameters()), noise)


@pytest.mark.parametrize(
    "wrong", [{"low": 0.0}, {"low": 1.0, "high": 0.1}, {"steps": 5}, {"steps": 10.0}, {"high": float("inf")}]
)
def test_what_is_no_range_is_refused(wrong):
    model = network()
    with pytest.raises(GlidepathError, match="expected") as refusal:
        range_test(model, AdamW(model.parameters()), clear_loss(model), **wrong)
    assert "\n" not in str(refusal.value)


def test_a_schedule_attached_to_it_afterwards_counts_from_0():
    model = network()
    optimizer = AdamW(model.parameters(), lr=1.0)
    sweep(model, optimizer, clear_loss(model), steps=30)
    spy = Spy(optimizer)
    attach(optimizer, schedule_of())
    update(optimizer, 3)
    assert spy.first == schedule_of()(range(3)).tolist()

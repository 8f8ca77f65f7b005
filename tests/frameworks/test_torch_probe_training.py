"""How the probe on a torch model trains its branches, which batches they see, and what it answers."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import driving_distributed
import driving_probe
import pytest
import torch
from driving import Spy, loss_of, network
from driving_torch_probe import CENTRE, HORIZON, SCHEDULE, plain_loss, run, trace
from torch.optim import SGD, AdamW
from torch.utils.data import DataLoader, TensorDataset

from glidepath.finder.suggestion import Trial

# ---- Batches. ----


class Seen:
    """A loss that writes down what it was given."""

    def __init__(self, model: torch.nn.Module, *, noise: float = 0.0) -> None:
        self.model, self.noise, self.batches = model, noise, list[Any]()

    def __call__(self, batch: Any) -> torch.Tensor:
        x = batch[0] if isinstance(batch, list) else None
        self.batches.append(batch if x is None else tuple(x[:, 0].tolist()))
        if x is None:
            return loss_of(self.model, batch, size=64)
        noise = self.noise * torch.randn(len(x), 1)
        return ((self.model(x) - torch.sin(x.sum(1, keepdim=True)) + noise) ** 2).mean()


def shuffled(**how: Any) -> DataLoader[Any]:
    data = torch.randn(640, 4, generator=torch.Generator().manual_seed(2))
    return DataLoader(TensorDataset(data), batch_size=32, shuffle=True, **how)


def by_trial(seen: list[Any], trials: list[Trial], accumulation: int = 1) -> Iterator[tuple[Trial, list[Any]]]:
    """What each of the trials was given."""
    begin = 0
    for trial in trials:
        end = begin + trial.cost * accumulation
        yield trial, seen[begin:end]
        begin = end
    assert begin == len(seen)


@pytest.mark.parametrize("generator", [None, 7])
@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_branches_of_one_seed_see_the_same_batches_and_the_loader_stays(generator, noise):
    made = None if generator is None else torch.Generator().manual_seed(generator)
    model, loader, told = network(), shuffled(generator=made), list[Trial]()
    optimizer, seen = AdamW(model.parameters()), Seen(model, noise=noise)
    before = trace(model, optimizer, None if made is None else made.get_state())
    run(model, optimizer, seen, batches=loader, told=lambda trial, _: told.append(trial))
    assert trace(model, optimizer, None if made is None else made.get_state()) == before
    first: dict[int, list[Any]] = {}
    for trial, batches in by_trial(seen.batches, told):
        known = first.setdefault(trial.seed, batches)
        assert all(one == other for one, other in zip(known, batches, strict=False))
    assert len(set(map(str, first.values()))) == len(first)
    assert len(set(first[0])) == len(first[0])  # one pass: no batch twice


def test_numbers_of_batches_begin_anew_for_each_branch_and_differ_between_seeds():
    model, told = network(), list[Trial]()
    seen = Seen(model)
    run(model, AdamW(model.parameters()), seen, accumulation=2, told=lambda trial, _: told.append(trial))
    starts: dict[int, int] = {}
    for trial, batches in by_trial(seen.batches, told, 2):
        assert batches == list(range(batches[0], batches[0] + 2 * trial.steps))
        assert starts.setdefault(trial.seed, batches[0]) == batches[0]
    assert starts[0] == 0


class Positioned:
    """A loader that knows its position, and goes on from it."""

    def __init__(self, count: int) -> None:
        self.count, self.position = count, 0

    def __iter__(self) -> Iterator[int]:
        while self.position < self.count:
            self.position += 1
            yield self.position
        self.position = 0

    def state_dict(self) -> dict[str, int]:
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.position = state["position"]


@pytest.mark.parametrize("centre", [None, CENTRE])
def test_a_loader_with_a_position_is_put_back_to_it(centre):
    model, loader = network(), Positioned(100)
    training = iter(loader)
    assert [next(training) for _ in range(4)] == [1, 2, 3, 4]
    seen = Seen(model)
    run(model, AdamW(model.parameters()), seen, batches=loader, centre=centre)
    assert seen.batches[0] == 5
    assert next(training) == 5


# ---- How it trains. ----


def test_ratios_between_groups_are_kept():
    model = network()
    parts = [[model[0].weight], [model[0].bias], list(model[2].parameters())]
    lrs = 1.0, 0.1, 0.5
    optimizer = AdamW([{"params": part, "lr": lr} for part, lr in zip(parts, lrs, strict=True)])
    spy, told = Spy(optimizer), list[Trial]()
    run(model, optimizer, plain_loss(model), told=lambda trial, _: told.append(trial))
    assert spy.used
    assert all(used == pytest.approx([used[0], used[0] * 0.1, used[0] * 0.5]) for used in spy.used)
    for trial, used in by_trial(spy.first, told):
        assert max(used) == pytest.approx(trial.lr, rel=0.05)
    assert [group["lr"] for group in optimizer.param_groups] == list(lrs)


def test_accumulation_is_a_larger_batch():
    found = []
    for count, size in ((1, 64), (2, 32)):
        model = network()
        loss = lambda i, model=model, count=count, size=size: parts_of(model, i, count, size)  # noqa: E731
        found.append(run(model, AdamW(model.parameters()), loss, accumulation=count))
    assert found[0] is not None
    assert found[1] is not None
    assert found[1].cost == found[0].cost
    assert found[1].lr == pytest.approx(found[0].lr, rel=0.05)


def parts_of(model: torch.nn.Module, number: int, count: int, size: int) -> torch.Tensor:
    """The loss of one of `count` pieces of a batch of 64."""
    draw = torch.Generator().manual_seed(1_000 + number // count)
    x = torch.randn(64, 4, generator=draw)[(number % count) * size :][:size]
    return ((model(x) - torch.sin(x.sum(1, keepdim=True))) ** 2).mean()


@pytest.mark.parametrize("clip", [None, 1.0])
@pytest.mark.parametrize("centre", [None, CENTRE])
def test_a_scaler_changes_no_answer_and_is_put_back(clip, centre):
    found = []
    for scaler in (None, torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=7)):
        model = network()
        optimizer = AdamW(model.parameters())
        before = trace(model, optimizer, None if scaler is None else vars(scaler))
        found.append(run(model, optimizer, plain_loss(model), scaler=scaler, clip=clip, centre=centre))
        assert trace(model, optimizer, None if scaler is None else vars(scaler)) == before
    assert found[0] is not None
    assert found[1] is not None
    assert found[1].lr == pytest.approx(found[0].lr, rel=0.05)


@pytest.mark.parametrize("centre", [None, CENTRE])
def test_a_scaler_that_has_yet_to_find_its_scale_is_waited_for(centre):
    """Its first updates overflow and are skipped, as in every training in half precision."""
    model, scaler = network(), torch.amp.GradScaler("cpu", init_scale=2.0**127)
    optimizer = AdamW(model.parameters())
    before = trace(model, optimizer, vars(scaler))
    found = run(model, optimizer, lambda i: 100 * loss_of(model, i, size=64), scaler=scaler, centre=centre)
    assert trace(model, optimizer, vars(scaler)) == before
    assert found is not None
    assert 0.003 < found.lr < 1


def test_a_validation_judges_each_branch_and_modes_stay():
    model, asked = network(), []
    optimizer = AdamW(model.parameters())
    model[1].eval()

    def validation() -> float:
        assert not torch.is_grad_enabled()
        model.eval()
        asked.append(float(loss_of(model, 10_000, size=256)))
        return asked[-1]

    before = trace(model, optimizer)
    found = run(model, optimizer, plain_loss(model), validation=validation)
    assert trace(model, optimizer) == before
    assert found is not None
    assert [trial.validation for trial in found.evidence if trial.tail] == asked


def test_branches_that_diverge_end_at_once():
    model, told = network(), list[Trial]()

    def loss(batch: int) -> torch.Tensor:
        value = loss_of(model, batch, size=64)
        return value * math.nan if value > 20 else value

    run(model, SGD(model.parameters(), lr=1.0), loss, centre=3.0, told=lambda trial, _: told.append(trial))
    diverged = [trial for trial in told if not trial.tail]
    assert diverged
    assert all(trial.cost < trial.steps for trial in diverged)


# ---- What it answers. ----


def final(lr: float) -> float:
    """What a whole run at a peak comes to."""
    model = network()
    optimizer = AdamW(model.parameters(), lr=lr)
    schedule = SCHEDULE.recipe.over(HORIZON, peak=lr)
    for batch in range(HORIZON):
        optimizer.param_groups[0]["lr"] = schedule(batch)
        optimizer.zero_grad()
        loss_of(model, batch, size=64).backward()
        optimizer.step()
    with torch.no_grad():
        return float(sum(loss_of(model, 10_000 + batch, size=256) for batch in range(4)))


@pytest.fixture(scope="module")
def tried() -> dict[float, float]:
    """Whole runs at some peaks."""
    return {lr: final(lr) for lr in (3e-3, 1e-2, 3e-2, 0.1, 0.3)}


@pytest.mark.parametrize("centre", [None, 0.01, 0.3])
def test_a_whole_run_at_the_answer_is_nearly_the_best_of_a_sweep(centre, tried):
    model = network()
    found = run(model, AdamW(model.parameters()), plain_loss(model), centre=centre)
    assert found is not None
    assert found.cost <= HORIZON / 2
    best, fallen = min(tried.values()), tried[3e-3] - min(tried.values())
    assert final(found.lr) < best + 0.1 * fallen


def test_two_calls_are_the_same_and_a_record_goes_on(tmp_path):
    model, record = network(), tmp_path / "record"
    optimizer, seen = AdamW(model.parameters()), Seen(model)
    first = run(model, optimizer, seen, centre=None, record=record)
    assert first is not None
    assert run(model, optimizer, plain_loss(model), centre=None) == first
    trained = len(seen.batches)
    assert run(model, optimizer, seen, centre=None, record=record) == first
    assert len(seen.batches) == trained


def test_the_loader_says_how_often_the_data_is_seen():
    """More than four times: further down, and less sure."""
    found = []
    for epochs in (1.0, 40.0, None):
        model = network()
        data = [torch.randn(64, 4, generator=torch.Generator().manual_seed(batch)) for batch in range(8)]
        seen = Seen(model)
        loader = [[x] for x in data]
        found.append(run(model, AdamW(model.parameters()), seen, batches=loader, epochs=epochs))
    once, often, read = found
    assert once is not None
    assert often is not None
    assert often.lr < once.lr
    assert read == often  # 320 updates of 8 batches


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("world")
    driving_distributed.together(Path(driving_probe.__file__), str(folder))
    told = [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]
    return [{**one, "record": (folder / "record").read_text().splitlines()} for one in told]


def test_two_processes_say_the_same_to_the_bit_and_are_as_they_were(both):
    first, second = (told["plain"] for told in both)
    assert first == second
    assert first["untouched"]
    assert isinstance(first["answer"], list)
    assert 1e-3 < first["answer"][0] < 1


def test_two_processes_share_a_record(both):
    """One of them writes it, and both go on from it: the first time it is made, the second time it is all there."""
    made, read = ([told[name] for told in both] for name in ("made", "read"))
    assert made[0] == made[1]
    assert made[0]["answer"] == both[0]["plain"]["answer"]
    assert [one["answer"] for one in read] == [one["answer"] for one in made]
    assert [one["losses"] for one in read] == [0, 0]
    lines = both[0]["record"]
    assert len(lines) == len(set(lines)) == 2 + len(made[0]["told"])  # the settings and the centre, and each trial once

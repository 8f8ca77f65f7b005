"""A resumed run has the learning rates, the parameters and the losses of the uninterrupted one, or it says no."""

import io
import re
import sys
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from driving import WARMUP_COSINE, Spy, adamw, loss_of, network, schedule_of, sgd, update
from torch.optim import AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR

import glidepath as gp
from glidepath.errors import CheckpointError, GlidepathError, ResumeConflict
from glidepath.frameworks.torch import Scheduler, attach
from glidepath.schedules.comparison import compare
from starting import TORCH, Started

STEPS = 14  # two past the horizon of 12
SCHEDULES = {
    "peak": schedule_of(),
    "no peak": schedule_of(peak=None),
    "from and to 0": schedule_of("warmup(5, start=0) >> linear()"),
}


@dataclass
class Run:
    """A training of the small network with two groups."""

    schedule: gp.Schedule
    kind: str = "floats"
    attached: bool = True

    def __post_init__(self) -> None:
        self.model = network()
        lrs: list[Any] = [0.3, 0.1]
        if self.kind == "tensors":
            lrs = [torch.tensor(lr, dtype=torch.float32) for lr in lrs]
        layers = (self.model[0], self.model[2])
        groups = [{"params": layer.parameters(), "lr": lr} for layer, lr in zip(layers, lrs, strict=True)]
        self.optimizer = AdamW(groups, foreach=False)
        self.spy = Spy(self.optimizer)
        self.losses: list[float] = []
        if self.attached:
            self.attach()

    def attach(self) -> None:
        self.scheduler = attach(self.optimizer, self.schedule)

    def train(self, updates: int) -> None:
        for _ in range(updates):
            loss = loss_of(self.model, self.scheduler.last_epoch)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.losses.append(loss.item())

    def saved(self) -> dict[str, Any]:
        """Through torch.save and back, as a file has it."""
        file = io.BytesIO()
        state = {name: getattr(self, name).state_dict() for name in ("model", "optimizer", "scheduler")}
        torch.save(state, file)
        file.seek(0)
        return torch.load(file, weights_only=True)

    def weights(self) -> list[torch.Tensor]:
        return [parameter.detach().clone() for parameter in self.model.parameters()]


def loaded(schedule: gp.Schedule, kind: str, state: dict[str, Any], order: str) -> Run:
    """A new run on a saved state, its parts loaded in this order."""
    run = Run(schedule, kind, attached=False)
    run.model.load_state_dict(state["model"])
    for part in order.split(", "):
        if part == "attach":
            run.attach()
        else:
            getattr(run, part).load_state_dict(state[part])
    return run


ORDERS = ["attach, scheduler, optimizer", "attach, optimizer, scheduler", "optimizer, attach, scheduler"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", ["floats", "tensors"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_resumed_at_every_step(name, kind, order):
    whole = Run(SCHEDULES[name], kind)
    whole.train(STEPS)
    interrupted = Run(SCHEDULES[name], kind)
    for step in range(STEPS):
        rest = loaded(SCHEDULES[name], kind, interrupted.saved(), order)
        assert rest.scheduler.last_epoch == step
        rest.train(STEPS - step)
        assert rest.spy.used == whole.spy.used[step:]
        assert rest.losses == whole.losses[step:]
        assert all(map(torch.equal, rest.weights(), whole.weights()))
        interrupted.train(1)


def test_killed_again_and_again():
    whole, run = Run(SCHEDULES["peak"]), Run(SCHEDULES["peak"])
    whole.train(STEPS)
    used = []
    for _ in range(STEPS):
        run.train(1)
        used += run.spy.used
        run = loaded(SCHEDULES["peak"], "floats", run.saved(), ORDERS[0])
    assert used == whole.spy.used
    assert all(map(torch.equal, run.weights(), whole.weights()))


PROCESS = """
import sys, torch
sys.path.insert(0, {folder!r})
from driving import adamw, schedule_of, update, Spy
from glidepath.frameworks.torch import attach
optimizer = adamw(0.3, 0.1)
spy, scheduler = Spy(optimizer), attach(optimizer, schedule_of())
state = torch.load({path!r}, weights_only=True)
optimizer.load_state_dict(state["optimizer"])
scheduler.load_state_dict(state["scheduler"])
update(optimizer, 8)
print(spy.used)
"""


def test_resumed_in_a_new_process(tmp_path):
    optimizer = adamw(0.3, 0.1)
    spy, scheduler = Spy(optimizer), attach(optimizer, schedule_of())
    update(optimizer, 6)
    path = str(tmp_path / "checkpoint.pt")
    torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, path)
    update(optimizer, 8)
    program = tmp_path / "program.py"
    program.write_text(PROCESS.format(folder=str(sys.modules["driving"].__file__.rpartition("/")[0]), path=path))
    answer = Started(program, libraries=TORCH).finished()
    assert answer.stdout.strip() == repr(spy.used[6:]), answer.stderr


def test_only_the_count_of_updates_is_left():
    """The scheduler's part of the checkpoint is lost: `attach(step=k)` is enough, and saying it again is harmless."""
    for name in ("peak", "no peak"):
        whole = Run(SCHEDULES[name])
        whole.train(STEPS)
        first = Run(SCHEDULES[name])
        first.train(6)
        rest = Run(SCHEDULES[name], attached=False)
        state = first.saved()
        rest.model.load_state_dict(state["model"])
        rest.optimizer.load_state_dict(state["optimizer"])
        for _ in range(2):
            rest.scheduler = attach(rest.optimizer, SCHEDULES[name], step=6)
        rest.train(STEPS - 6)
        assert rest.losses == whole.losses[6:], name
        assert all(map(torch.equal, rest.weights(), whole.weights())), name


def test_loading_twice_and_calling_step_on_top_change_nothing():
    optimizer = sgd(0.3, 0.1)
    scheduler = attach(optimizer, schedule_of())
    update(optimizer, 5)
    state, lrs = scheduler.state_dict(), [group["lr"] for group in optimizer.param_groups]
    update(optimizer, 3)
    for _ in range(2):
        scheduler.load_state_dict(state)
        scheduler.step()
    assert (scheduler.last_epoch, [group["lr"] for group in optimizer.param_groups]) == (5, lrs)


# ---- What is saved. ----


def plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(type(key) is str and plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(plain, value))
    return type(value) in (int, float, str, bool)


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
@pytest.mark.parametrize("kind", ["floats", "tensors"])
def test_the_state_is_of_plain_types_and_a_copy(schedule, kind):
    run = Run(schedule, kind)
    state = run.scheduler.state_dict()
    assert plain(state)
    assert gp.from_spec(state["spec"]) == schedule
    assert state["last_epoch"] == 0
    state["base_lrs"][0] = 99.0
    state["spec"]["parts"].clear()
    assert run.scheduler.state_dict()["base_lrs"][0] == pytest.approx(0.3)
    assert gp.from_spec(run.scheduler.state_dict()["spec"]) == schedule


# ---- What is refused, and leaves everything as it was. ----


def seen(scheduler: Scheduler) -> tuple[Any, ...]:
    """All that loading could have changed, and the two updates that follow."""
    optimizer = scheduler.optimizer
    now = (scheduler.last_epoch, scheduler.state_dict(), scheduler.get_last_lr(), scheduler.get_lr())
    lrs = []
    for _ in range(2):
        lrs.append([float(group["lr"]) for group in optimizer.param_groups])
        update(optimizer)
    return (*now, lrs)


def refused(state: object, error: type[GlidepathError], *, lrs: tuple[float, ...] = (0.3, 0.1)) -> str:
    """The complaint about a state, after checking that it was one sentence and that nothing moved."""
    schedulers = []
    for _ in range(2):
        optimizer = sgd(*lrs)
        schedulers.append(attach(optimizer, schedule_of()))
        update(optimizer, 2)
    with pytest.raises(error) as refusal:
        schedulers[0].load_state_dict(state)
    assert seen(schedulers[0]) == seen(schedulers[1])
    if "name a policy" not in str(refusal.value):  # a page that is read once, and acted on
        assert "\n" not in str(refusal.value)
        assert len(str(refusal.value)) < 400
    return str(refusal.value)


def good(**changes: object) -> dict[str, object]:
    optimizer = sgd(0.3, 0.1)
    scheduler = attach(optimizer, schedule_of())
    update(optimizer, 5)
    return {**scheduler.state_dict(), **changes}


def of_torch() -> dict[str, Any]:
    return CosineAnnealingLR(sgd(), T_max=10).state_dict()


def without(name: str) -> dict[str, object]:
    state = good()
    del state[name]
    return state


@pytest.mark.parametrize(
    "state",
    [
        of_torch(),
        adamw().state_dict(),
        None,
        5,
        "a text",
        [],
        [1, 2, 3],
        {},
        {1: 2},
        without("spec"),
        without("last_epoch"),
        without("base_lrs"),
        good(more=1),
        good(units=[]),
        good(units=[0.3]),
        good(units=[0.3, 0.0]),
        good(heard=3),
        good(joined=[1]),
        good(joined={"0": [1]}),
        good(last_epoch=-1),
        good(last_epoch=2.0),
        good(last_epoch="2"),
        good(last_epoch=None),
        good(last_epoch=True),
        good(last_epoch=10**30),
        good(base_lrs=[]),
        good(base_lrs=None),
        good(base_lrs=0.3),
        good(base_lrs=["0.3", "0.1"]),
        good(base_lrs=[0.3, None]),
        good(base_lrs=[0.0, 0.0]),
        good(base_lrs=[float("nan"), 0.1]),
        good(base_lrs=[0.3, float("nan")]),
        good(base_lrs=[float("inf"), 0.1]),
        good(base_lrs=[-0.3, -0.1]),
        good(spec=None),
        good(spec=5),
        good(spec="cosine()"),
        good(spec={}),
        good(spec={"parts": []}),
        good(spec={"parts": [{"part": "spiral"}], "horizon": {"steps": 12}}),
        good(spec={"glidepath": 99, "parts": [{"part": "hold"}]}),
        good(spec={"parts": [{"part": "hold"}], "horizon": {"steps": -1}}),
    ],
    ids=lambda state: str(state)[-70:],
)
def test_what_is_no_checkpoint_of_ours(state):
    refused(state, CheckpointError)


@pytest.mark.parametrize(
    ("text", "horizon", "peak"),
    [
        (WARMUP_COSINE, 24, 0.1),
        (WARMUP_COSINE, 12, 1.0),
        (WARMUP_COSINE, 12, None),
        ("warmup(20%) >> cosine(to=0.2)", 12, 0.1),
        ("warmup(20%) >> linear(to=0.1)", 12, 0.1),
        ("hold()", 12, 0.1),
    ],
)
def test_another_schedule_is_a_conflict_that_names_both(text, horizon, peak):
    other = schedule_of(text, horizon=horizon, peak=peak)
    message = refused(good(spec=gp.to_spec(other)), ResumeConflict)
    for field in compare(other, schedule_of()):
        assert re.search(rf"{re.escape(field.place)} +{re.escape(field.stored)} +{re.escape(field.requested)}", message)
    assert "at step 5" in message
    assert f"last learning rate was {other(4):.6g}" in message


def test_a_recipe_without_a_horizon_is_no_checkpoint():
    refused(good(spec=gp.to_spec(schedule_of().recipe)), CheckpointError)


@pytest.mark.parametrize("lrs", [[0.3, 0.2], [0.3], [0.3, 0.1, 0.1], [0.1, 0.3], [0.3, 0.0], [0.3, 0.1 * (1 + 1e-6)]])
def test_other_ratios_between_groups_are_a_conflict_that_names_both(lrs):
    largest = max(lrs)
    message = refused(good(base_lrs=lrs, units=[largest] * len(lrs)), ResumeConflict)
    if len(lrs) != 2:
        assert "expected the 2 groups" in message
        return
    assert str([lr / largest for lr in lrs]) in message
    assert str([1.0, 0.1 / 0.3]) in message


def test_the_same_ratios_at_another_size_are_no_conflict_under_a_peak():
    optimizer = sgd(3.0, 1.0)
    scheduler = attach(optimizer, schedule_of())
    scheduler.load_state_dict(good())
    assert optimizer.param_groups[0]["lr"] == schedule_of()(5)


def test_without_a_peak_another_size_is_a_conflict():
    schedule = schedule_of(peak=None)
    state = attach(sgd(0.3), schedule).state_dict()
    with pytest.raises(ResumeConflict, match=r"\[0\.2\].*\[0\.3\]"):
        attach(sgd(0.2), schedule).load_state_dict(state)


def test_a_finished_run_that_is_to_be_extended_is_loud():
    """The silent disaster of the bare library, in test_torch_clock.py."""
    optimizer = sgd(1.0)
    finished = attach(optimizer, schedule_of("cosine()", horizon=10))
    update(optimizer, 10)
    extended = attach(sgd(1.0), schedule_of("cosine()", horizon=20))
    with pytest.raises(ResumeConflict, match=r"at step 10.*\n.*\n +\$\.horizon\.steps +10 +20"):
        extended.load_state_dict(finished.state_dict())

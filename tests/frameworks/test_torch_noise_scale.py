"""The noise scale of a real training: against every sample's gradient, and the same on one process as on two."""

import json
from pathlib import Path
from typing import Any

import driving_distributed
import driving_noise_scale as driving
import pytest
import torch
from driving_noise_scale import SIZE, TEACHER, UPDATES, alone, micro_batch, sgd
from torch.func import functional_call, grad, vmap
from torch.nn import functional

from glidepath.errors import AttachError, BatchError, CheckpointError
from glidepath.frameworks.torch.noise_scale import measure_noise

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
LOOKED_AT = (0, 100, 800)  # steps of the training
SAMPLES, MANY = 8_000, 200_000  # of the brute force: of which every gradient is taken, and of the mean
MICRO, EACH, STEPS = 8, 64, 50  # micro-batches, their samples, and steps of a reading
SPREAD = 1.3  # between such a reading and the truth: what was published of it is 10 to 30 %
FRESH = 10_000_000  # micro-batches that no training has seen


def brute_force(model: torch.nn.Module, many: Any) -> float:
    """tr(S) / |G|^2: the first from the gradient of every single sample, the second from the mean over very many."""
    weights = {name: one.detach() for name, one in model.named_parameters()}

    def loss(weights: dict[str, torch.Tensor], inputs: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(functional_call(model, weights, (inputs[None],)), label[None])

    each = vmap(grad(loss), (None, 0, 0))(weights, *(one[:SAMPLES] for one in many))
    trace = float(torch.cat([one.flatten(1) for one in each.values()], dim=1).var(dim=0).sum())
    inputs, labels = many
    found = torch.autograd.grad(functional.cross_entropy(model(inputs), labels), list(model.parameters()))
    mean = sum(float(one.double().square().sum()) for one in found)
    return trace / (mean - trace / len(labels))


def at_rest(model: torch.nn.Module) -> torch.optim.Optimizer:
    """An optimizer whose updates move nothing, so that every step is at the same place."""
    return torch.optim.SGD(model.parameters(), lr=0.0)


def read_at_rest(model: torch.nn.Module) -> Any:
    optimizer = at_rest(model)
    with measure_noise(model, optimizer, batch_size=EACH) as meter:
        for number in range(MICRO * STEPS):
            (micro_batch(model, FRESH + number, size=EACH) / MICRO).backward()
            if number % MICRO == MICRO - 1:
                optimizer.step()
                optimizer.zero_grad()
        return meter.reading()


@pytest.fixture(scope="module")
def measured() -> dict[int, tuple[float, Any]]:
    """At some steps of a training of the teacher, the truth by brute force and a reading."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    model, found, many = TEACHER.model(0), {}, TEACHER.batch(FRESH // 2, 0, size=MANY)
    optimizer = TEACHER.optimizer(model)
    for group in optimizer.param_groups:
        group["lr"] = 0.03
    for step in range(max(LOOKED_AT) + 1):
        optimizer.zero_grad()
        if step in LOOKED_AT:
            found[step] = brute_force(model, many), read_at_rest(model)
        TEACHER.loss(model, step, 0).backward()
        optimizer.step()
    torch.set_num_threads(before)
    return found


@pytest.mark.parametrize("step", LOOKED_AT)
def test_a_reading_agrees_with_the_gradients_of_all_samples(measured, step):
    truth, reading = measured[step]
    assert reading.low <= truth <= reading.high
    assert 1 / SPREAD < reading.noise_scale / truth < SPREAD
    assert reading.steps == STEPS


def test_the_noise_scale_of_the_teacher_grows_as_its_loss_falls(measured):
    truths = [truth for truth, _ in measured.values()]
    assert 100 < truths[0] < 300
    assert truths[-1] > 2 * truths[0]


# ---- One process and two. ----


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("world")
    driving_distributed.together(Path(driving.__file__), str(folder))
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


def same(state: dict[str, Any]) -> Any:
    return pytest.approx({name: state[name] for name in ("steps", "gradient", "noise")}, rel=1e-4)


def test_two_processes_read_what_one_reads_that_accumulates(both):
    state, _ = alone()
    found = both[0]["together"]["state"]
    assert {name: found[name] for name in ("steps", "gradient", "noise")} == same(state)
    assert found["steps"] == UPDATES


def test_all_processes_read_the_same_to_the_bit(both):
    assert both[0]["together"]["state"] == both[1]["together"]["state"]
    assert both[0]["accumulated"] == both[1]["accumulated"]


def test_the_exchange_is_two_floats_a_step_beside_the_buckets(both):
    found = both[0]["together"]
    assert found["pairs"] == UPDATES
    assert found["buckets"] > 3 * UPDATES / 2  # in one at first, then as torch lays them out


def test_the_gradients_are_those_of_ddp_without_a_meter(both):
    assert both[0]["together"]["weights"] == both[0]["together"]["same"]
    assert both[0]["together"]["same"] == pytest.approx(alone()[1], abs=1e-5)


def test_released_it_passes_gradients_on_and_reads_none(both):
    found = both[0]["together"]
    assert found["after release"] == found["state"]


def test_a_second_communication_hook_is_refused(both):
    assert both[0]["together"]["second hook"].startswith("expected a DistributedDataParallel without a communication")


def test_accumulation_within_processes_is_one_gradient_each(both):
    """Two processes of two micro-batches: the small gradient is over both of a process."""
    model = TEACHER.model(0)
    optimizer = sgd(model)
    meter = measure_noise(model, optimizer, batch_size=2 * SIZE)
    for update in range(UPDATES):
        for process in range(2):
            first = 2 * (2 * update + process)
            (sum(micro_batch(model, first + one) for one in range(2)) / 4).backward()
        optimizer.step()
        optimizer.zero_grad()
    state = meter.state_dict()
    assert {name: both[0]["accumulated"][name] for name in ("steps", "gradient", "noise")} == same(state)


# ---- One process. ----


def accumulate(model: torch.nn.Module, optimizer: Any, *, steps: int, k: int = 2, scale: float = 1.0) -> None:
    for number in range(steps * k):
        (micro_batch(model, number) * scale / k).backward()
        if number % k == k - 1:
            optimizer.step()
            optimizer.zero_grad()


def measured_model(**how: Any) -> tuple[torch.nn.Module, torch.optim.Optimizer, Any]:
    model = TEACHER.model(0)
    optimizer = at_rest(model)
    return model, optimizer, measure_noise(model, optimizer, batch_size=SIZE, **how)


def test_the_squared_norms_are_those_of_the_gradients():
    model, optimizer, meter = measured_model()
    accumulate(model, optimizer, steps=1, k=4)
    gradients = []
    for number in range(4):
        model.zero_grad()
        micro_batch(model, number).backward()
        gradients.append(torch.cat([one.grad.flatten() for one in model.parameters()]).double())
    small = sum(float(one.square().sum()) for one in gradients) / 4
    big = float((sum(gradients) / 4).square().sum())
    state = meter.state_dict()
    assert state["gradient"] == pytest.approx((4 * big - small) / 3, rel=1e-4)
    assert state["noise"] == pytest.approx((small - big) * SIZE * 4 / 3, rel=1e-4)


def test_fewer_than_twenty_steps_are_refused_and_the_reason_is_said(complaint):
    model, optimizer, meter = measured_model()
    accumulate(model, optimizer, steps=19)
    assert "at least 20 steps" in complaint(meter.reading)
    accumulate(model, optimizer, steps=1)
    assert meter.reading().steps == 20


def test_a_step_that_was_begun_before_is_left_out():
    model = TEACHER.model(0)
    optimizer = at_rest(model)
    micro_batch(model, 99).backward()
    meter = measure_noise(model, optimizer, batch_size=SIZE)
    accumulate(model, optimizer, steps=3)
    assert meter.state_dict()["steps"] == 2


def test_steps_of_one_micro_batch_carry_nothing(complaint):
    model, optimizer, meter = measured_model()
    accumulate(model, optimizer, steps=30, k=1)
    assert "got 30 of one: accumulate two" in complaint(meter.reading)
    accumulate(model, optimizer, steps=20)
    assert meter.reading().steps == 20


def test_a_resumed_meter_goes_on_to_the_bit(tmp_path):
    model, optimizer, meter = measured_model()
    accumulate(model, optimizer, steps=10)
    torch.save(meter.state_dict(), tmp_path / "meter.pt")
    accumulate(model, optimizer, steps=15)
    again, other, second = measured_model()
    second.load_state_dict(torch.load(tmp_path / "meter.pt", weights_only=True))
    accumulate(again, other, steps=15)
    assert second.state_dict() == meter.state_dict()
    with pytest.raises(CheckpointError):
        second.load_state_dict({"decay": 0.9})


def test_a_loss_scale_is_taken_out_and_a_skipped_update_not_counted():
    class Scaled:
        def get_scale(self) -> float:
            return 1024.0

    plain, scaled = measured_model(), measured_model(scaler=Scaled())
    accumulate(*plain[:2], steps=3)
    (micro_batch(scaled[0], 99) * float("inf")).backward()  # an overflow: no update, the gradients are dropped
    scaled[1].zero_grad()
    accumulate(*scaled[:2], steps=3, scale=1024.0)
    found, expected = (
        {name: value for name, value in one[2].state_dict().items() if name != "spread"} for one in (scaled, plain)
    )
    assert found == pytest.approx(expected)


def test_clipping_and_gradients_kept_as_zeros_change_no_reading():
    model, optimizer, meter = measured_model()
    accumulate(model, optimizer, steps=3)
    other, stepping, second = measured_model()
    for number in range(6):
        (micro_batch(other, number) / 2).backward()
        if number % 2:
            torch.nn.utils.clip_grad_norm_(other.parameters(), 1e-6)
            stepping.step()
            stepping.zero_grad(set_to_none=False)
    assert second.state_dict() == meter.state_dict()


def test_a_released_meter_listens_no_more():
    model, optimizer, meter = measured_model()
    accumulate(model, optimizer, steps=2)
    meter.release()
    accumulate(model, optimizer, steps=2)
    assert meter.state_dict()["steps"] == 2


def test_frozen_and_unused_parameters_are_no_matter():
    model = torch.nn.ModuleDict(
        {"used": TEACHER.model(0), "frozen": torch.nn.Linear(2, 2), "unused": torch.nn.Linear(2, 2)}
    )
    model["frozen"].requires_grad_(False)
    optimizer = at_rest(model)
    meter = measure_noise(model, optimizer, batch_size=SIZE)
    accumulate(model["used"], optimizer, steps=2)
    plain = measured_model()
    accumulate(*plain[:2], steps=2)
    assert meter.state_dict() == plain[2].state_dict()


@pytest.mark.parametrize("batch_size", [0, -1, 1.5, "8", None, True, float("nan")])
def test_a_batch_size_that_is_none_is_refused(complaint, batch_size):
    model = TEACHER.model(0)
    assert "batch_size" in complaint(measure_noise, model, at_rest(model), batch_size=batch_size)


def test_what_cannot_be_measured_is_refused():
    model = TEACHER.model(0)
    optimizer = at_rest(model)
    model.requires_grad_(False)
    with pytest.raises(AttachError, match="nothing to train"):
        measure_noise(model, optimizer, batch_size=8)
    with pytest.raises(BatchError, match="decay"):
        measure_noise(TEACHER.model(0), optimizer, batch_size=8, decay=1.0)

"""A compiled step of the optimizer: the learning rates are right, and it is not compiled again and again."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from driving import adamw, schedule_of, set_gradients
from torch._dynamo.testing import CompileCounter
from torch.optim.lr_scheduler import LambdaLR

from glidepath.frameworks.torch import attach

# The compiler's own, about torch's own step.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Profiler record function"),
    pytest.mark.filterwarnings("ignore:.*torch.jit.script_method.*:DeprecationWarning"),
]
SCHEDULE = schedule_of("cosine()", horizon=40, peak=1.0)


def compiled(make: Callable[[Any], Any], lr: Any, steps: int) -> tuple[int, int, list[float]]:
    """How many frames and operations a compiler saw, and the learning rates that were used."""
    torch._dynamo.reset()
    counter = CompileCounter()
    optimizer = adamw(lr)
    scheduler, used = make(optimizer), []
    step = torch.compile(optimizer.step, backend=counter)
    for _ in range(steps):
        set_gradients(optimizer)
        used.append(float(optimizer.param_groups[0]["lr"]))
        step()
        scheduler.step()
    return counter.frame_count, counter.op_count, used


def ours(optimizer: torch.optim.Optimizer) -> Any:
    return attach(optimizer, SCHEDULE)


def theirs(optimizer: torch.optim.Optimizer) -> Any:
    return LambdaLR(optimizer, SCHEDULE)


@pytest.mark.parametrize("lr", [1.0, torch.tensor(1.0, dtype=torch.float64)], ids=["float", "tensor"])
def test_a_compiled_step_uses_the_schedule_and_is_not_compiled_again(lr):
    frames, operations, used = compiled(ours, lr.clone() if isinstance(lr, torch.Tensor) else lr, 12)
    assert used == SCHEDULE(range(12)).tolist()
    of_torch = compiled(theirs, lr.clone() if isinstance(lr, torch.Tensor) else lr, 12)
    assert operations == of_torch[1]
    if isinstance(lr, torch.Tensor):
        assert frames == of_torch[0]
    assert compiled(ours, lr, 30)[:2] == (frames, operations)


def test_a_compiled_step_is_recorded(tmp_path):
    counts = []
    for steps in (8, 20):
        path = tmp_path / f"{steps}.jsonl"
        counts.append(compiled(lambda optimizer, path=path: attach(optimizer, SCHEDULE, journal=path), 1.0, steps)[1])
    assert counts[0] == counts[1]

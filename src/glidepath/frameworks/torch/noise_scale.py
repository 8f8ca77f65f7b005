"""The noise scale of a torch training under way: from the micro-batches of a step, or from the processes of DDP.

Both ways see every gradient once, on its way into `.grad`, and keep no copy of it: of accumulation a hook on each
parameter, of DistributedDataParallel its communication hook, before and after the all-reduce. The update itself tells
the meter, so that an update which mixed precision skipped is not counted.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import torch
from torch import Tensor, distributed
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from glidepath.batch.noise_scale import DECAY, NoiseReading, NoiseScale
from glidepath.errors import AttachError, BatchError, shown
from glidepath.units.exact import whole

Removable = Any  # a handle of torch's: it has remove()
Squares = tuple[float, float, int]  # of the small gradients (their mean), of the big one, and how many small make it


class NoiseMeter:
    """A noise scale that reads itself off a training; made by `measure_noise`, and its `reading()` asked at any time.

    `state_dict` and `load_state_dict` carry it over a resume, to the bit; `release()` takes its hooks off again, but
    for the communication hook, which torch keeps: released, it only passes gradients on.
    """

    def __init__(
        self, optimizer: Optimizer, read: Callable[[], Squares | None], batch_size: int, scale: NoiseScale, scaler: Any
    ) -> None:
        """Listen to the updates of an optimizer; `measure_noise` says what the rest is."""
        self.scale, self.single = scale, 0
        self._read, self._batch_size, self._scaler = read, batch_size, scaler
        self.handles: list[Removable] = [optimizer.register_step_post_hook(self._updated)]

    def _updated(self, *_: object) -> None:
        """Tell what the step that is done was made of."""
        squares = self._read()
        if squares is None:
            return
        small, big, count = squares
        if count < 2:
            self.single += 1
            return
        unscale = 1.0 if self._scaler is None else float(self._scaler.get_scale()) ** 2
        self.scale.tell(small / unscale, big / unscale, small=self._batch_size, big=count * self._batch_size)

    def reading(self, *, confidence: float = 0.95) -> NoiseReading:
        """The noise scale in samples with its interval; raises BatchError where the steps do not carry one."""
        if self.single and not self.scale.steps:
            raise BatchError(
                f"expected steps of two micro-batches or processes at least, got {self.single} of one: accumulate two, "
                "as loss / 2 and backward() twice before optimizer.step()"
            )
        return self.scale.reading(confidence=confidence)

    def state_dict(self) -> dict[str, Any]:
        """Everything in plain types, which `torch.load(weights_only=True)` reads."""
        return self.scale.state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`; raises CheckpointError for what is none."""
        self.scale = NoiseScale.of(state)

    def release(self) -> None:
        """Listen no more."""
        while self.handles:
            self.handles.pop().remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def measure_noise(
    model: torch.nn.Module, optimizer: Optimizer, *, batch_size: int, decay: float = DECAY, scaler: Any = None
) -> NoiseMeter:
    """Measure the noise scale of this training from now on: `batch_size` is what one gradient is the mean over.

    That is the samples of a micro-batch on one process; under DistributedDataParallel all that a process takes in a
    step. A step needs two of them: micro-batches accumulated with equal weights (the usual loss / k), or processes.
    Each step then gives the squared norm of the small gradients and of their mean; see `glidepath.batch.NoiseScale`
    for what is made of them, and for `decay`. With a `torch.amp.GradScaler` give it as `scaler`: gradients come scaled.

    DDP takes one communication hook, and this is it: gradients are averaged as without it, with one more all-reduce of
    two floats a step. Gradients are read before any clipping. Raises AttachError for sharded parameters (FSDP), a DDP
    that has a hook already, or one process alone under it.
    """
    size = whole(batch_size)
    if size is None or size < 1:
        raise AttachError(f"expected batch_size as a whole number of samples from 1, got {shown(batch_size)}")
    scale = NoiseScale(decay=decay)
    parameters = [one for one in model.parameters() if one.requires_grad]
    if not parameters or any(_is_sharded(one) for one in parameters):
        what = "sharded parameters (FSDP)" if parameters else "a model with nothing to train"
        raise AttachError(f"expected a model whose parameters are whole and trained, got {what}")
    if isinstance(model, DistributedDataParallel):
        across = _Processes(model)
        meter = NoiseMeter(optimizer, across.read, size, scale, scaler)
        meter.handles.append(across)
        return meter
    micro = _MicroBatches(parameters)
    meter = NoiseMeter(optimizer, micro.read, size, scale, scaler)
    meter.handles += micro.handles
    return meter


def _is_sharded(parameter: Tensor) -> bool:
    """Whether a process holds a part of it alone, as FSDP1 and FSDP2 have it."""
    return type(parameter).__name__ == "DTensor" or hasattr(parameter, "_is_flat_param")


class _MicroBatches:
    """The squared norms of the gradients that are accumulated into each parameter, and of what they come to."""

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.small: list[Tensor | None] = [None] * len(parameters)
        self.big: list[Tensor | None] = [None] * len(parameters)
        self.counts = [0] * len(parameters)
        self.begun = any(one.grad is not None for one in parameters)  # some of a step before anybody looked
        self.handles: list[Removable] = []
        for index, parameter in enumerate(parameters):
            self.handles += [
                parameter.register_hook(self._before(index, parameter)),  # type: ignore[no-untyped-call]
                parameter.register_post_accumulate_grad_hook(self._after(index)),  # type: ignore[no-untyped-call]
            ]

    def _before(self, index: int, parameter: Tensor) -> Callable[[Tensor], None]:
        def seen(gradient: Tensor) -> None:
            if parameter.grad is None:  # the first of a step, also behind one that was skipped
                self.small[index], self.counts[index] = None, 0
            squared, before = _squared(gradient), self.small[index]
            self.small[index] = squared if before is None else before + squared
            self.counts[index] += 1

        return seen

    def _after(self, index: int) -> Callable[[Tensor], None]:
        def accumulated(parameter: Tensor) -> None:
            self.big[index] = None if parameter.grad is None else _squared(parameter.grad)

        return accumulated

    def read(self) -> Squares | None:
        """The sums over all parameters, as of loss / k; None where nothing was accumulated."""
        count = 0 if self.begun else max(self.counts)
        self.begun = False
        small, big = _sum(self.small), _sum(self.big)
        self.small, self.big = [None] * len(self.small), [None] * len(self.big)
        self.counts = [0] * len(self.counts)
        # k gradients of loss / k are a k-th of the small ones each, so that the mean of their squares is k times this.
        return (small * count, big, count) if count else None


class _Processes:
    """The squared norms of each process's gradient and of their mean, bucket by bucket, as DDP averages them."""

    def __init__(self, model: DistributedDataParallel) -> None:
        self.group = model.process_group
        self.on, self.seen = True, False
        self.local: list[Tensor] = []
        self.mean: list[Tensor] = []
        if distributed.get_world_size(self.group) < 2:
            raise AttachError(
                "expected two processes at least under DistributedDataParallel, got one: measure model.module"
            )
        try:
            model.register_comm_hook(self, _averaged)
        except RuntimeError as error:
            raise AttachError(
                "expected a DistributedDataParallel without a communication hook, because it takes one alone: "
                f"{str(error).splitlines()[0][:100]}"
            ) from error

    def remove(self) -> None:
        """Pass gradients on and look at none."""
        self.on = False
        self.local, self.mean = [], []

    def read(self) -> Squares | None:
        """The mean over the processes of both; one all-reduce of two floats. None where nothing was averaged."""
        if not self.mean:
            return None
        both = torch.stack([torch.stack(self.local).sum(), torch.stack(self.mean).sum()])
        distributed.all_reduce(both, group=self.group)
        self.local, self.mean = [], []
        count = distributed.get_world_size(self.group)
        small, big = (both / count).tolist()
        return small, big, count


def _averaged(state: _Processes, bucket: distributed.GradBucket) -> torch.futures.Future[Tensor]:  # type: ignore[name-defined]
    """DDP's own average of a bucket, with the squared norms of what went in and what came out."""
    gradient: Tensor = bucket.buffer()
    count = distributed.get_world_size(state.group)
    if state.on:
        if bucket.index() == 0:  # of a new backward pass, also behind one whose update was skipped
            state.local, state.mean = [], []
        state.local.append(_squared(gradient))
    gradient.div_(count)
    work = distributed.all_reduce(gradient, group=state.group, async_op=True)

    def arrived(future: Any) -> Tensor:
        mean: Tensor = future.value()[0]
        if state.on:
            state.mean.append(_squared(mean))
        return mean

    return work.get_future().then(arrived)  # type: ignore[no-any-return]


def _squared(gradient: Tensor) -> Tensor:
    """The squared norm in float32 at least, on its own device, so that nothing waits for it."""
    dtype = torch.promote_types(gradient.dtype, torch.float32)
    norm: Tensor = torch.linalg.vector_norm(gradient.detach(), dtype=dtype)
    return norm.square()


def _sum(squares: list[Tensor | None]) -> float:
    """In float64, with one wait a device."""
    found = [one for one in squares if one is not None]
    devices = {one.device for one in found}
    return sum(sum(torch.stack([one for one in found if one.device == device]).tolist()) for device in devices)

"""A training as far as its batch size reaches into it: what `rescale` is given and gives back."""

from collections.abc import Callable
from dataclasses import dataclass

from glidepath.batch.checked import count, positive, real
from glidepath.batch.rules import family_of
from glidepath.errors import BatchError, shown
from glidepath.schedules.schedule import Schedule

COUNTS = ("batch_size", "world_size", "accumulation")
# name -> the value that it stays below
SHARES = {"beta1": 1.0, "beta2": 1.0, "momentum": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The settings of a training that hang together with its batch size; what is None is not looked at.

    `batch_size` is of one micro-batch on one process, in samples; `world_size` processes and `accumulation`
    micro-batches make the global batch of a step. `schedule` has horizon, peak and warmup in it, so that `lr`,
    `horizon` and `warmup` (steps) are for those who have none; a schedule without a peak may have `lr` beside it.
    `step` counts the updates done. `eps` is above 0, `weight_decay` at least 0, `beta1`, `beta2` and `momentum` are
    0 to below 1. Raises BatchError for what is out of range, or said twice.

    >>> Setup(batch_size=8, world_size=16, accumulation=2, lr=3e-4).global_batch
    256
    """

    batch_size: int
    world_size: int = 1
    accumulation: int = 1
    optimizer: str = "adamw"
    lr: float | None = None
    beta1: float | None = None
    beta2: float | None = None
    momentum: float | None = None
    eps: float | None = None
    weight_decay: float | None = None
    schedule: Schedule | None = None
    horizon: int | None = None
    warmup: int | None = None
    step: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is no such training."""
        family_of(self.optimizer)
        for name in COUNTS:
            object.__setattr__(self, name, count(getattr(self, name), name))
        count(self.global_batch, "the global batch")
        for name in ("horizon", "warmup", "step"):
            self._check(name, lambda value, name: count(value, name, least=name == "horizon"))
        for name in ("lr", "eps"):
            self._check(name, positive)
        self._check("weight_decay", real)
        for name in SHARES:
            self._check(name, _below_one)
        self._check_schedule()

    def _check(self, name: str, of: Callable[[object, str], float]) -> None:
        value = getattr(self, name)
        object.__setattr__(self, name, None if value is None else of(value, name))

    def _check_schedule(self) -> None:
        if self.schedule is None:
            return
        if not isinstance(self.schedule, Schedule):
            raise BatchError(
                f"expected schedule as a schedule, got {shown(self.schedule)}: bind it, recipe.over(steps, peak=...)"
            )
        twice = [name for name in ("horizon", "warmup") if getattr(self, name) is not None]
        if twice or None not in (self.lr, self.schedule.peak):
            raise BatchError(
                f"expected {', '.join(twice) or 'lr'} once, got it beside a schedule that has it: leave it out"
            )

    @property
    def global_batch(self) -> int:
        """The samples of one step: of all processes and micro-batches."""
        return self.batch_size * self.world_size * self.accumulation

    @property
    def peak(self) -> float | None:
        """The largest learning rate, wherever it is said."""
        return self.lr if self.schedule is None or self.schedule.peak is None else self.schedule.peak

    @property
    def steps(self) -> int | None:
        """The horizon, wherever it is said."""
        return self.horizon if self.schedule is None else self.schedule.horizon.steps


def _below_one(value: object, name: str) -> float:
    if (found := real(value, name, below=SHARES[name])) == 1:
        raise BatchError(f"expected {name} from 0 to below 1, got {shown(value)}")
    return found

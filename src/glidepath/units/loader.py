"""What is known of a data loader, counted in applied updates."""

from dataclasses import dataclass
from fractions import Fraction

from glidepath.errors import AmountError, shown
from glidepath.units.exact import whole


@dataclass(frozen=True, slots=True)
class Loader:
    """What is known of a data loader, and the two rates that follow from it."""

    batches_per_epoch: int | None
    samples_per_epoch: int | None
    batch_size: int | None
    accumulation: int
    world_size: int
    drop_last: bool

    def __post_init__(self) -> None:
        for name in ("batches_per_epoch", "samples_per_epoch", "batch_size", "accumulation", "world_size"):
            value = getattr(self, name)
            if value is not None and ((number := whole(value)) is None or number < 1):
                raise AmountError(f"expected a whole number of at least 1 for {name}, got {shown(value)}")
            object.__setattr__(self, name, None if value is None else whole(value))

    def samples_per_step(self) -> Fraction | None:
        """What all processes see between two updates; None where the batch size is not known."""
        if self.batch_size is None:
            return None
        return Fraction(self.batch_size * self.accumulation * self.world_size)

    def steps_per_epoch(self) -> Fraction | None:
        """Updates in an epoch, the last short window included; None where its length is not known."""
        batches = self._batches_of_a_process()
        if batches is None:
            return None
        if batches == 0:
            raise AmountError("expected an epoch of at least one batch, got one that drop_last leaves empty")
        return Fraction(_divide(batches, self.accumulation, drop_last=False))

    def _batches_of_a_process(self) -> int | None:
        if self.batches_per_epoch is not None:
            return _divide(self.batches_per_epoch, self.world_size, drop_last=self.drop_last)
        if self.samples_per_epoch is None or self.batch_size is None:
            return None
        samples = _divide(self.samples_per_epoch, self.world_size, drop_last=self.drop_last)
        return _divide(samples, self.batch_size, drop_last=self.drop_last)


def _divide(number: int, by: int, *, drop_last: bool) -> int:
    return number // by if drop_last else -(-number // by)

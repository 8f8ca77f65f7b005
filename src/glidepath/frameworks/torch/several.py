"""Several optimizers under one schedule, each by its own count."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from glidepath.diagnosis.finding import Finding
from glidepath.errors import CheckpointError, shown
from glidepath.frameworks.torch.clock import Scheduler
from glidepath.schedules.amendments import Amendment


class Schedulers(Sequence[Scheduler]):
    """The schedulers of several optimizers, in their order, made by `attach`; all together as one."""

    def __init__(self, schedulers: Sequence[Scheduler]) -> None:
        """Hold them."""
        self._each = tuple(schedulers)

    def __getitem__(self, index: Any) -> Any:
        return self._each[index]

    def __len__(self) -> int:
        return len(self._each)

    def __iter__(self) -> Iterator[Scheduler]:
        return iter(self._each)

    def step(self, epoch: int | None = None) -> None:  # noqa: ARG002 - the interface of torch
        """Nothing: the optimizers have counted already."""
        for scheduler in self._each:
            scheduler.step()

    def get_last_lr(self) -> list[Any]:
        """The learning rates of all groups, as those of one scheduler."""
        return [lr for scheduler in self._each for lr in scheduler.get_last_lr()]

    def amend(self, **change: Any) -> list[Amendment]:
        """Change what is in force, in all of them; see `Scheduler.amend`."""
        for scheduler in self._each:
            scheduler.amendment(**change)  # refused before the first is changed
        return [scheduler.amend(**change) for scheduler in self._each]

    def tell(self, loss: Any, **beside: Any) -> tuple[Finding, ...]:
        """What the last update saw, told once for all of them; see `Scheduler.tell`."""
        return self._each[0]._tell({"loss": loss, **beside}, self.amend)

    def state_dict(self) -> dict[str, Any]:
        """The states of all, in plain types."""
        return {"schedulers": [scheduler.state_dict() for scheduler in self._each]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where a checkpoint was; all of it is looked at before anything is changed."""
        states = state_dict.get("schedulers") if isinstance(state_dict, Mapping) else None
        if not isinstance(states, list) or len(states) != len(self._each):
            raise CheckpointError(f"expected the states of {len(self._each)} schedulers, got {shown(state_dict)}")
        prepared = [scheduler._prepared(state) for scheduler, state in zip(self._each, states, strict=True)]
        for scheduler, (found, to) in zip(self._each, prepared, strict=True):
            scheduler._restore(found, to)

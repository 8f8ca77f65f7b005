"""The learning rates of an optimizer's groups: a float is replaced, a tensor is filled in place.

In place, because a captured graph or compiled code reads the tensor that it knows.
"""

from collections.abc import Sequence
from operator import is_
from typing import Any

import torch

Group = dict[str, Any]

# From this many tensors on one call for all of them is quicker than one call each.
MANY = 4


class Filler:
    """Writes `ratio * lr` into every group, many tensors of the processor in one call."""

    def __init__(self, ratios: Sequence[float]) -> None:
        """`ratios`: what each group's learning rate is of the schedule's value."""
        self.ratios = list(ratios)
        self._tensors: list[torch.Tensor] = []
        self._of_tensors: list[float] = []
        self._row: torch.Tensor | None = None

    def fill(self, groups: Sequence[Group], lr: float) -> None:
        """The learning rates for the schedule's value `lr`."""
        if self._tensors and self._all_known(groups):
            self._fill_tensors(lr)
            return
        for group, ratio in zip(groups, self.ratios, strict=True):
            if type(group["lr"]) is not float:  # an isinstance of Tensor would cost more than all the rest
                self._learn(groups, lr)
                return
            group["lr"] = ratio * lr

    def _all_known(self, groups: Sequence[Group]) -> bool:
        """Whether every group has the tensor it had: the usual case where learning rates are tensors."""
        return len(groups) == len(self._tensors) and all(map(is_, [group["lr"] for group in groups], self._tensors))

    def _fill_tensors(self, lr: float) -> None:
        if self._row is None:
            for tensor, ratio in zip(self._tensors, self._of_tensors, strict=True):
                tensor.fill_(ratio * lr)
        else:
            torch.mul(self._shares, lr, out=self._row)
            torch._foreach_copy_(self._tensors, self._places)

    def _learn(self, groups: Sequence[Group], lr: float) -> None:
        """Numbers replaced, tensors found and filled: at first, and whenever some are others than before."""
        self._tensors, self._of_tensors = [], []
        for group, ratio in zip(groups, self.ratios, strict=True):
            if isinstance(group["lr"], torch.Tensor):
                self._tensors.append(group["lr"])
                self._of_tensors.append(ratio)
            else:
                group["lr"] = ratio * lr
        kinds = {(tensor.dtype, tensor.device.type, tensor.shape) for tensor in self._tensors}
        together = len(self._tensors) >= MANY and len(kinds) == 1 and self._tensors[0].is_cpu
        self._row = self._row_for(self._tensors[0]) if together else None
        self._fill_tensors(lr)

    def _row_for(self, one: torch.Tensor) -> torch.Tensor:
        self._shares = torch.tensor(self._of_tensors, dtype=torch.float64)
        row = torch.empty(len(self._tensors), dtype=one.dtype)
        self._places = [place.view(one.shape) for place in row.unbind()]
        return row

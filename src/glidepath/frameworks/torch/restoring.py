"""A model and its optimizer put back as they were, to the byte, whatever was done to them in between."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from glidepath.frameworks.randomness import PutBack, random_numbers_kept


@contextmanager
def restored(
    model: torch.nn.Module, optimizer: Optimizer, scaler: torch.amp.GradScaler | None = None
) -> Iterator[None]:
    """Put the model, its buffers, gradients and modes, the optimizer, the scaler and random numbers back on leaving.

    After an exception or Ctrl-C too. Parameters and buffers keep their identity, so references to them stay
    good. A scheduler attached to the optimizer does not count the updates inside. The random numbers are those of
    Python, numpy and torch, on all its devices.
    """
    back = [_model(model), _groups(optimizer), _state(optimizer), _hooks(optimizer)]
    if scaler is not None:
        back.append(_attributes(scaler))
    with random_numbers_kept(), ExitStack() as stack:
        for put_back in back:
            stack.callback(put_back)  # each of them, whatever becomes of the others
        yield


def _copied(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, torch.Tensor) else deepcopy(value)


def _model(model: torch.nn.Module) -> PutBack:
    contents = [(tensor, _copied(tensor)) for tensor in (*model.parameters(), *model.buffers())]
    buffers = [(module, dict(module._buffers)) for module in model.modules()]
    gradients = [(parameter, _copied(parameter.grad)) for parameter in model.parameters()]
    modes = [(module, module.training) for module in model.modules()]

    def put_back() -> None:
        for module, tensors in buffers:
            module._buffers.clear()  # a forward pass may have put other tensors in their places
            module._buffers.update(tensors)
        with torch.no_grad():
            for tensor, content in contents:
                tensor.copy_(content)
        for parameter, gradient in gradients:
            parameter.grad = gradient
        for module, training in modes:
            module.training = training

    return put_back


def _groups(optimizer: Optimizer) -> PutBack:
    settings = [{name: _copied(v) for name, v in g.items() if name != "params"} for g in optimizer.param_groups]

    def put_back() -> None:
        for group, before in zip(optimizer.param_groups, settings, strict=True):
            for name, value in before.items():
                if isinstance(value, torch.Tensor) and isinstance(group[name], torch.Tensor):
                    group[name].copy_(value)  # the user's own tensor, which a captured graph may read
                else:
                    group[name] = value

    return put_back


def _state(optimizer: Optimizer) -> PutBack:
    before = {p: {name: _copied(value) for name, value in state.items()} for p, state in optimizer.state.items()}

    def put_back() -> None:
        optimizer.state.clear()
        optimizer.state.update(before)

    return put_back


def _hooks(optimizer: Optimizer) -> PutBack:
    """Hooks behind the step, and the schedulers' own in front of it, rest meanwhile."""
    before, behind = optimizer._optimizer_step_pre_hooks, optimizer._optimizer_step_post_hooks
    all_before, all_behind = before.copy(), behind.copy()
    behind.clear()
    for name, hook in all_before.items():
        if isinstance(getattr(hook, "__self__", None), LRScheduler):
            del before[name]

    def put_back() -> None:
        before.clear()
        before.update(all_before)
        behind.update(all_behind)

    return put_back


def _attributes(scaler: torch.amp.GradScaler) -> PutBack:
    """All of them: its own state says nothing of a step that was broken off."""
    before = {name: _copied(value) for name, value in vars(scaler).items()}

    def put_back() -> None:
        vars(scaler).clear()
        vars(scaler).update(before)

    return put_back

"""What the tests of the torch probe share: a model and an optimizer in the midst of a training, and their trace."""

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from driving import loss_of
from driving_hashes import hashed
from torch.optim import AdamW, Optimizer

import glidepath as gp
from glidepath.errors import FinderError
from glidepath.finder.suggestion import Suggestion
from glidepath.frameworks.torch.probing import probe

HORIZON = 320
SCHEDULE = gp.parse("warmup(10%) >> cosine()").over(HORIZON, peak=1.0)
CENTRE = 0.03
Loss = Callable[[Any], torch.Tensor]


def with_everything() -> torch.nn.Module:
    """Buffers, random numbers, a frozen layer and a part in eval mode."""
    torch.manual_seed(3)
    model = torch.nn.Sequential(
        torch.nn.Linear(4, 8),
        torch.nn.BatchNorm1d(8),
        torch.nn.Tanh(),
        torch.nn.Dropout(0.05),
        torch.nn.Linear(8, 1),
        torch.nn.BatchNorm1d(1),
    )
    model[5].eval()
    model[5].weight.requires_grad_(False)
    return model


def prepared(model: torch.nn.Module, make: Any = AdamW, **how: Any) -> Optimizer:
    """An optimizer in the midst of a training, gradients in place."""
    groups = [{"params": model[0].parameters()}, {"params": [p for layer in model[1:] for p in layer.parameters()]}]
    optimizer = make(groups, lr=0.01, **how)
    for batch in range(3):
        optimizer.zero_grad()
        loss_of(model, 500 + batch).backward()
        optimizer.step()
    model[3].eval()
    return optimizer


def trace(model: torch.nn.Module, optimizer: Optimizer, *more: Any) -> dict[str, str]:
    """A hash of everything that a probe could leave behind; `more` is what else there is."""
    everything = {
        "model": model.state_dict(),
        "gradients": [parameter.grad for parameter in model.parameters()],
        "modes": [module.training for module in model.modules()],
        "optimizer": optimizer.state_dict(),
        "random numbers of torch": torch.get_rng_state(),
        "random numbers of numpy": np.random.get_state(legacy=False),
        "random numbers of Python": random.getstate(),
        "identities": [id(tensor) for tensor in (*model.parameters(), *model.buffers())],
        "hooks": list(optimizer._optimizer_step_post_hooks.items()),
        "more": more,
    }
    return {name: hashed(value) for name, value in everything.items()}


def noisy_loss(model: torch.nn.Module) -> Loss:
    """A loss that draws random numbers of every library, besides those of the model's dropout."""

    def of(batch: int) -> torch.Tensor:
        model.train()
        drawn = torch.rand(()) + random.random() + np.random.random()
        return loss_of(model, batch, size=64) + 1e-4 * drawn

    return of


def plain_loss(model: torch.nn.Module) -> Loss:
    return lambda batch: loss_of(model, batch, size=64)


def run(model: torch.nn.Module, optimizer: Optimizer, loss: Loss, **how: Any) -> Suggestion | None:
    """A probe, whatever it answers."""
    with suppress(FinderError):
        return probe(model, optimizer, loss, SCHEDULE, **{"quiet": True, "centre": CENTRE, **how})
    return None

"""Batches that a training should not have seen."""

import torch

from glidepath.lab.injected import Training
from glidepath.lab.problems import Batch


def mixed(training: Training, step: int, other: Batch, share: float) -> Batch:
    """The first samples of a batch from another one."""
    batch = training.true_batch(step)
    count = round(share * len(batch[0]))
    return tuple(torch.cat([new[:count], old[count:]]) for new, old in zip(other, batch, strict=True))  # type: ignore[return-value]


def shuffled(training: Training, step: int) -> Batch:
    """Targets of other samples."""
    inputs, targets = training.true_batch(step)
    if training.problem.tokens:
        draw = torch.Generator().manual_seed(step)
        return inputs, torch.randint(0, training.problem.tokens, targets.shape, generator=draw)
    return inputs, targets.roll(1, 0)


def garbage(training: Training, step: int) -> Batch:
    """By the seed: inputs a hundredfold, or targets that are none."""
    inputs, targets = training.true_batch(step)
    draw = torch.Generator().manual_seed(step)
    if training.problem.tokens:
        tokens = torch.randint(0, training.problem.tokens, inputs.shape, generator=draw)
        return tokens, tokens.flip(0) if training.setting.seed % 2 else targets
    if training.setting.seed % 2:
        return inputs * float(10 + 90 * torch.rand(1, generator=draw)), targets
    if targets.is_floating_point():
        return inputs, torch.rand(targets.shape, generator=draw) * 4
    with torch.no_grad():
        return inputs, training.model(inputs).argmin(-1)  # labels that are wrong for certain


def other(training: Training, step: int, *, labels: bool) -> Batch:
    """The same task in another language."""
    inputs, targets = training.true_batch(step)
    tokens = training.problem.tokens
    if tokens:
        if labels:
            return (inputs + 17) % tokens, (targets + 17) % tokens
        return targets.flip(1), inputs.flip(1)
    if targets.is_floating_point():
        turned = 1 - inputs if labels else inputs.roll(training.setting.seed % 20 + 9, 1)
        return turned, turned
    if labels:
        return inputs, (targets + 1) % (int(training.problem.held_out()[1].max()) + 1)
    return inputs.flip(-1), targets

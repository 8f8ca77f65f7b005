"""What is written, built in the installed libraries: they give the learning rates of the schedule at every update."""

from typing import Any

import numpy as np
import optax
import pytest
import torch
import transformers

import glidepath as gp
from glidepath.schedules import dialects

STEPS, PEAK = 100, 0.3
FLOAT32 = 1e-6
RECURSIVE = 1e-9  # torch's own recursions add up last bits
WARM = gp.warmup(10, start=0)
RECIPES = {
    "cosine": gp.warmup(10) >> gp.cosine(to=0.1),
    "linear": WARM >> gp.linear(to=0.1),
    "stable": WARM >> gp.hold() >> gp.linear(30, to=0.2),
    "stable cosine": gp.warmup(10) >> gp.hold(30) >> gp.cosine(),
    "held": gp.warmup(10) >> gp.cosine(40, to=0.1) >> gp.hold(),
    "polynomial": WARM >> gp.decay(shape="polynomial", power=2.0),
    "exponential": WARM >> gp.hold(20) >> gp.decay(to=0.01, shape="exponential"),
    "levels": gp.hold(30) >> gp.hold(30, at=0.1) >> gp.hold(at=0.5),
    "steps": WARM >> gp.steps(20, factor=0.5),
    "restarts": gp.repeat(gp.cosine(to=0.1), every=20),
    "triangles": gp.repeat(gp.warmup("50%", start=0.1) >> gp.linear(to=0.1), times=5),
    "one-cycle": gp.warmup("30%", start=0.04, shape="cosine") >> gp.cosine(to=4e-6),
    "constant": gp.hold(at=0.5),
}


def torchs(name: str, config: dict[str, Any]) -> list[float]:
    """The rates of a torch scheduler, also of one in one."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)

    def build(name: str, config: dict[str, Any]) -> Any:
        inner = [build(**one) for one in config.get("schedulers", [])]
        named = {**config, "schedulers": inner} if inner else config
        return getattr(torch.optim.lr_scheduler, name)(optimizer, **named)

    scheduler, values = build(name, config), []
    for _ in range(STEPS):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return values


def optaxs(name: str, config: dict[str, Any]) -> list[float]:
    """The values of an optax schedule, also of schedules joined."""

    def build(name: str, config: dict[str, Any]) -> Any:
        named = dict(config)
        if "schedules" in named:
            named["schedules"] = [build(**one) for one in named["schedules"]]
        if "boundaries_and_scales" in named:
            named["boundaries_and_scales"] = {int(at): by for at, by in named["boundaries_and_scales"].items()}
        return getattr(optax, name)(**named)

    schedule = build(name, config)
    return [float(schedule(step)) for step in range(STEPS)]


def transformerss(name: str, config: dict[str, Any]) -> list[float]:
    """The rates that get_scheduler gives."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    plan = {field: config.get(field) for field in ("num_warmup_steps", "num_training_steps")}
    extra = {field: value for field, value in config.items() if field not in plan}
    scheduler = transformers.get_scheduler(name, optimizer, **plan, scheduler_specific_kwargs=extra)
    values = []
    for _ in range(STEPS):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return values


PEERS = {"torch": torchs, "optax": optaxs, "transformers": transformerss}
HAVE = {
    "torch": set(RECIPES),
    "optax": set(RECIPES) - {"one-cycle"},
    "transformers": {"cosine", "linear", "polynomial"},
}


@pytest.mark.filterwarnings("ignore")  # the libraries' own, about the order of steps
@pytest.mark.parametrize("library", PEERS)
@pytest.mark.parametrize("title", RECIPES)
def test_the_library_gives_the_rates_of_the_schedule(complaint, library, title):
    schedule = RECIPES[title].over(STEPS, peak=PEAK)
    if title not in HAVE[library]:
        complaint(dialects.write, schedule, library)
        return
    theirs = PEERS[library](*dialects.write(schedule, library))
    exact = RECURSIVE if library in ("torch", "transformers") else FLOAT32
    np.testing.assert_allclose(theirs, schedule(range(STEPS)), rtol=0, atol=exact * PEAK)

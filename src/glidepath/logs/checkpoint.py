"""Checkpoints of torch and what trains on it: the learning rate at which they stand, as a run of one point.

    Lightning      global_step, optimizer_states[i], lr_schedulers[i], hyper_parameters
    transformers   scheduler.pt, optimizer.pt; accelerate  scheduler.bin, whose last_epoch counts once a process
    nnU-Net        logging: lists over the epochs, which are curves; current_epoch, optimizer_state
    nanoGPT        iter_num, optimizer, config            DeepSpeed   global_steps, global_samples, lr_scheduler
    Megatron       iteration, opt_param_scheduler, whose num_steps, warmup and decay count samples

A scheduler has already moved on when a checkpoint is written, so that the learning rate is that of the update to come.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from glidepath.errors import LogError
from glidepath.logs.checkpoint_file import PLAIN, is_checkpoint, loaded, plain
from glidepath.logs.files import called
from glidepath.logs.gathering import whole
from glidepath.runs.names import RATE
from glidepath.runs.recording import Column, Recording

NAME = "torch checkpoint"
STEPS = ("global_step", "global_steps", "iter_num", "iteration", "num_updates", "step", "steps", "it")
EPOCHS = ("current_epoch", "epoch")
GROUPS, LAST_RATES = "param_groups", "_last_lr"
LAST_STEPS = ("last_epoch", "last_batch_iteration")  # of a scheduler: torch's, DeepSpeed's
OF_SCHEDULER = {LAST_RATES, *LAST_STEPS, "lr_decay_style", "decay_style"}  # one of them is in each scheduler's state
LOGGING = "logging"  # nnU-Net's
LISTS = {"train_losses": "train_loss", "val_losses": "val_loss", "lrs": RATE}  # the names that are known here
CONFIGURED = ("config", "model_args", "hyper_parameters", "init_args", "args")  # dicts of settings
MOST_GROUPS = 10_000


def recognises(path: Path, head: bytes) -> bool:  # noqa: ARG001 - the same for all readers
    """A file that begins as torch's do."""
    return is_checkpoint(head)


def read(path: Path) -> Mapping[str, Recording]:
    """What it says of the learning rate; raises LogError where that is nothing, or it holds more than plain values."""
    state = loaded(path)
    if not isinstance(state, dict):
        raise LogError(f"{called(path)}: expected a checkpoint that is a dict, got a {type(state).__name__}")
    lists = _lists(state.get(LOGGING))
    groups, schedulers = list(_groups(state)), list(_schedulers(state))
    settings = _settings(state, groups, schedulers)
    if lists:
        return {"": Recording(lists, settings, origin=NAME, clock="epochs")}
    step, clock = _place(state, schedulers)
    rates = _rates(groups, schedulers)
    if not rates:
        raise LogError(f"{called(path)}: expected an optimizer or a scheduler in a checkpoint, got none with a rate")
    columns = {name: Column([step], [rate]) for name, rate in rates.items()}
    note = f"a checkpoint behind {step} {clock}: the learning rate is that of the next"
    return {"": Recording(columns, settings, (note,), origin=NAME, clock=clock)}


def _groups(state: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The groups of every optimizer: of the state itself, of one in it, of several in a list in it."""
    for one in _states(state):
        found = one.get(GROUPS)
        if isinstance(found, list):
            yield from (group for group in found[:MOST_GROUPS] if isinstance(group, dict))


def _schedulers(state: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (one for one in _states(state) if not OF_SCHEDULER.isdisjoint(one))


def _states(state: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The state, the dicts in it, and those in lists in it."""
    yield state
    for value in state.values():
        inner = value if isinstance(value, list) else [value]
        yield from (one for one in inner[:MOST_GROUPS] if isinstance(one, dict))


def _lists(logging: Any) -> dict[str, Column]:
    """The lists of numbers, one an epoch."""
    found = logging if isinstance(logging, dict) else {}
    numbers = {name: [plain(one) for one in value] for name, value in found.items() if isinstance(value, list)}
    return {
        LISTS.get(str(name), str(name)): Column(range(len(value)), value)
        for name, value in numbers.items()
        if value and all(isinstance(one, (int, float)) for one in value)
    }


def _place(state: Mapping[str, Any], schedulers: list[Mapping[str, Any]]) -> tuple[int, str]:
    """How many updates, or else epochs, were done."""
    last = (one.get(name) for one in schedulers for name in LAST_STEPS)
    for value in (*(state.get(name) for name in STEPS), *last):
        if (step := whole(plain(value))) is not None:
            return step, "steps"
    epochs = (whole(plain(state.get(name))) for name in EPOCHS)
    found = next((epoch for epoch in epochs if epoch is not None), None)
    return (0, "steps") if found is None else (found, "epochs")


def _rates(groups: list[Mapping[str, Any]], schedulers: list[Mapping[str, Any]]) -> dict[str, float]:
    """Of each group, by its name or its number; without an optimizer what the scheduler set last."""
    rates = [(group.get("name"), plain(group.get("lr"))) for group in groups]
    if not rates:
        lasts = (one[LAST_RATES] for one in schedulers if isinstance(one.get(LAST_RATES), list))
        rates = [(None, plain(rate)) for rate in next(lasts, [])[:MOST_GROUPS]]
    return {
        RATE if len(rates) == 1 else f"{RATE}/{name if isinstance(name, str) else f'pg{at}'}": float(rate)
        for at, (name, rate) in enumerate(rates)
        if isinstance(rate, (int, float))
    }


def _settings(
    state: Mapping[str, Any], groups: list[Mapping[str, Any]], schedulers: list[Mapping[str, Any]]
) -> Mapping[str, Any]:
    """What is plain: of the state itself, of its configuration, of each group and each scheduler."""
    bare = {name: value for name, value in state.items() if isinstance(name, str) and isinstance(value, PLAIN)}
    inner: dict[str, Any] = {name: plain(state.get(name)) for name in CONFIGURED}
    inner["groups"] = [plain({key: value for key, value in group.items() if key != "params"}) for group in groups]
    inner["schedulers"] = [plain(one) for one in schedulers]
    return MappingProxyType(bare | {name: value for name, value in inner.items() if value})

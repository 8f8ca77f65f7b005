"""One process of one segment of a life: it trains by a script, writes down what was used, and dies where it is told."""

from __future__ import annotations

import io
import os
import signal
import traceback
import warnings
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

import glidepath as gp
from glidepath.errors import AttachError, ResumeConflict, ScheduleError
from glidepath.frameworks.torch import attach
from glidepath.runs.requests import request
from glidepath.schedules.continuation import Policy, append, branch, rewarm

RATIOS = (1.0, 0.25)  # of the learning rates of the two groups
SECONDS = 60  # that a process waits for another, far above what a segment takes
ORDERS = tuple(o for o in permutations(("attach", "optimizer", "load")) if o.index("attach") < o.index("load"))
Script = dict[str, Any]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Log:
    """Lines that a kill does not lose."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __call__(self, *words: object) -> None:
        os.write(self._file, (" ".join(map(str, words)) + "\n").encode())


class Spied(Optimizer):
    """Plain descent, which writes down the learning rates with which it moves the parameters."""

    def __init__(self, groups: list[dict[str, Any]], log: Log, *, fused: bool) -> None:
        super().__init__(groups, {})
        self.log, self.applied, self.dies_at = log, 0, -1
        self._step_supports_amp_scaling = fused

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # noqa: ARG002 - the interface of torch
        if float(self.__dict__.get("found_inf", 0)):
            return
        if self.applied == self.dies_at:
            die()
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.sub_(parameter.grad, alpha=float(group["lr"]) * 1e-3)
        self.log("used", self.applied, *(float(group["lr"]).hex() for group in self.param_groups))
        self.applied += 1


class Cut(io.RawIOBase):
    """A file whose writer dies behind so many bytes."""

    def __init__(self, path: Path, at: int | None, log: Log) -> None:
        self._file, self._left, self._log = path.open("wb", buffering=0), at, log

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        if self._left is not None and self._left <= len(view):
            self._file.write(view[: self._left])
            self._log("cut")
            die()
        if self._left is not None:
            self._left -= len(view)
        return self._file.write(view) or 0


def policy_of(told: list[Any] | None) -> str | Policy | None:
    """The policy of a word and its numbers."""
    if told is None:
        return None
    word, *numbers = told
    if word == "rewarm":
        return rewarm(numbers[0])
    if word == "append":
        return append(gp.hold(numbers[0]) >> gp.linear())
    return branch(gp.linear(), numbers[0]) if word == "branch" else str(word)


class Segment:
    """A process of a segment, by its script."""

    def __init__(self, script: Script, rank: int, folder: Path) -> None:
        self.script, self.rank, self.folder = script, rank, folder
        self.log = Log(folder / f"{script['number']}-{rank}.log")
        warnings.simplefilter("ignore")
        if script["world"] > 1:
            store = distributed.FileStore(str(folder / f"store-{script['number']}"), script["world"])
            distributed.init_process_group(
                "gloo", store=store, rank=rank, world_size=script["world"], timeout=timedelta(seconds=SECONDS)
            )
        layers = torch.nn.Linear(3, 2), torch.nn.Linear(2, 1)
        self.inner = torch.nn.Sequential(*layers)
        self.model = DistributedDataParallel(self.inner) if script["world"] > 1 else self.inner
        groups = [{"params": layer.parameters(), "lr": lr} for layer, lr in zip(layers, RATIOS, strict=True)]
        self.optimizer = Spied(groups, self.log, fused=script["mixed"] == "fused")
        self.scaler = torch.amp.GradScaler("cpu", init_scale=4.0, enabled=script["mixed"] is not None)

    # ---- The way back. ----

    def saved(self) -> dict[str, Any] | None:
        """The newest checkpoint that can be read; None where there is none."""
        files = sorted(self.folder.glob("*.pt"), key=lambda path: int(path.stem), reverse=True)
        for path in files:
            try:
                state: dict[str, Any] = torch.load(path, weights_only=True)
            except Exception as error:  # noqa: BLE001 - whatever torch says of a file that was cut
                self.log("unreadable", path.stem, type(error).__name__)
                continue
            return state
        return None

    def schedule(self) -> gp.Schedule:
        asked = self.script["asked"]
        horizon = gp.Horizon(asked["horizon"], samples_per_step=asked["batch"])
        return gp.parse(asked["text"]).over(horizon, peak=asked["peak"])

    def attach(self, policy: list[Any] | None) -> None:
        journal = self.folder / "run.jsonl" if self.script["journal"] else None
        self.scheduler = attach(self.optimizer, self.schedule(), policy=policy_of(policy), journal=journal)

    def begin(self) -> None:
        """As the checkpoint was, its parts loaded in the order of the script."""
        state = self.saved()
        policy = ["hold"] if self.script["apart"] and self.rank else self.script["policy"]
        if state is None:
            self.attach(policy)
            self.log("begins", 0)
            return
        if self.script["conflict"]:
            self._conflict(state)
        self.inner.load_state_dict(state["model"])
        self.scaler.load_state_dict(state["scaler"] if self.scaler.is_enabled() else {})
        try:
            self._load(state, policy)
        except ResumeConflict:
            self.log("refused")
            self._load(state, ["hold"])
        self.optimizer.applied = state["applied"]
        self.log("begins", state["applied"])

    def _load(self, state: dict[str, Any], policy: list[Any] | None) -> None:
        ways = {
            "attach": lambda: self.attach(policy),
            "optimizer": lambda: self.optimizer.load_state_dict(state["optimizer"]),
            "load": lambda: self.scheduler.load_state_dict(state["scheduler"]),
        }
        for way in ORDERS[self.script["order"]]:
            ways[way]()

    def _conflict(self, state: dict[str, Any]) -> None:
        """Without a policy another schedule must be loud."""
        self.attach(None)
        try:
            self.scheduler.load_state_dict(state["scheduler"])
        except ResumeConflict:
            self.log("conflict")

    # ---- The training. ----

    def train(self) -> None:
        script = self.script
        self.begin()
        if script["kill"] and script["kill"]["phase"] == "within" and self.rank == script["kill"]["rank"]:
            self.optimizer.dies_at = script["kill"]["at"]
        while self.optimizer.applied < script["until"]:
            step = self.optimizer.applied
            self._killed("before", step)
            for change in script["changes"].get(str(step), []):
                self._amend(change)
            for table in script["requests"].get(str(step), []):
                if self.rank == 0:
                    request(self.folder / "run.jsonl", table)
            for _ in range(script["overflows"].get(str(step), 0)):
                self.update(overflow=True)
            self.update()
            self._killed("behind", step)
            if self.optimizer.applied % script["every"] == 0:
                self.save()
        self.save()
        self.log("done")

    def _amend(self, change: dict[str, Any]) -> None:
        try:
            self.scheduler.amend(**change)
        except ScheduleError:
            self.log("unfit", self.optimizer.applied)

    def update(self, *, overflow: bool = False) -> None:
        for _ in range(self.script["k"]):
            loss = self.model(torch.ones(self.script["micro"], 3)).square().mean()
            self.scaler.scale(loss / self.script["k"]).backward()
            for _ in range(self.script["ticks"]):
                self.scheduler.step()
        if overflow:
            for parameter in self.model.parameters():
                parameter.grad = torch.full_like(parameter, torch.inf)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad()

    def _killed(self, phase: str, step: int) -> None:
        kill = self.script["kill"]
        if kill and (kill["phase"], kill["at"], kill["rank"]) == (phase, step, self.rank):
            die()

    def save(self) -> None:
        """The first process writes: to another name that takes the place of the last, or straight to its own."""
        kill, step = self.script["kill"], self.optimizer.applied
        told = self.scheduler.state_dict()
        if self.rank:
            return
        state = {"model": self.inner.state_dict(), "optimizer": self.optimizer.state_dict(), "scheduler": told}
        state |= {"scaler": self.scaler.state_dict(), "applied": step}
        cut = kill["bytes"] if kill and kill["phase"] == "writing" and kill["at"] <= step else None
        path = self.folder / f"{step}.pt"
        written = self.folder / "writing.tmp" if self.script["atomic"] else path
        self.log("writes", step)
        torch.save(state, Cut(written, cut, self.log))
        if self.script["atomic"]:
            if cut is not None:  # whole, and not yet in its place
                self.log("cut")
                die()
            written.replace(path)
        self.log("wrote", step)


def run(script: Script, rank: int, folder: Path) -> int:
    """A process from its begin to its end; gives its exit status."""
    segment = None
    try:
        segment = Segment(script, rank, folder)
        segment.train()
    except AttachError as error:
        if not script["apart"]:
            raise
        assert segment is not None
        segment.log("apart", "policy" in str(error))
    except Exception:  # noqa: BLE001 - whatever it is, the parent is told
        (folder / f"{script['number']}-{rank}.error").write_text(traceback.format_exc())
        return 1
    return 0

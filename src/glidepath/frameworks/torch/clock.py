"""A schedule, or a plan, driven by the optimizer's own count of applied updates, behind torch's scheduler interface."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from glidepath.diagnosis.finding import Finding
from glidepath.errors import ResumeConflict
from glidepath.frameworks.torch import ranks
from glidepath.frameworks.torch.driven import Ahead, Driven, driven
from glidepath.frameworks.torch.groups import Group
from glidepath.frameworks.torch.idling import Idling
from glidepath.frameworks.torch.joining import Joined, rates_with, share_at, warm, warmup_of
from glidepath.frameworks.torch.plans import absent, unnamed
from glidepath.frameworks.torch.recording import Lane
from glidepath.frameworks.torch.rehearsing import is_rehearsal
from glidepath.frameworks.torch.resuming import Checkpoint, Terms, adopted, checked, prepared, state_of
from glidepath.runs.names import RATE
from glidepath.schedules.amendments import Amendment, amendment, landing
from glidepath.schedules.course import REQUESTED, Course, lr_of
from glidepath.schedules.plan import Plan
from glidepath.schedules.schedule import Schedule


class Scheduler(LRScheduler):
    """Sets the learning rates of an optimizer's groups, and what else a plan says of them; made by `attach`.

    The clock is the optimizer: hooks around its step count the updates that were applied and set the learning rate
    of the next one. `step()` stays legal for code that calls it, and moves nothing. `last_epoch` is the index of the
    next update; `get_last_lr()` gives, until `step()` is called behind an update, what that update used, and the next
    learning rates from then on, as torch's own do. `schedule` is what is in force; `course` says what the code asked
    for, and what was made of it.

    Where a plan names groups, `unnamed` lists those of the optimizer that it does not name, which run with its own
    values, and `absent` the names that no group has, as when a second optimizer has them; else both are empty.
    """

    def __init__(self, optimizer: Optimizer, to: Driven, step: int, terms: Terms) -> None:
        """Set the learning rates of update `step` and begin to count. See `attach`."""
        self.optimizer = optimizer
        self._terms, self._lane, self._telling = terms, terms.lane, terms.telling
        self._captured = False
        self._go(to, Joined(), step)
        self._hook()

    def _hook(self) -> None:
        """Around the step of the optimizer, in the place of a scheduler before."""
        earlier = attached(self.optimizer)
        if earlier is not None:  # attached anew, as a notebook's cell does
            earlier.release()
        before = self.optimizer.register_step_pre_hook(self._before)
        behind = self.optimizer.register_step_post_hook(self._behind)
        loaded = self.optimizer.register_load_state_dict_post_hook(self._loaded)
        self._hooks = before, behind, loaded
        self._agreed = False  # whether all processes were found to go by one plan

    def release(self) -> None:
        """Drive the optimizer no longer; its learning rates stay where they are, and the journal is closed."""
        for hook in self._hooks:
            hook.remove()
        if self._lane is not None:
            self._lane.record.close()

    def _go(self, to: Driven, joined: Joined, step: int) -> None:
        """Go by this from an update on: its values into the groups, and the ones that follow made ready."""
        self._to, self._joined = to, joined
        self.base_lrs: list[Any] = list(to.base_lrs)
        self.last_epoch = self._told = step
        self._ahead = Ahead(to.values, step)
        self._idling = Idling(self.optimizer)
        groups, self._warming = self.optimizer.param_groups, joined
        self._on_device = any(isinstance(group["lr"], torch.Tensor) and group["lr"].is_cuda for group in groups)
        for group, lr in zip(groups, to.base_lrs, strict=True):
            group["initial_lr"] = lr  # torch's own name for it: it travels in the optimizer's state
        to.filler.fill(groups, self._ahead.at(step))
        self._warm(groups)

    def _loaded(self, optimizer: Optimizer) -> None:
        """Behind the loading of the optimizer, which brings the values of another plan where a policy left that."""
        if len(optimizer.param_groups) == len(self._to.base_lrs):
            self._to.filler.fill(optimizer.param_groups, self._ahead.at(self.last_epoch))
            self._warm(optimizer.param_groups)

    @property
    def course(self) -> Course:
        """What the code asked for, what the run goes on with, and the changes made under way."""
        return self._to.course

    @property
    def schedule(self) -> Schedule | Plan:
        """What is in force."""
        return self._to.schedule

    @property
    def unnamed(self) -> list[str]:
        """The groups that a plan does not name."""
        return unnamed(self.schedule, self._to.names)

    @property
    def absent(self) -> list[str]:
        """The names of a plan that no group has."""
        return absent(self.schedule, self._to.names)

    @property
    def _step_count(self) -> int:  # type: ignore[override]  # torch's schedulers keep it, and we need not
        return self.last_epoch + 1

    def _before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:  # noqa: ARG002 - a hook's signature
        """In front of each step of the optimizer: groups that came meanwhile join, and what is used is looked at."""
        if kwargs and is_rehearsal(optimizer, kwargs):
            return
        if not self._agreed:
            self._agree()
        if len(optimizer.param_groups) != len(self._to.base_lrs):
            self._join()
        if self._lane is not None:
            self._look(self._lane)

    def _behind(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:  # noqa: ARG002 - a hook's signature
        """Behind each step of the optimizer: count it if it was applied, and set the next learning rate."""
        if kwargs and is_rehearsal(optimizer, kwargs):
            return
        # A fused optimizer under GradScaler takes the overflow into its step and skips the update itself.
        if "found_inf" in optimizer.__dict__ and float(optimizer.__dict__["found_inf"]):
            return
        if self._on_device and torch.cuda.is_current_stream_capturing():
            self._captured = True  # nothing is applied yet, and what is written here would be written at every replay
        elif torch.compiler.is_compiling():
            self._count_apart()
        else:
            self._count()

    def _count(self) -> None:
        step = self.last_epoch = self.last_epoch + 1
        groups = self.optimizer.param_groups
        self._to.filler.fill(groups, self._ahead.at(step))
        if self._warming:
            self._warm(groups)
        if self._lane is not None:
            self._lane.write(step - 1, self._to.names)
            self._lane.hear(self.last_epoch, self._amend)

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def _agree(self) -> None:
        """Before the first update behind an attachment or a checkpoint: all processes are about to do the same."""
        recorded = "none" if self._lane is None else "one"
        ranks.agree_on(self.schedule, self.last_epoch, self._terms.policy, journal=recorded)
        self._agreed = True

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def _look(self, lane: Lane) -> None:
        lane.look(self.optimizer.param_groups, self.get_lr(), self.last_epoch)

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def _count_apart(self) -> None:
        """Outside of a compiled step, which would else be compiled anew for each count."""
        self._count()

    def _warm(self, groups: Sequence[Group]) -> None:
        """Groups that are on their way, down to their share; the others are forgotten."""
        self._warming = {i: one for i, one in self._warming.items() if share_at(self.last_epoch, one) < 1}
        warm(groups, self._warming, self.last_epoch)

    def _join(self) -> None:
        """Groups added to the optimizer: from here on they are driven too, at once or by a warmup of their own."""
        groups, count = self.optimizer.param_groups, len(self._to.base_lrs)
        joined = {index: (self.last_epoch, warmup_of(groups[index])) for index in range(count, len(groups))}
        to = driven(self.optimizer, self.course, *rates_with(groups, self._to))
        self._go(to, self._joined | joined, self.last_epoch)

    def step(self, epoch: int | None = None) -> None:  # noqa: ARG002 - the interface of torch
        """Nothing: the optimizer has counted already. From here on `get_last_lr` shows the next update.

        But behind the replay of a captured CUDA graph, which calls no hook: there it is this call that counts.
        Raises AttachError where it is another optimizer than the attached one that trains.
        """
        if self._captured:
            self._count()
        elif self._told == self.last_epoch:
            self._idling.told(self.last_epoch)
        self._told = self.last_epoch

    def amend(self, **change: Any) -> Amendment:
        """Change what is in force from the next update on, for good: it is saved, recorded, and there after a resume.

        One of `scale=0.5` (of what is left), `cap=1e-4`, `horizon=9_000` (with `policy=`), `hold=True`,
        `release=True`. Raises ScheduleError where it does not fit, SpecError where it is no change; nothing is
        changed then.
        """
        made = self.amendment(**change)
        self._amend(made)
        return made

    def tell(self, loss: float | torch.Tensor, **beside: float | torch.Tensor) -> tuple[Finding, ...]:
        """What the update that was applied last saw: its loss, and `grad_norm`, `loss_scale`, `validation_loss`.

        Kept in the journal, and heard by the `watch` of `attach`, which gives what it finds, and acts. Numbers on a
        device, and those of several processes, all of which tell, are read 32 updates at a time. Raises DivergedError
        where the watch stops, AttachError for what is no number or before the first update.
        """
        return self._tell({"loss": loss, **beside}, self.amend)

    def _tell(self, seen: dict[str, Any], amend: Callable[..., Any]) -> tuple[Finding, ...]:
        step = self.last_epoch - 1
        if self._telling.listens:
            seen[RATE] = float(self._lrs(max(0, step))[0])
        return self._telling.tell(step, seen, self.course.amendments, amend).findings

    def land_by(self, share: float) -> Amendment | None:
        """End with the data, of which the run has seen this share (above 0, to 1), where its length was an estimate.

        Tell it as often as you like: the horizon becomes the steps done by the share, and what is left of the plan is
        stretched to it. Gives the amendment, or None where the horizon is right, to a hundredth of what is left, or
        where the learning rate would rise by more than a tenth at once, in a warmup.
        """
        horizon = landing(lr_of(self.schedule), self.last_epoch, share)
        with suppress(ResumeConflict):
            return None if horizon is None else self.amend(horizon=horizon)
        return None

    def amendment(self, **change: Any) -> Amendment:
        """The change that `amend` would make; raises as it does."""
        made = amendment({**change, "step": self.last_epoch})
        self.course.amend(made)
        return made

    def _amend(self, change: Amendment) -> None:
        told = self._told
        to = driven(self.optimizer, self.course.amend(change), self._to.base_lrs, self._to.units)
        self._go(to, self._joined, self.last_epoch)
        self._told = told
        if self._lane is not None:
            self._lane.amended(change)

    def settings(self) -> dict[str, Any]:
        """What the journal says of a segment."""
        return self.course.state() | {"unnamed": self.unnamed}

    def get_last_lr(self) -> list[float | torch.Tensor]:
        """The learning rates of the groups: of the last update until `step()` is called, then of the next."""
        return self._lrs(self.last_epoch - (self._told != self.last_epoch))

    def get_lr(self) -> list[float | torch.Tensor]:
        """The learning rates of the next update."""
        return self._lrs(self.last_epoch)

    def _lrs(self, step: int) -> list[Any]:
        lrs = self._to.filler.lrs(self._ahead.at(step))
        for index, joined in self._joined.items():
            lrs[index] *= share_at(step, joined)
        return lrs

    def state_dict(self) -> dict[str, Any]:
        """What a resume needs, in plain types that `torch.load(weights_only=True)` reads."""
        heard = None if self._lane is None else self._lane.record.heard
        return state_of(self._to, self.last_epoch, self._joined, self.get_last_lr(), heard)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where a checkpoint was: the next update's values are those of the uninterrupted run.

        Where the code asks for another schedule, plan or ratios between groups than the checkpoint has, it goes on
        by the policy that `attach` was given, and raises ResumeConflict where none was. Raises CheckpointError for
        what is no state of ours; under "requested" one of torch's own is taken for its count. Nothing is changed then.
        """
        self._restore(*self._prepared(state_dict))

    def _prepared(self, state: Mapping[str, Any]) -> tuple[Checkpoint, Driven]:
        """What a checkpoint makes of this scheduler, looked at whole before anything is changed by it."""
        policy, most = self._terms.policy, self._terms.most
        found = checked(adopted(state, self._to) if policy == REQUESTED else state)
        return prepared(self.optimizer, self._to, found, policy, most)

    def _restore(self, found: Checkpoint, to: Driven) -> None:
        self._go(to, found.joined, found.step)
        self._agreed = False
        if self._lane is not None:
            self._lane.record.begin(self.settings(), found.heard)

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and deepcopy: the hooks are made anew, and the journal stays with the original."""
        terms = {"policy": self._terms.policy, "most": self._terms.most}
        return {"optimizer": self.optimizer, "state": self.state_dict(), **terms}

    def __setstate__(self, saved: dict[str, Any]) -> None:
        self.optimizer = saved["optimizer"]
        self._terms = Terms(saved["policy"], saved["most"])
        self._lane, self._telling = None, self._terms.telling
        self._captured = False
        found = checked(saved["state"])
        self._go(driven(self.optimizer, found.course, found.base_lrs, found.units), found.joined, found.step)
        self._hook()


def attached(optimizer: Optimizer) -> Scheduler | None:
    """The scheduler that drives an optimizer, or None."""
    owners = (getattr(hook, "__self__", None) for hook in optimizer._optimizer_step_post_hooks.values())
    return next((owner for owner in owners if isinstance(owner, Scheduler)), None)

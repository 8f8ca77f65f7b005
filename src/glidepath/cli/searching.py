"""The search for a peak with what a user's script returns: a probe or a range test, of a torch model or of `train`."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from glidepath.cli.options import planned
from glidepath.cli.script import Training, Workload, blamed, loaded
from glidepath.cli.sources import Source
from glidepath.errors import LabError
from glidepath.finder.agreement import suggestion_of
from glidepath.finder.probe import Probe
from glidepath.finder.range_test import RangeTest
from glidepath.finder.suggestion import Suggestion, Trial
from glidepath.frameworks import probing
from glidepath.frameworks.sweeping import shown_bar
from glidepath.schedules.dialects.documents import Terms
from glidepath.schedules.levels import number
from glidepath.schedules.schedule import Schedule

BUDGET = 0.5  # whole runs, where none is asked for
OF_A_PROBE, OF_A_RANGE_TEST, OF_A_MODEL = ("budget", "centre", "record"), ("seeds",), ("clip", "accumulation")


@dataclass(slots=True)
class Search:
    """A search for the peak of a `target`, SCRIPT:FUNCTION, with the options `asked`, None where one was not given.

    What is known while it goes on: its schedule, the trials, and whether the training has begun, so that a FinderError
    is no longer about the options.
    """

    target: str
    asked: dict[str, Any]
    schedule: Schedule | None = None
    trials: list[Trial] = field(default_factory=list)
    begun: bool = False

    def found(self) -> Suggestion:
        """The suggestion; raises FinderError for a refusal, and LabError for what the script raises."""
        sweeps = self.asked["range_test"]
        self._refuse(*(OF_A_PROBE, "a probe") if sweeps else (OF_A_RANGE_TEST, "--range-test"))
        number(1.0 if self.asked["clip"] is None else self.asked["clip"], "--clip")  # a range lets NaN through
        with blamed(self.target):
            work = loaded(self.target)
            if isinstance(work, Training):
                self._refuse(OF_A_MODEL, "a model")
            if sweeps and self.asked["horizon"] is None:
                return self._swept(work)
            self.schedule = self._planned(work)
            return self._swept(work) if sweeps else self._probed(work, self.schedule)

    def _refuse(self, names: Sequence[str], of: str) -> None:
        for name in names:
            if self.asked[name] is not None:
                raise LabError(f"expected --{name} only with {of}, got it without: leave it out")

    def _planned(self, work: Workload | Training) -> Schedule:
        """The schedule over the horizon, which may be in epochs of the loader."""
        rates = {name: self.asked[name] for name in ("steps_per_epoch", "tokens_per_step", "samples_per_step")}
        if isinstance(work, Workload) and rates["steps_per_epoch"] is None:
            with suppress(TypeError):  # no length
                batches = len(work.loader)  # type: ignore[arg-type]
                rates["steps_per_epoch"] = -(-batches // self._accumulation) or None
        horizon = None if self.asked["horizon"] is None else planned(self.asked["horizon"], rates)
        return Source.of(self.asked["schedule"]).schedule(Terms(horizon, rates["steps_per_epoch"]))[1]

    @property
    def _accumulation(self) -> int:
        return self.asked["accumulation"] or 1

    def _probed(self, work: Workload | Training, schedule: Schedule) -> Suggestion:
        centre, budget = self.asked["centre"], self.asked["budget"]
        budget = BUDGET if budget is None else budget
        Probe(schedule, centre=1.0 if centre is None else centre, budget=budget).ask()  # refuses before it costs
        rate = schedule.horizon.steps_per_epoch
        epochs = None if rate is None else float(schedule.horizon.steps / rate)
        named = {"centre": centre, "budget": budget, "record": self.asked["record"], "told": self._told}
        if isinstance(work, Training):
            return probing.probe(self._noted(work), schedule, epochs=epochs or 1.0, **named)
        from glidepath.frameworks.torch import probe  # here, because only what it trains has it

        return probe(
            work.model,
            work.optimizer,
            self._noted(work),
            schedule,
            batches=work.loader,
            validation=work.validation,
            accumulation=self._accumulation,
            clip=self.asked["clip"],
            epochs=epochs,
            **named,
        )

    def _swept(self, work: Workload | Training) -> Suggestion:
        seeds = self.asked["seeds"] or 1
        if isinstance(work, Training):
            return _sweeps(self._noted(work), seeds)
        from glidepath.frameworks.torch.range_test import range_test

        return range_test(
            work.model,
            work.optimizer,
            self._noted(work),
            seeds=seeds,
            batches=work.loader,
            validation=work.validation,
            accumulation=self._accumulation,
            clip=self.asked["clip"],
        )

    def _noted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*arguments: Any) -> Any:
            found = function(*arguments)
            self.begun = True
            return found

        return noting

    def _told(self, trial: Trial, _: int) -> None:
        self.begun = True
        self.trials.append(trial)


def _sweeps(train: Callable[[Schedule, int, int], Any], seeds: int) -> Suggestion:
    """A range test of `train`, which cannot be stopped early: each sweep costs all of its updates."""
    tests = [RangeTest() for _ in range(seeds)]
    steps, cost = tests[0].schedule.horizon.steps, 0
    words = f"range test: at most {seeds * steps} updates, {steps} for each of {seeds} seeds"
    with shown_bar(words, seeds * steps, quiet=False) as tick:
        for seed, test in enumerate(tests):
            losses = train(test.schedule, steps, seed)
            for loss in losses[0] if isinstance(losses, tuple) else losses:
                test.tell(loss)
                cost += 1
            tick(cost)
    return replace(suggestion_of([test.sweep() for test in tests]), cost=cost)

"""A callback that keeps the learning rates that were used: in Keras's own logs, and in a journal."""

import warnings
from contextlib import suppress
from math import nan
from pathlib import Path
from typing import Any

from glidepath._extras import require
from glidepath.errors import AttachError, shown
from glidepath.frameworks.keras.schedule import LearningRate, optimizer_of, rate_of, updates_of
from glidepath.frameworks.watching import Answer, Cut, Guard, line, words
from glidepath.runs.journal import Journal
from glidepath.schedules.amendments import amendment
from glidepath.schedules.spec import to_spec

keras: Any = require("keras")


class LearningRateLog(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Logs the learning rate of every applied update; a callback of `model.fit` for a model that a schedule drives.

    Each epoch's logs get `learning_rate`, that of its last update: in `History`, and for the callbacks behind this one,
    as `CSVLogger`. A `journal` (a path) gets `{"step": u, "lr": ...}` for every applied update `u`, and each epoch's
    logs at its last; a `fit` that goes on begins a segment at its step. They are written behind each epoch, or behind
    every so many micro-batches too (`every`, 0 for never; on JAX each time waits for the device).

    A `watch` hears the loss of every update (on JAX it waits for the device each time). What goes wrong is said as a
    warning ("warn"), ends the training ("stop"), or cuts what is left of the schedule and warms up again ("cut", or
    what `glidepath.frameworks.keras.cut` makes; on JAX the training is compiled anew then).

    `fit` raises AttachError at its begin where the model has no schedule of ours, or one that does not count as its
    optimizer accumulates.
    """

    def __init__(self, journal: str | Path | None = None, *, every: int = 0, watch: str | Cut | None = None) -> None:
        """Take the place of the journal; it is opened when training begins."""
        super().__init__()
        if isinstance(every, bool) or not isinstance(every, int) or every < 0:
            raise AttachError(f"expected to log every so many micro-batches, or 0, got {shown(every)}")
        self.path = journal
        self.every = every
        self.guard = None if watch is None else Guard(watch)
        self.async_safe = not every and self.guard is None  # Keras may go on with the next batch while nothing is read
        self._journal: Journal | None = None
        self._logged = 0
        self._batches, self._mean = 0, (0, 0.0)  # since training began; of this epoch, how many made which mean

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002 - the interface of Keras
        """See that the schedule counts as the optimizer does, and begin a segment of the journal."""
        optimizer = optimizer_of(self.model)
        rate = rate_of(optimizer)
        self.on_train_end()  # of a fit that was interrupted
        self._logged = self._begun = updates_of(optimizer)
        self._batches = 0
        if self.path is not None:
            self._journal = Journal(self.path, segment=self._logged, settings={"spec": to_spec(rate.schedule)})

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - the interface of Keras
        """The mean loss that Keras gives is that of an epoch."""
        self._mean = (0, 0.0)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Write what there is, where it is time, and tell the watch."""
        if self.guard is not None:
            self._tell(self.guard, batch + 1, float((logs or {}).get("loss", nan)))
        if self.every and (batch + 1) % self.every == 0:
            if keras.backend.backend() == "jax":
                self.model.jax_state_sync()  # the count is in the compiled function's hands
            self._write()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write what there is, and the epoch's logs with the learning rate among them."""
        last = self._write()
        if logs is not None:
            logs["learning_rate"] = last
            if self._journal and self._logged:
                self._journal.write({"step": self._logged - 1, "epoch": epoch, **_numbers(logs)})

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002 - the interface of Keras
        """Close the journal."""
        if self._journal:
            self._journal.close()
        self._journal = None

    def _tell(self, guard: Guard, count: int, mean: float) -> None:
        """The loss of the batches since the last time, which the mean over `count` of this epoch holds."""
        before, earlier = self._mean
        loss = (count * mean - before * earlier) / (count - before)
        self._mean, self._batches = (count, mean), self._batches + count - before
        rate = rate_of(optimizer_of(self.model))
        step = self._begun + self._batches // rate.accumulation - 1
        if step < 0 or self._batches % rate.accumulation:
            return
        self._act(step, rate, guard.tell(step, {"loss": loss}, rate.course.amendments))

    def _act(self, step: int, rate: LearningRate, answer: Answer) -> None:
        for finding in answer.findings:
            warnings.warn(words(finding), stacklevel=2)
            self._keep(line(step, finding))
        if answer.change is not None:
            change = amendment({**answer.change, "step": step + 1})
            rate.amend(change)
            self._keep({"step": change.step, "amendment": change.table()})
            self.model.make_train_function(force=True)
        self.model.stop_training = self.model.stop_training or answer.stop

    def _keep(self, record: dict[str, Any]) -> None:
        if self._journal:
            self._journal.write(record)

    def _write(self) -> float:
        """Journal the updates since the last time; the learning rate of the last one."""
        optimizer = optimizer_of(self.model)
        schedule, done = rate_of(optimizer).schedule, updates_of(optimizer)
        if self._journal:
            steps = range(self._logged, done)
            for step, lr in zip(steps, schedule(steps).tolist(), strict=True):
                self._journal.write({"step": step, "lr": lr})
        self._logged = done
        return schedule(done - 1)


def _numbers(logs: dict[str, Any]) -> dict[str, float]:
    """What is one number; a metric may have one for each class."""
    numbers = {}
    for name, value in logs.items():
        with suppress(TypeError, ValueError, RuntimeError):  # as Python, numpy and torch say it
            numbers[name] = float(value)
    return numbers

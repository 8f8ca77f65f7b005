"""A schedule as Keras has them: a LearningRateSchedule of applied updates, which saves and loads with its model."""

from collections.abc import Mapping
from typing import Any

from glidepath._extras import require
from glidepath.errors import AttachError, CheckpointError, shown
from glidepath.schedules.amendments import Amendment
from glidepath.schedules.course import FIELDS, Course, course, lr_of
from glidepath.schedules.schedule import Schedule

keras: Any = require("keras")


# Keras finds what a saved model is made of in its own register, and nowhere else.
@keras.saving.register_keras_serializable("glidepath")
class LearningRate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # no types
    """A `Schedule` as the `learning_rate` of a Keras optimizer; `attach` makes it for an optimizer as it is.

    Keras asks a schedule for the value of a micro-batch. `accumulation` (>= 1) of them make an applied update, which
    is what a `Schedule` counts: it must be the optimizer's `gradient_accumulation_steps`. A `Course` in place of the
    schedule has what the code asked for too, as `resume` makes it. Gives Keras's default float. Raises AttachError for
    what is no schedule or no accumulation.

    >>> import glidepath as gp
    >>> rate = LearningRate(gp.warmup(3).over(10, peak=1.0), accumulation=2)
    >>> [float(rate(micro_batch)) for micro_batch in range(4)]
    [0.25, 0.25, 0.5, 0.5]
    """

    def __init__(self, schedule: Schedule | Course, *, accumulation: int = 1) -> None:
        """Take a schedule that knows its steps."""
        self.course = schedule if isinstance(schedule, Course) else Course(schedule)
        value = self.course.in_force
        if not isinstance(value, Schedule):
            raise AttachError(f"expected a schedule, got {shown(schedule)}: bind it, recipe.over(steps, peak=...)")
        self.schedule = value
        self.accumulation = checked_accumulation(accumulation)

    def __call__(self, step: Any) -> Any:
        """The learning rate of the update that a micro-batch, counted from 0, is part of."""
        update = keras.ops.convert_to_tensor(step) // self.accumulation
        return keras.ops.cast(self.schedule(update), keras.backend.floatx())

    def amend(self, change: Amendment) -> None:
        """Change what is in force from the step of the change on, for good; raises ScheduleError where it does not fit.

        A model that is compiled by JAX sees it behind `model.make_train_function(force=True)`.
        """
        self.course = self.course.amend(change)
        self.schedule = lr_of(self.course.in_force)

    def get_config(self) -> dict[str, Any]:
        """The plain dict that a saved model keeps."""
        return self.course.state() | {"accumulation": self.accumulation}

    @classmethod
    def from_config(cls, config: Any) -> "LearningRate":
        """The learning rate that a saved model had; raises CheckpointError for what `get_config` never gave."""
        if not isinstance(config, Mapping) or not {"spec"} <= set(config) <= {"accumulation", *FIELDS}:
            raise CheckpointError(f"expected the config of a learning rate of Glidepath, got {shown(config)}")
        return cls(course(config), accumulation=config.get("accumulation", 1))


def checked_accumulation(accumulation: object) -> int:
    """The micro-batches of an update, refused unless there are some."""
    if isinstance(accumulation, int) and not isinstance(accumulation, bool) and accumulation > 0:
        return accumulation
    raise AttachError(f"expected an accumulation of at least 1 micro-batch, got {shown(accumulation)}")


def optimizer_of(target: Any) -> Any:
    """The optimizer that updates a compiled model, or an optimizer's own: what a loss scale wraps, it is inside."""
    optimizer = getattr(target, "optimizer", None) if isinstance(target, keras.Model) else target
    while isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = optimizer.inner_optimizer
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return optimizer
    raise AttachError(f"expected a compiled Keras model or an optimizer, got {shown(target)}: compile the model first")


def accumulation_of(optimizer: Any) -> int:
    """The micro-batches that make an update."""
    return int(optimizer.gradient_accumulation_steps or 1)


def rate_of(optimizer: Any) -> LearningRate:
    """The learning rate of ours that an optimizer has, counting as it counts; raises AttachError where it has none."""
    rate = optimizer._learning_rate  # `learning_rate` is its value
    if not isinstance(rate, LearningRate):
        raise AttachError(f"expected an optimizer under a schedule of ours, got {shown(rate)}: attach(model, schedule)")
    if rate.accumulation != accumulation_of(optimizer):
        raise AttachError(
            f"expected a learning rate that counts {accumulation_of(optimizer)} micro-batches as an update, as its "
            f"optimizer does, got one of {rate.accumulation}: write attach(model, schedule), or LearningRate("
            f"schedule, accumulation={accumulation_of(optimizer)})"
        )
    return rate


def updates_of(optimizer: Any) -> int:
    """The updates that an optimizer has applied."""
    return int(keras.ops.convert_to_tensor(optimizer.iterations))


def attach(target: Any, schedule: Schedule | Course) -> LearningRate:
    """Let a schedule drive a compiled model, or an optimizer; one step of it is one applied update.

    Gradient accumulation and updates that a loss scale skips do not move it. Attach before `load_weights`, for an
    optimizer with a float as learning rate has a variable more. Gives the optimizer's learning rate. Raises AttachError
    where there is no optimizer or no schedule.
    """
    optimizer = optimizer_of(target)
    rate = LearningRate(schedule, accumulation=accumulation_of(optimizer))
    optimizer.learning_rate = rate
    if isinstance(target, keras.Model) and target.train_function is not None:
        target.make_train_function(force=True)  # JAX has compiled the old learning rate into it
    return rate

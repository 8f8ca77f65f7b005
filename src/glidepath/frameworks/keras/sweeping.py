"""The range test on a compiled Keras model, and everything put back as it was, to the byte."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from glidepath._extras import require
from glidepath.errors import FinderError, shown
from glidepath.finder.range_test import EXPLODED
from glidepath.finder.suggestion import Suggestion
from glidepath.frameworks.keras.schedule import accumulation_of, optimizer_of
from glidepath.frameworks.sweeping import Told, Update, laid_out, swept

keras: Any = require("keras")
GLOBAL = "global_seed_generator"  # where Keras keeps the one that draws for whoever names no seed
BATCH = 2, 3  # what a batch has: x, y, and perhaps the weights of the samples


def range_test(
    model: Any,
    batch_of: Callable[[int], tuple[Any, ...]],
    *,
    low: float = 1e-7,
    high: float = 10.0,
    steps: int = 100,
    shape: str = "exponential",
    stop: float = EXPLODED,
    seeds: int = 1,
    validation: Callable[[], float] | None = None,
    told: Told | None = None,
    quiet: bool = False,
) -> Suggestion:
    """A learning rate for a compiled Keras model, by sweeps of `steps` updates from `low` to `high`.

    `batch_of(i)` gives the sweep's micro-batch number i, as (x, y) or (x, y, weights of the samples). An update takes
    as many as the optimizer accumulates, k; seed number s goes on at i = s * steps * k. `validation()` gives the loss
    to watch, behind each update, instead of the training's own. The rest is as for a torch model.

    Weights, the optimizer's variables, metrics and the states of the seed generators are put back byte by byte, and the
    random numbers of Python, numpy and torch, after an exception or Ctrl-C too. An optimizer that was not built is
    built. Raises FinderError where the curves carry no answer, or the model has no weights yet; AttachError where it is
    not compiled.
    """
    tests = laid_out(seeds, low=low, high=high, steps=steps, shape=shape, stop=stop)
    optimizer = optimizer_of(model)
    if not model.built:
        raise FinderError("expected a model that has its weights, got one not built: call it on a batch first")
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    count = accumulation_of(optimizer)

    @contextmanager
    def begin() -> Iterator[Update]:
        with restored(model), _settable(model, optimizer, low):

            def update(number: int, lr: float) -> float:
                optimizer.learning_rate = lr
                batches = range(number * count, (number + 1) * count)
                losses = [_loss(model, batch_of(index)) for index in batches]
                return sum(losses) / count if validation is None else float(validation())

            yield update

    return swept(tests, begin, accumulation=count, told=told, quiet=quiet)


@contextmanager
def restored(model: Any) -> Iterator[None]:
    """Put all variables of a model, of its metrics and its optimizer back on leaving, and Keras's own random numbers.

    After an exception or Ctrl-C too. What is made meanwhile, as the variables of a metric, begins anew.
    """
    variables = {id(each): each for each in (*model.variables, *model.metrics_variables, *model.optimizer.variables)}
    contents = [(each, _copied(each)) for each in variables.values()]
    state = keras.src.backend.common.global_state
    drawing = state.get_global_attribute(GLOBAL)
    drawn = None if drawing is None else _copied(drawing.state)
    with ExitStack() as stack:
        stack.callback(state.set_global_attribute, GLOBAL, drawing)
        if drawing is not None:
            stack.callback(drawing.state.assign, drawn)
        for variable, content in contents:
            stack.callback(variable.assign, content)
        stack.callback(model.reset_metrics)
        yield


def _copied(variable: Any) -> Any:
    return keras.ops.copy(keras.ops.stop_gradient(variable.value))


@contextmanager
def _settable(model: Any, optimizer: Any, lr: float) -> Iterator[None]:
    """A learning rate that can be set, in the place of a schedule."""
    if isinstance(optimizer._learning_rate, keras.Variable):
        yield
        return
    schedule, variable = optimizer._learning_rate, keras.Variable(lr, trainable=False, name="learning_rate")
    optimizer._tracker.unlock()
    optimizer._learning_rate = variable  # which tracks it: a compiled function gets it with the others
    optimizer._tracker.lock()
    again = partial(model.make_train_function, force=True)  # JAX has compiled the other one into it
    again()
    try:
        yield
    finally:
        optimizer._untrack_variable(variable)
        optimizer._learning_rate = schedule
        again()


def _loss(model: Any, batch: Any) -> float:
    """The loss of one micro-batch, trained on."""
    if not isinstance(batch, tuple) or len(batch) not in BATCH:
        raise FinderError(f"expected batch_of to give (x, y) or (x, y, weights of the samples), got {shown(batch)}")
    return float(model.train_on_batch(*batch, return_dict=True)["loss"])

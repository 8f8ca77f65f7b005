"""The range test on JAX: values in, values out, so that nothing needs to be put back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from glidepath._extras import require
from glidepath.errors import FinderError, shown
from glidepath.finder.range_test import EXPLODED
from glidepath.finder.suggestion import Suggestion
from glidepath.frameworks.sweeping import Told, Update, at_least_one, laid_out, swept

INJECTED = ("InjectStatefulHyperparamsState", "InjectHyperparamsState")  # what optax calls the state of one
RATE = "learning_rate"
HINT = "write range_test(loss_of, params, lambda lr: optax.adamw(lr))"


def range_test(
    loss_of: Callable[[Any, int], Any],
    params: Any,
    optimizer: Any,
    *,
    opt_state: Any = None,
    low: float = 1e-7,
    high: float = 10.0,
    steps: int = 100,
    shape: str = "exponential",
    stop: float = EXPLODED,
    seeds: int = 1,
    validation: Callable[[Any], Any] | None = None,
    accumulation: int = 1,
    told: Told | None = None,
    quiet: bool = False,
) -> Suggestion:
    """A learning rate for these params and this optax optimizer, by sweeps of `steps` updates from `low` to `high`.

    `loss_of(params, i)` gives the loss (a scalar) on the sweep's micro-batch number i, a Python int: compile what it
    calls with `jax.jit`. `optimizer` is a function that makes one for a learning rate, such as `optax.adamw`, or one
    made by `optax.inject_hyperparams` with a `learning_rate`; where there are several such, their ratios are kept. It
    begins at `opt_state`, or anew. Seed number s goes on at i = s * steps * accumulation. `accumulation` micro-batches
    make an update: give the optimizer without `optax.MultiSteps`. `validation(params)` gives the loss to watch, behind
    each update, instead of the training's own. The rest is as for a torch model; `params` and `opt_state` stay, and the
    random numbers of Python and numpy are put back.

    Raises FinderError where the curves carry no answer, or the learning rate of the optimizer cannot be set.

    >>> import jax.numpy as jnp, optax
    >>> params = jnp.array([3.0, -2.0])
    >>> range_test(lambda p, i: (p**2).sum(), params, optax.sgd, low=1e-4, quiet=True).lr < 1
    True
    """
    tests = laid_out(seeds, low=low, high=high, steps=steps, shape=shape, stop=stop)
    count = at_least_one(accumulation, "accumulation")
    jax, make = require("jax"), _maker(optimizer)
    state = make(low).init(params) if opt_state is None else opt_state
    loop = _Loop(loss_of, params, state, count, validation, jax.jit(_update_of(jax, make, _shares(jax, state))))
    if callable(optimizer) or _shares(jax, state):
        return swept(tests, loop.begin, accumulation=count, told=told, quiet=quiet)
    raise FinderError(
        f"expected an optimizer made by optax.inject_hyperparams with a {RATE}, got {_named(state)}: {HINT}"
    )


@dataclass(frozen=True, slots=True)
class _Loop:
    """What an update needs."""

    loss_of: Callable[[Any, int], Any]
    params: Any
    state: Any
    accumulation: int
    validation: Callable[[Any], Any] | None
    update: Callable[..., tuple[Any, Any]]

    @contextmanager
    def begin(self) -> Iterator[Update]:
        """A sweep's updates, from where the params are."""
        jax, params, state = require("jax"), self.params, self.state
        gradients_of = jax.value_and_grad(self.loss_of)

        def update(number: int, lr: float) -> float:
            nonlocal params, state
            first = number * self.accumulation
            pairs = [gradients_of(params, first + micro) for micro in range(self.accumulation)]
            gradients = jax.tree.map(lambda *each: sum(each) / self.accumulation, *(pair[1] for pair in pairs))
            params, state = self.update(gradients, state, params, lr)
            if self.validation is not None:
                return float(self.validation(params))
            return sum(float(loss) for loss, _ in pairs) / self.accumulation

        yield update


def _maker(optimizer: Any) -> Callable[[Any], Any]:
    """The optimizer for a learning rate."""
    if isinstance(optimizer, require("optax").GradientTransformation):
        return lambda _: optimizer
    if callable(optimizer):
        made: Callable[[Any], Any] = optimizer
        return made
    raise FinderError(f"expected an optax optimizer, or a function that makes one, got {shown(optimizer)}: {HINT}")


def _update_of(jax: Any, make: Callable[[Any], Any], shares: list[float]) -> Callable[..., tuple[Any, Any]]:
    optax = require("optax")

    def update(gradients: Any, state: Any, params: Any, lr: Any) -> tuple[Any, Any]:
        each = iter(shares)

        def driven(node: Any) -> Any:
            if not _is_injected(node):
                return node
            return node._replace(hyperparams=node.hyperparams | {RATE: next(each) * lr})

        state = jax.tree.map(driven, state, is_leaf=_is_injected)
        updates, state = make(lr).update(gradients, state, params)
        return optax.apply_updates(params, updates), state

    return update


def _shares(jax: Any, state: Any) -> list[float]:
    """Of the learning rates in the state, what each is of the largest; raises FinderError where one cannot be set."""
    nodes = jax.tree.leaves(state, is_leaf=lambda node: _is_injected(node) or type(node).__name__ == "MultiStepsState")
    if any(type(node).__name__ == "MultiStepsState" for node in nodes):
        raise FinderError("expected an optimizer without optax.MultiSteps: write range_test(..., accumulation=k)")
    injected = [node for node in nodes if _is_injected(node)]
    if any(RATE in getattr(node, "hyperparams_states", ()) for node in injected):
        raise FinderError(f"expected a {RATE} that is a number in optax.inject_hyperparams, got a schedule: {HINT}")
    lrs = [float(node.hyperparams[RATE]) for node in injected]
    return [lr / max(lrs) if max(lrs) > 0 else 1.0 for lr in lrs]


def _is_injected(node: Any) -> bool:
    return type(node).__name__ in INJECTED and RATE in node.hyperparams


def _named(state: Any) -> str:
    return shown(type(state).__name__)

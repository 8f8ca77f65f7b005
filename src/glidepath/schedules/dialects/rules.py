"""Other libraries' rules that read the loss: their arguments in, a rule of `feedback` with the same multipliers out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf
from typing import Any

from glidepath.errors import GlidepathError, SpecError, nearest, shown
from glidepath.schedules.dialects.question import Question
from glidepath.schedules.dialects.spelling import library_of, spelled
from glidepath.schedules.feedback import Rule, greedy, torch_plateau
from glidepath.schedules.feedback.improvement import THRESHOLD_MODES
from glidepath.schedules.feedback.rule import MODES, within

# The defaults of these libraries stand where they are asked for; two are shared.
EPS = 1e-8  # a smaller cut of the learning rate is not made
END = 10**9  # epochs: mmengine's word for no end


def read_rule(library: str, name: str, config: Mapping[str, Any], *, base_lr: float = 1.0) -> Rule[Any]:
    """The rule that another library's plateau configuration means, counted as that library counts.

    `base_lr` (> 0) is the learning rate that its absolute ones (min_lr, max_lr, eps) are shares of. With the same
    losses, base_lr times the multiplier after each is that library's learning rate; its defect too, where a worse
    loss counts as better because the best is negative: `dataclasses.replace(rule, faithful=False)` mends that. A
    first loss that is NaN, which Keras and Paddle keep as the best for ever, improves on nothing.

    Raises SpecError for an unknown library, name or field, one that is missing or one that means more than a rule.

    >>> read_rule("keras", "ReduceLROnPlateau", {"factor": 0.2, "patience": 5, "min_lr": 1e-4}, base_lr=0.001)
    torch_plateau(factor=0.2, patience=5, threshold_mode='abs', floor=0.1, counting='keras')
    """
    library = library_of(library, READERS)
    known, of = READERS[library], f"{library} {name!s:.60}"
    meant = spelled(name, known, others=[other for other in READERS if other != library])
    if meant is None:
        raise SpecError(f"expected a rule of {library}, got {shown(name)}: {nearest(shown(name), known)}")
    if not isinstance(config, Mapping) or not all(isinstance(key, str) for key in config):
        raise SpecError(f"{of}: expected a table of fields, got {shown(config)}")
    try:
        question = Question(of, config, within(base_lr, "base_lr", below=inf), None, faithful=True)
        rule = known[meant](question)
        question.finish()
    except SpecError:
        raise
    except GlidepathError as error:
        raise SpecError(f"{of}: {error}") from error
    return rule


def torch(q: Question) -> Rule[Any]:
    """ReduceLROnPlateau of torch, and of those who hand its arguments on."""
    q.take("verbose", None)  # of torch before 2.7; it prints
    mode, threshold_mode = q.choice("mode", "min", MODES), q.choice("threshold_mode", "rel", THRESHOLD_MODES)
    return _plateau(q, mode, threshold_mode, eps=q.number("eps", EPS, low=0))


def _plateau(
    q: Question,
    mode: str,
    threshold_mode: str = "rel",
    *,
    factor: str = "factor",
    patience: str = "patience",
    threshold: str = "threshold",
    cooldown: str = "cooldown",
    floor: str = "min_lr",
    eps: float | None = None,
    counting: str = "torch",
) -> Rule[Any]:
    """Torch's arguments under a library's own names for them; a least rate above the first allows no cut at all."""
    return torch_plateau(
        mode=mode,
        factor=q.number(factor, 0.1),
        patience=q.whole(patience, 10),
        threshold=q.number(threshold, 1e-4, low=0),
        threshold_mode=threshold_mode,
        cooldown=q.whole(cooldown, 0),
        floor=min(1.0, q.number(floor, 0.0, low=0) / q.base_lr),
        eps=None if eps is None else eps / q.base_lr,
        counting=counting,
        faithful=threshold_mode == "rel",
    )


def paddle(q: Question) -> Rule[Any]:
    """ReduceOnPlateau of Paddle, whose first rate is its own argument."""
    q.take("verbose", None)
    own = replace(q, base_lr=within(q.take("learning_rate", q.base_lr), "learning_rate", below=inf))
    mode, threshold_mode = q.choice("mode", "min", MODES), q.choice("threshold_mode", "rel", THRESHOLD_MODES)
    return _plateau(own, mode, threshold_mode, eps=q.number("epsilon", EPS, low=0), counting="paddle")


def keras(q: Question) -> Rule[Any]:
    """ReduceLROnPlateau of Keras; "auto" is told by the name of what it monitors, where that tells."""
    q.take("verbose", None)
    mode, monitor = q.choice("mode", "auto", ("auto", *MODES)), shown(q.take("monitor", "val_loss"))
    if mode == "auto" and "loss" not in monitor and "acc" not in monitor:
        raise SpecError(f"{q.of}: expected mode as 'min' or 'max', because {monitor} tells neither, got 'auto'")
    if mode == "auto":
        mode = "max" if "acc" in monitor else "min"
    return _plateau(q, mode, "abs", threshold="min_delta", counting="keras")


def optax(q: Question) -> Rule[Any]:
    """reduce_on_plateau of optax, whose least scale is a multiplier already."""
    return torch_plateau(
        factor=q.number("factor", 0.1),
        patience=q.whole("patience", 10, low=1),
        threshold=q.number("rtol", 1e-4, low=0),
        minimum_change=q.number("atol", 0.0, low=0),
        cooldown=q.whole("cooldown", 0),
        floor=q.number("min_scale", 0.0, low=0, high=1),
        accumulate=q.whole("accumulation_size", 1, low=1),
        counting="optax",
        faithful=True,
    )


def timm(q: Question) -> Rule[Any]:
    """PlateauLRScheduler of timm: torch's, of a metric that rises unless told."""
    for name in ("noise_type", "noise_pct", "noise_std", "noise_seed", "initialize", "verbose", "warmup_lr_init"):
        q.take(name, None)
    if q.take("noise_range_t", None) is not None:
        raise SpecError(f"{q.of}: expected no noise_range_t, got one: a rule has no random numbers")
    if warm := q.whole("warmup_t", 0):
        raise SpecError(
            f"{q.of}: expected warmup_t of 0, got {warm}: a warmup is a schedule's, and the rule behind it has after="
        )
    mode = q.choice("mode", "max", MODES)
    return _plateau(q, mode, factor="decay_rate", patience="patience_t", cooldown="cooldown_t", floor="lr_min", eps=EPS)


def mmengine(q: Question) -> Rule[Any]:
    """ReduceOnPlateauLR of mmengine: torch's under other names."""
    for name in ("monitor", "by_epoch", "last_step", "verbose"):
        q.take(name, None)
    if q.whole("begin", 0) > 0 or q.whole("end", END) < END:
        raise SpecError(f"{q.of}: expected no begin and no end, got one: they count epochs, write after= in updates")
    mode = {"less": "min", "greater": "max"}[q.choice("rule", "less", ("less", "greater"))]
    threshold_mode = q.choice("threshold_rule", "rel", THRESHOLD_MODES)
    return _plateau(q, mode, threshold_mode, floor="min_value", eps=q.number("eps", EPS, low=0))


def ignite(q: Question) -> Rule[Any]:
    """ReduceLROnPlateauScheduler of ignite: torch's."""
    for name in ("metric_name", "trainer", "save_history"):
        q.take(name, None)
    group = q.take("param_group_index", None)
    if q.number("min_lr", 0.0, low=0) > 0 and not (type(group) is int and group == 0):
        raise SpecError(f"{q.of}: expected no min_lr, which ignite drops unless param_group_index is 0, got one")
    return torch(q)


def greedy_lr(q: Question) -> Rule[Any]:
    """GreedyLR of transformers, whose own bounds are absolute; a rate that begins outside them has no rule."""
    q.take("verbose", None)
    low, high = q.number("min_lr", 1e-3, low=0), q.number("max_lr", 1.0, low=0)
    if not low <= q.base_lr <= high:
        raise SpecError(
            f"{q.of}: expected base_lr from min_lr to max_lr, which are {low:g} and {high:g}, got {q.base_lr:g}: "
            "write both bounds"
        )
    window, threshold_mode = q.whole("window_size", 50, low=1), q.choice("threshold_mode", "abs", THRESHOLD_MODES)
    return greedy(
        mode=q.choice("mode", "min", MODES),
        factor=q.number("factor", 0.95),
        patience=q.whole("patience", 10),
        threshold=q.number("threshold", 1e-6, low=0),
        threshold_mode=threshold_mode,
        rest_after_cut=q.whole("cooldown", 0),
        rest_after_rise=q.whole("warmup", 0),
        floor=low / q.base_lr,
        ceiling=high / q.base_lr,
        eps=q.number("eps", EPS, low=0) / q.base_lr,
        window=window if q.take("smooth", False) is True else 1,
        reset_after=q.whole("reset_start", 500, low=1),
        faithful=threshold_mode == "rel",
    )


READERS: dict[str, Mapping[str, Callable[[Question], Rule[Any]]]] = {
    "torch": {"ReduceLROnPlateau": torch},
    "transformers": {"reduce_lr_on_plateau": torch, "greedy": greedy_lr},
    "optax": {"reduce_on_plateau": optax},
    "keras": {"ReduceLROnPlateau": keras},
    "paddle": {"ReduceOnPlateau": paddle},
    "timm": {"PlateauLRScheduler": timm},
    "mmengine": {"ReduceOnPlateauLR": mmengine},
    "ignite": {"ReduceLROnPlateauScheduler": ignite},
}

"""The desk of the dialects: a library and a name to the reader that knows them."""

from collections.abc import Callable, Mapping
from typing import Any

from glidepath.errors import GlidepathError, SpecError, nearest, shown
from glidepath.schedules.dialects import (
    composer,
    deepspeed,
    fairseq,
    fairseq2,
    fastai,
    gpt_neox,
    ignite,
    keras,
    litgpt,
    llm_c,
    lrsched,
    megatron,
    mmengine,
    nanogpt,
    nanotron,
    olmo,
    olmo_core,
    optax,
    paddle,
    pytorch_optimizer,
    pytorch_scheduler,
    rules,
    timm,
    torch,
    torchtitan,
    torchtune,
    transformers,
)
from glidepath.schedules.dialects.question import Answer, Question, Reading
from glidepath.schedules.dialects.spelling import library_of, spelled
from glidepath.schedules.schedule import checked
from glidepath.units import Horizon

READERS: dict[str, Mapping[str, Callable[[Question], Answer]]] = {
    "torch": torch.NAMES,
    "transformers": transformers.NAMES,
    "timm": timm.NAMES,
    "optax": optax.NAMES,
    "keras": keras.NAMES,
    "paddle": paddle.NAMES,
    "composer": composer.NAMES,
    "mmengine": mmengine.NAMES,
    "fastai": fastai.NAMES,
    "ignite": ignite.NAMES,
    "megatron": megatron.NAMES,
    "gpt-neox": gpt_neox.NAMES,
    "deepspeed": deepspeed.NAMES,
    "torchtitan": torchtitan.NAMES,
    "torchtune": torchtune.NAMES,
    "nanotron": nanotron.NAMES,
    "olmo-core": olmo_core.NAMES,
    "olmo": olmo.NAMES,
    "fairseq": fairseq.NAMES,
    "fairseq2": fairseq2.NAMES,
    "litgpt": litgpt.NAMES,
    "nanogpt": nanogpt.NAMES,
    "llm.c": llm_c.NAMES,
    "lrsched": lrsched.NAMES,
    "pytorch_optimizer": pytorch_optimizer.NAMES,
    "pytorch-scheduler": pytorch_scheduler.NAMES,
}


def libraries() -> tuple[str, ...]:
    """The libraries whose configurations are read."""
    return tuple(READERS)


def names(library: str) -> tuple[str, ...]:
    """The schedules of a library that are read."""
    return tuple(READERS[library_of(library, READERS)])


def read(
    library: str,
    name: str,
    config: Mapping[str, Any],
    *,
    base_lr: float = 1.0,
    horizon: int | str | Horizon | None = None,
    faithful: bool = False,
) -> Reading:
    """The schedule that another library's configuration means, counted as that library counts.

    `base_lr` is the optimizer's where the configuration has no rate of its own; `horizon` the steps of the
    run where it has none. A defect (a curve that climbs again behind its end) is mended and noted, or kept
    with `faithful=True`. Raises SpecError for an unknown library, name or field, or one that is missing.

    >>> reading = read("torch", "CosineAnnealingLR", {"T_max": 10, "eta_min": 0.1})
    >>> str(reading.schedule)
    '(decay(10, to=absolute(0.1), shape=cosine) >> hold()).over(10, peak=1.0)'
    >>> reading.notes
    ('torch climbs again behind step 10; read as held at 0.1',)
    """
    library = library_of(library, READERS)
    of = f"{library} {name!s:.60}"
    reader = _reader(library, name, of)
    if not isinstance(config, Mapping) or not all(isinstance(key, str) for key in config):
        raise SpecError(f"{of}: expected a table of fields, got {shown(config)}")
    try:
        planned = horizon if isinstance(horizon, Horizon) or horizon is None else Horizon.of(horizon)
        steps = None if planned is None else planned.steps
        return _reading(reader, Question(of, config, checked(base_lr, "base_lr"), steps, faithful, planned=planned))
    except SpecError:
        raise
    except GlidepathError as error:
        raise SpecError(f"{of}: {error}") from error


def _reader(library: str, name: str, of: str) -> Callable[[Question], Answer]:
    known, others = READERS[library], [other for other in READERS if other != library]
    if spelled(name, rules.READERS.get(library, {}), others=others):
        raise SpecError(
            f"{of}: expected a schedule, which knows every step beforehand, got a rule that reads the loss: "
            f'write read_rule("{library}", "{name}", {{...}})'
        )
    meant = spelled(name, known, others=others)
    if meant is None:
        raise SpecError(f"expected a schedule of {library}, got {shown(name)}: {nearest(shown(name), known)}")
    return known[meant]


def _reading(reader: Callable[[Question], Answer], question: Question) -> Reading:
    answer = reader(question)
    question.finish()
    steps = max(answer.steps or 1, question.steps or 1)
    return Reading(answer.recipe.over(steps, peak=answer.peak), answer.notes)

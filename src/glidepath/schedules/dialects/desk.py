"""The desk of the dialects: a library and a name to the reader that knows them."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from glidepath.errors import GlidepathError, SpecError, nearest, shown
from glidepath.schedules.dialects import rules
from glidepath.schedules.dialects.question import Answer, Question, Reading
from glidepath.schedules.dialects.spelling import library_of, spelled
from glidepath.schedules.schedule import checked
from glidepath.units import Horizon

LARGEST = 1e150  # of a base_lr: its multiples by any horizon are finite
# library -> the file here that reads it, which is imported with the first question about it
LIBRARIES = {
    "torch": "torch",
    "transformers": "transformers",
    "timm": "timm",
    "optax": "optax",
    "keras": "keras",
    "paddle": "paddle",
    "composer": "composer",
    "mmengine": "mmengine",
    "fastai": "fastai",
    "ignite": "ignite",
    "megatron": "megatron",
    "gpt-neox": "gpt_neox",
    "deepspeed": "deepspeed",
    "torchtitan": "torchtitan",
    "torchtune": "torchtune",
    "nanotron": "nanotron",
    "olmo-core": "olmo_core",
    "olmo": "olmo",
    "fairseq": "fairseq",
    "fairseq2": "fairseq2",
    "litgpt": "litgpt",
    "nanogpt": "nanogpt",
    "llm.c": "llm_c",
    "lrsched": "lrsched",
    "pytorch_optimizer": "pytorch_optimizer",
    "pytorch-scheduler": "pytorch_scheduler",
}
Readers = Mapping[str, Callable[[Question], Answer]]


def readers(library: str) -> Readers:
    """The readers of the schedules of a library of `LIBRARIES`, by name."""
    found: Readers = import_module(f"{__package__}.{LIBRARIES[library]}").NAMES
    return found


def libraries() -> tuple[str, ...]:
    """The libraries whose configurations are read."""
    return tuple(LIBRARIES)


def names(library: str) -> tuple[str, ...]:
    """The schedules of a library that are read."""
    return tuple(readers(library_of(library, LIBRARIES)))


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
    library = library_of(library, LIBRARIES)
    of = f"{library} {name!s:.60}"
    reader = _reader(library, name, of)
    if not isinstance(config, Mapping) or not all(isinstance(key, str) for key in config):
        raise SpecError(f"{of}: expected a table of fields, got {shown(config)}")
    try:
        planned = horizon if isinstance(horizon, Horizon) or horizon is None else Horizon.of(horizon)
        steps = None if planned is None else planned.steps
        return _reading(reader, Question(of, config, _rate(base_lr), steps, faithful, planned=planned))
    except SpecError:
        raise
    except GlidepathError as error:
        raise SpecError(f"{of}: {error}") from error


def _rate(base_lr: object) -> float:
    """The optimizer's learning rate; a line that is followed behind its end needs room above it."""
    rate = checked(base_lr, "base_lr")
    if rate > LARGEST:
        raise SpecError(f"expected a base_lr of at most {LARGEST:g}, got {rate:g}")
    return rate


def _reader(library: str, name: str, of: str) -> Callable[[Question], Answer]:
    known, others = readers(library), [other for other in LIBRARIES if other != library]
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

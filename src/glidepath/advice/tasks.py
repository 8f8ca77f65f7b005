"""The tasks that advice is given on, and the question that is asked of them."""

import re
from collections.abc import Mapping
from dataclasses import replace

from glidepath.advice import convolution, finetuning, lora, pretraining, reinforcement, small_data
from glidepath.advice.question import asked
from glidepath.advice.task import Task
from glidepath.advice.values import Advice
from glidepath.errors import AdviceError, nearest, shown
from glidepath.units import AmountLike, Horizon

TASKS: Mapping[str, Task] = {
    "pre-training": pretraining.TASK,
    "fine-tuning": finetuning.TASK,
    "lora": lora.TASK,
    "cnn": convolution.TASK,
    "small-data": small_data.TASK,
    "reinforcement-learning": reinforcement.TASK,
}
# another word for a task -> its own
WORDS = {
    "pretraining": "pre-training",
    "pretrain": "pre-training",
    "finetuning": "fine-tuning",
    "finetune": "fine-tuning",
    "sft": "fine-tuning",
    "qlora": "lora",
    "cnn-sgd": "cnn",
    "cnn-with-sgd": "cnn",
    "early-stopping": "small-data",
    "small-data-with-early-stopping": "small-data",
    "rl": "reinforcement-learning",
    "ppo": "reinforcement-learning",
}
OPTIMIZERS = ("adamw", "adam", "sgd", "lion", "muon")
LONGEST = 40  # characters of a wrong word that the nearest known one is looked for with


def recommend(
    task: str,
    *,
    optimizer: str | None = None,
    horizon: AmountLike | Horizon | None = None,
    batch_size: int | None = None,
    model: float | str | None = None,
) -> Advice:
    """The advice for a task: a recipe, the interval of its peak, and a reason and a source for every number.

    `task` is one of `TASKS`, or another usual word for it; `optimizer` adamw, adam, sgd, lion or muon, by default
    the one that the task is published with. `horizon` is how long to train: steps, or a `Horizon`, or a text such as
    "100k". `batch_size` (>= 1) counts the samples of a step: it moves the peak of SGD, by the linear rule; elsewhere
    the notes say what a rule would make of it. `model` is its number of parameters, or a text that says it once
    ("125M", "llama-3-8b"): it moves the peak of pre-training, and of tuning above 1B.

    Raises AdviceError for an unknown task, an optimizer with no published setting for it, or a value outside its
    range; AmountError for a horizon that cannot be read. Sources are in the answer.

    >>> advice = recommend("fine-tuning", optimizer="adamw", horizon=10_000)
    >>> print(advice.recipe)
    warmup(5%) >> cosine(to=0.1)
    >>> advice.peak.low, advice.peak.high, advice.schedule().boundaries
    (2e-05, 5e-05, (0, 500))
    """
    name = _task(task)
    found = TASKS[name]
    word = next(iter(found.optimizers)) if optimizer is None else _optimizer(optimizer, name)
    question = asked(word, horizon, batch_size, model)
    advice = replace(found.optimizers[word](found.advise(question)), optimizer=word)
    return replace(advice, changes=found.change(advice))


def _task(task: object) -> str:
    word = re.sub(r"[\s_-]+", "-", task[:LONGEST].strip().lower()) if isinstance(task, str) else ""
    name = WORDS.get(word, word)
    if name not in TASKS:
        raise AdviceError(f"expected a task, got {shown(task, LONGEST)}: {nearest(word, TASKS)}")
    return name


def _optimizer(optimizer: object, task: str) -> str:
    word = optimizer[:LONGEST].strip().lower() if isinstance(optimizer, str) else ""
    if word not in OPTIMIZERS:
        raise AdviceError(f"expected an optimizer, got {shown(optimizer, LONGEST)}: {nearest(word, OPTIMIZERS)}")
    known = TASKS[task].optimizers
    if word not in known:
        why = TASKS[task].refused[word]
        raise AdviceError(f"expected {' or '.join(known)} for {task}, got {word!r}: {why}")
    return word

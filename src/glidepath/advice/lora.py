"""LoRA: low-rank adapters of a frozen network, at some ten times the peak of tuning it whole."""

from glidepath.advice.optimizers import as_adam, as_lion, same
from glidepath.advice.question import Question
from glidepath.advice.sources import cited
from glidepath.advice.task import (
    FIND_THE_PEAK,
    GRADIENT_NORM,
    VALIDATION_GAP,
    Task,
    betas,
    calmed,
    lowered,
    raised,
    square_root,
)
from glidepath.advice.values import Advice, Change, Interval, Number, Remark
from glidepath.schedules.recipes import linear, warmup

LARGE = 30e9  # parameters from which QLoRA halved its peak
BATCH = 16  # of QLoRA's trainings up to 13B

PEAK = Interval(
    1e-4,
    2e-4,
    5e-4,
    "2e-4 for GPT-2, GPT-3 and, quantized, LLaMA to 13B, up to 5e-4 for RoBERTa: about ten times the peak of tuning "
    "all weights, and nearly the same at every rank",
    cited("hu-lora", "dettmers", "schulman-lora"),
    "published",
)
LARGE_PEAK = Interval(
    5e-5,
    1e-4,
    2e-4,
    "QLoRA took 1e-4 at 33B and 65B, half of that of smaller models; a factor of 2 to either side is our own",
    cited("dettmers"),
    "published",
)
WARMUP = Number(
    "warmup",
    "3%",
    "the share in QLoRA's scripts; adapters begin at 0, so that little can go wrong early",
    cited("dettmers"),
    "convention",
)
FLOOR = Number(
    "floor",
    0.0,
    "LoRA was published with a linear decay to 0, QLoRA with a constant rate: both work, and no comparison is known",
    cited("hu-lora", "dettmers"),
    "convention",
)
CLIP = Number("clip", 0.3, "the norm that QLoRA clips at; 1.0 is as common", cited("dettmers"), "convention")
WEIGHT_DECAY = Number(
    "weight_decay",
    0.0,
    "the rank limits the adapters already; QLoRA used dropout in its place",
    cited("dettmers"),
    "convention",
)
BETAS = betas(0.999, "as QLoRA and the first LoRA were trained", cited("dettmers", "hu-lora"), "convention")
BATCHES = Remark(
    "the batch: LoRA loses more by a large one than the tuning of all weights does, at any rank",
    cited("schulman-lora"),
    "published",
)


def advise(question: Question) -> Advice:
    """The advice for AdamW."""
    large = question.parameters is not None and question.parameters >= LARGE
    return Advice(
        "lora",
        "adamw",
        question.horizon,
        warmup("3%") >> linear(),
        LARGE_PEAK if large else PEAK,
        WARMUP,
        FLOOR,
        CLIP,
        WEIGHT_DECAY,
        BETAS,
        watch=(VALIDATION_GAP, BATCHES, GRADIENT_NORM),
        notes=(FIND_THE_PEAK, *square_root(question, BATCH)),
    )


def change(advice: Advice) -> tuple[Change, ...]:
    """What to change, with the amount."""
    overfits = Change(
        "overfits",
        "a dropout of 0.05 to 0.1 on the adapters, then fewer epochs, then half the rank",
        cited("dettmers"),
        "convention",
    )
    rank = Change(
        "underfits still, at the high end",
        "adapters on every layer, the MLP above all, then twice the rank at the same peak",
        cited("schulman-lora"),
        "published",
    )
    return raised(advice), rank, overfits, calmed(advice), lowered(advice)


TASK = Task(
    "low-rank adapters of a frozen network",
    advise,
    change,
    {"adamw": same, "adam": as_adam, "lion": as_lion},
    {
        "sgd": "no publication gives a peak of SGD for adapters",
        "muon": "adapters are thin matrices, and no publication gives a peak of Muon for them",
    },
)

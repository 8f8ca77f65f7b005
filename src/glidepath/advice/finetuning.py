"""Fine-tuning: all weights of a pretrained network trained on, at a small peak for some epochs."""

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
from glidepath.schedules.recipes import cosine, linear, warmup

LARGE = 1e9  # parameters from which published fine-tunings go lower: between BERT's 340M and InstructGPT's 1.3B
MOST_EPOCHS = 4  # that BERT's authors found to be best, of 2 to 4
BATCH = 32  # of BERT's 16 and 32

PEAK = Interval(
    2e-5,
    3e-5,
    5e-5,
    "2e-5, 3e-5 and 5e-5 were best across the tasks that BERT was tuned on; higher forgets, lower hardly moves",
    cited("devlin"),
    "published",
)
LARGE_PEAK = Interval(
    5e-6,
    1e-5,
    2e-5,
    "language models of 1B and more were tuned lower: InstructGPT at 9.65e-6 (1.3B, 6B) and 5.04e-6 (175B), "
    "Llama 2 at 2e-5",
    cited("ouyang", "touvron-2"),
    "published",
)
WARMUP = Number(
    "warmup",
    "5%",
    "the first gradients come from a head that knows nothing; BERT's tuning warmed up for 10 %, InstructGPT's not at "
    "all, and 5 % is the habit between them",
    cited("devlin", "ouyang"),
    "convention",
)
FLOOR = Number(
    "floor",
    0.1,
    "a cosine to a tenth, as InstructGPT was tuned; BERT went linearly to 0, and which is better is not known",
    cited("ouyang"),
    "convention",
)
CLIP = Number("clip", 1.0, "the norm that BERT's code clips at", cited("devlin"), "convention")
WEIGHT_DECAY = Number(
    "weight_decay", 0.01, "as BERT was trained; biases and norms are left out", cited("devlin"), "convention"
)
BETAS = betas(
    0.999, "Adam's own; with bias correction, without which tuning is unstable", cited("mosbach"), "published"
)
SPREAD = Remark(
    "several seeds: the same tuning on a small data set may fail with one seed and not with another",
    cited("mosbach"),
    "published",
)


def advise(question: Question) -> Advice:
    """The advice for AdamW."""
    large = question.parameters is not None and question.parameters >= LARGE
    notes = (FIND_THE_PEAK, *square_root(question, BATCH), *_epochs(question))
    return Advice(
        "fine-tuning",
        "adamw",
        question.horizon,
        warmup("5%") >> cosine(to=0.1),
        LARGE_PEAK if large else PEAK,
        WARMUP,
        FLOOR,
        CLIP,
        WEIGHT_DECAY,
        BETAS,
        watch=(VALIDATION_GAP, SPREAD, GRADIENT_NORM),
        notes=notes,
    )


def _epochs(question: Question) -> tuple[Remark, ...]:
    if question.epochs is None or question.epochs <= MOST_EPOCHS:
        return ()
    told = f"more than {MOST_EPOCHS} epochs: BERT's authors found 2 to {MOST_EPOCHS} best, so look for it to overfit"
    return (Remark(told, cited("devlin"), "published"),)


def change(advice: Advice) -> tuple[Change, ...]:
    """What to change, with the amount."""
    overfits = Change(
        "overfits",
        f"fewer epochs, 2 of the usual 2 to {MOST_EPOCHS}, with the decay brought forward with them; then weight decay "
        "0.1, as Llama 2 was tuned",
        cited("devlin", "touvron-2"),
        "convention",
    )
    to_zero = Change(
        "no training will go on from its end",
        "the decay to 0, as BERT was tuned",
        cited("devlin"),
        "convention",
        recipe=warmup("5%") >> linear(),
    )
    return raised(advice), overfits, calmed(advice), lowered(advice), to_zero


TASK = Task(
    "all weights of a pretrained network, on data of one's own",
    advise,
    change,
    {"adamw": same, "adam": as_adam, "lion": as_lion},
    {
        "sgd": "no publication gives a peak of SGD for it that carries from one network to another",
        "muon": "it was found even with AdamW up to 0.5B (arXiv 2511.06086), and no peak of it is known to carry",
    },
)

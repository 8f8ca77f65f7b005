"""Small data: the learning rate is cut when validation stalls, and the run stopped when cuts no longer help."""

from glidepath.advice.optimizers import as_adam, same
from glidepath.advice.question import Question
from glidepath.advice.sources import cited
from glidepath.advice.task import FIND_THE_PEAK, VALIDATION_GAP, Task, betas, calmed, lowered, raised, square_root
from glidepath.advice.values import Advice, Change, Interval, Number, Remark
from glidepath.schedules.feedback import early_stop, torch_plateau
from glidepath.schedules.recipes import cosine, hold, warmup

FACTOR, PATIENCE, LEAST = 0.1, 10, 1e-3  # torch's own factor and patience; three cuts
STOP = 25  # validations without a better one: two cuts, and what is left of a third
MORE_DECAY = 10  # times the weight decay of a run that overfits: the grid that people try
BATCH = 32  # samples: the default of Keras, and of many a small training

PEAK = Interval(
    3e-4,
    1e-3,
    5e-3,
    "1e-3 is the default that Adam was published with, and a third of it is as common; two small tasks with Adam, "
    "whose rate decayed to 0, had their best at 4.3e-3 and 5e-3",
    cited("kingma", "small-tasks"),
    "convention",
)
SGD_PEAK = Interval(
    3e-3,
    1e-2,
    1.2e-1,
    "1e-2 is the advised default of SGD for networks on standardised inputs; two small tasks with SGD, whose rate "
    "decayed to 0, had their best at 6e-2 and 1.1e-1",
    cited("bengio", "small-tasks"),
    "convention",
)
WARMUP = Number("warmup", "0%", "small networks begin without; where it spikes, see there", cited("nobody"), "folklore")
FLOOR = Number(
    "floor",
    LEAST,
    "three cuts by ten: what is left then moves nothing",
    cited("nobody"),
    "folklore",
)
CLIP = Number("clip", 1.0, "a bound that ordinary gradients do not reach", cited("nobody"), "folklore")
WEIGHT_DECAY = Number(
    "weight_decay",
    0.01,
    "the default of AdamW in torch; on little data more may help",
    cited("loshchilov"),
    "convention",
)
L2 = Number("weight_decay", 1e-4, "as ResNets were trained", cited("he"), "convention")
BETAS = betas(0.999, "the default that Adam was published with", cited("kingma"), "convention")
MOMENTUM = Number("momentum", 0.9, "as ResNets were trained", cited("he"), "convention")
MORE = (
    Number(
        "cut",
        FACTOR,
        "ResNets were cut by ten when the error stalled, and torch and Keras cut so",
        cited("he", "torch", "keras"),
        "convention",
    ),
    Number(
        "patience",
        PATIENCE,
        "validations in a row without a better one before a cut: the default of torch and Keras, never compared",
        cited("torch", "keras"),
        "convention",
    ),
    Number(
        "stop",
        STOP,
        "validations in a row without a better one before the end: more than twice the patience, so that two cuts had "
        "their chance; stopping later generalised slightly better and cost far more time",
        cited("prechelt"),
        "folklore",
    ),
)


def advise(question: Question) -> Advice:
    """The advice for AdamW, or for SGD with momentum."""
    sgd = question.optimizer == "sgd"
    limit = Remark(
        "the horizon is a limit, not a plan: nothing in the recipe depends on it, and the run ends when it is stopped",
        cited("prechelt"),
        "convention",
    )
    return Advice(
        "small-data",
        "adamw",
        question.horizon,
        hold(),
        SGD_PEAK if sgd else PEAK,
        WARMUP,
        FLOOR,
        CLIP,
        L2 if sgd else WEIGHT_DECAY,
        MOMENTUM if sgd else BETAS,
        watch=(
            VALIDATION_GAP,
            Remark(
                "the noise of validation: a better value that is within it is none, and it delays the cut",
                cited("nobody"),
                "folklore",
            ),
        ),
        notes=(limit, FIND_THE_PEAK, *(() if sgd else square_root(question, BATCH))),
        rules=(torch_plateau(patience=PATIENCE, factor=FACTOR, floor=LEAST), early_stop(STOP)),
        more=MORE,
    )


def change(advice: Advice) -> tuple[Change, ...]:
    """What to change, with the amount."""
    weight = advice.weight_decay.value
    more = f"weight decay {MORE_DECAY * weight:g}, then " if isinstance(weight, float) and weight else ""
    overfits = Change(
        "overfits",
        f"{more}augmentation, or a smaller network; the end of the run is found for you",
        cited("nobody"),
        "folklore",
    )
    known = Change(
        "the length of the run is known",
        "a cosine to 0 in place of the rules: its decay is spent to the end, where a stall may come late or never",
        cited("small-tasks"),
        "convention",
        recipe=warmup("5%") >> cosine(),
    )
    return raised(advice), overfits, calmed(advice), lowered(advice), known


TASK = Task(
    "little data, trained until validation no longer improves",
    advise,
    change,
    {"adamw": same, "adam": as_adam, "sgd": same},
    {
        "lion": "what Lion gains grows with the batch (arXiv 2302.06675), and no peak for little data is published",
        "muon": "no publication gives a peak of Muon for little data",
    },
)

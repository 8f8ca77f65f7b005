"""Convolutional networks with SGD and momentum: 0.1 for every 256 samples of a batch."""

from glidepath.advice.optimizers import same
from glidepath.advice.question import Question
from glidepath.advice.sources import cited
from glidepath.advice.task import FIND_THE_PEAK, VALIDATION_GAP, Task, calmed, lowered, raised
from glidepath.advice.values import Advice, Change, Interval, Number, Remark
from glidepath.schedules.recipes import cosine, decay, hold, warmup
from glidepath.units import Amount

BATCH, MOST = 256, 8192  # samples: where 0.1 is published, and up to where the linear rule was shown to hold
EPOCHS, OF = 5, 90  # of warmup, and of ResNet's whole training
LEAST_EPOCHS = 25  # of a horizon that has room for five of warmup
BASE, LOW, HIGH = 0.1, 0.05, 0.2  # peaks at the published batch
SHARE = "5%"  # 5 of 90 epochs, where an epoch is not known

CLIP = Number(
    "clip", None, "batch norm keeps the gradients in bounds; ResNets train without", cited("he"), "convention"
)
WEIGHT_DECAY = Number(
    "weight_decay",
    1e-4,
    "as ResNets were trained; scales and shifts of batch norm are left out",
    cited("he", "goyal"),
    "published",
)
MOMENTUM = Number("momentum", 0.9, "as ResNets were trained; Nesterov's as well", cited("he", "goyal"), "published")
FLOOR = Number(
    "floor",
    0.0,
    "a cosine to 0 was at least as good as three drops by 10 for ResNet-50, and has no places to choose",
    cited("he-tricks"),
    "published",
)
RANGE_TEST = Remark(
    "a range test of 100 steps gives the centre for another network: a tenth of the rate at the lowest loss lay within "
    "0.75 to 1.26 of the best in two tasks with SGD, where the valley rule was four times too low",
    cited("small-tasks"),
    "measured",
)


def advise(question: Question) -> Advice:
    """The advice for SGD with momentum."""
    length = _length(question)
    return Advice(
        "cnn",
        "sgd",
        question.horizon,
        warmup(length) >> cosine(),
        _peak(question.batch_size or BATCH),
        Number(
            "warmup",
            str(length),
            f"{EPOCHS} of {OF} epochs: a large batch's peak diverges without; at {BATCH} and below it costs nothing",
            cited("goyal"),
            "published",
        ),
        FLOOR,
        CLIP,
        WEIGHT_DECAY,
        MOMENTUM,
        watch=(
            VALIDATION_GAP,
            Remark("the loss of the first epoch: it must fall while the rate still rises", cited("nobody"), "folklore"),
        ),
        notes=(RANGE_TEST, FIND_THE_PEAK, *_batch(question.batch_size)),
    )


def _length(question: Question) -> Amount:
    """Five epochs where they are known and short beside the horizon, else their share of ninety."""
    fits = question.epochs is not None and question.epochs >= LEAST_EPOCHS
    return Amount.of(f"{EPOCHS} epochs" if fits else SHARE)


def _peak(batch: int) -> Interval:
    factor = min(batch, MOST) / BATCH
    return Interval(
        float(f"{LOW * factor:.3g}"),
        float(f"{BASE * factor:.3g}"),
        float(f"{HIGH * factor:.3g}"),
        f"{BASE:g} for every {BATCH} samples of a batch, by the linear rule, here for {min(batch, MOST)}; half "
        "and twice of it were little worse for ResNet-50",
        cited("goyal"),
        "published",
    )


def _batch(batch: int | None) -> tuple[Remark, ...]:
    if batch is None:
        return (Remark(f"a batch of {BATCH}, since none was given: say batch_size", cited("goyal"), "convention"),)
    if batch <= MOST:
        return ()
    told = f"at a batch of {batch} the linear rule no longer holds: the peak is that of {MOST}; LARS goes further"
    return (Remark(told, cited("goyal", "you"), "published"),)


def change(advice: Advice) -> tuple[Change, ...]:
    """What to change, with the amount."""
    overfits = Change(
        "overfits",
        "weight decay 5e-4, as wide networks were trained on small images; then stronger augmentation",
        cited("zagoruyko"),
        "published",
    )
    short = Change(
        "there is time for 30 epochs or less",
        "one cycle, its momentum against it from 0.95 down to 0.85 and back; its peak by a range test",
        cited("smith"),
        "published",
        recipe=warmup("30%", start=0.04, shape="cosine") >> decay(shape="cosine", to=4e-6),
    )
    classic = Change(
        "a result must be compared with older ones",
        "drops by 10 after 30, 60 and 80 of 90 epochs, as ResNets were trained",
        cited("goyal"),
        "published",
        recipe=warmup(SHARE) >> hold("28%") >> hold("34%", at=0.1) >> hold("22%", at=0.01) >> hold(at=0.001),
    )
    return raised(advice), overfits, calmed(advice), lowered(advice), short, classic


TASK = Task(
    "a convolutional network trained from scratch with SGD and momentum",
    advise,
    change,
    {"sgd": same},
    {
        "adamw": "ConvNeXt trained at 4e-3 for a batch of 4096 (arXiv 2201.03545), and no rule carries that to another "
        "network",
        "adam": "SGD with momentum generalises as well or better there (arXiv 1705.08292), so it is not advised",
        "lion": "no publication gives a peak of Lion for it that carries to another network",
        "muon": "no publication gives a peak of Muon for it that carries to another network",
    },
)

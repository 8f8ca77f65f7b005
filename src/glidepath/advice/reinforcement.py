"""Reinforcement learning: PPO with Adam, its rate linearly to 0."""

from glidepath.advice.optimizers import same
from glidepath.advice.question import Question
from glidepath.advice.sources import cited
from glidepath.advice.task import Task, betas, calmed, lowered, raised
from glidepath.advice.values import Advice, Change, Interval, Number, Remark
from glidepath.schedules.recipes import hold, linear

PEAK = Interval(
    1e-4,
    3e-4,
    1e-3,
    "PPO was published with 3e-4 on robots and 2.5e-4 on Atari, and a study of 250,000 agents found 3e-4 a safe "
    "default; the ends, some factor of 3 to either side, are our own",
    cited("schulman", "andrychowicz"),
    "published",
)
WARMUP = Number("warmup", "0%", "PPO was published without", cited("schulman"), "convention")
FLOOR = Number(
    "floor",
    0.0,
    "linearly to 0, as PPO on Atari: it helped in ablations and in most of five robots, slightly",
    cited("schulman", "engstrom", "andrychowicz"),
    "published",
)
CLIP = Number(
    "clip",
    0.5,
    "the global norm of PPO's code; of slight use in the study",
    cited("huang", "andrychowicz"),
    "convention",
)
WEIGHT_DECAY = Number("weight_decay", 0.0, "PPO was published without", cited("schulman"), "convention")
BETAS = betas(0.999, "Adam's own, as in PPO's code, with its epsilon 1e-5", cited("huang"), "convention")
DIVERGENCE = Remark(
    "the divergence (KL) of the new policy from the old one in each update: far above 0.02 the steps are too large",
    cited("huang"),
    "convention",
)
CLIPPED = Remark(
    "the share of samples that PPO clips, and the entropy: clipping that rises or an entropy that falls at once",
    cited("huang"),
    "folklore",
)
RETURNS = Remark(
    "the return over several seeds: one says little, and the loss nothing", cited("henderson"), "published"
)
CLOCK = Remark(
    "a step is an update: with 10 passes of 32 minibatches each rollout makes 320, so count the horizon in those",
    cited("schulman"),
    "published",
)
BATCH = Remark(
    "the batch does not move the interval: no rule of it is published for reinforcement learning",
    cited("nobody"),
    "folklore",
)


def advise(question: Question) -> Advice:
    """The advice for Adam."""
    batch = () if question.batch_size is None else (BATCH,)
    return Advice(
        "reinforcement-learning",
        "adam",
        question.horizon,
        linear(),
        PEAK,
        WARMUP,
        FLOOR,
        CLIP,
        WEIGHT_DECAY,
        BETAS,
        watch=(RETURNS, DIVERGENCE, CLIPPED),
        notes=(CLOCK, *batch),
    )


def change(advice: Advice) -> tuple[Change, ...]:
    """What to change, with the amount."""
    overfits = Change(
        "overfits to its last rollout, and the return falls",
        "3 passes over each rollout in place of 10, as on Atari, or stop its passes at a divergence of 0.02",
        cited("schulman", "huang"),
        "convention",
    )
    off_policy = Change(
        "the method learns from a replay buffer (SAC, DQN)",
        "a constant 3e-4, as SAC was published; such methods have no decay as a rule",
        cited("haarnoja"),
        "published",
        peak=3e-4,
        recipe=hold(),
    )
    return raised(advice), overfits, calmed(advice), lowered(advice), off_policy


TASK = Task(
    "a policy by PPO",
    advise,
    change,
    {"adam": same, "adamw": same},
    {
        "sgd": "no publication gives a peak of SGD for PPO",
        "lion": "no publication gives a peak of Lion for PPO",
        "muon": "no publication gives a peak of Muon for PPO",
    },
)

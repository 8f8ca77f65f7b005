"""What is behind each signature of a learning rate: the likely cause, the fix, and where it is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Cause:
    """The likely cause and the fix in one line each, the threads, and the causes that frameworks have of their own."""

    cause: str
    fix: str
    threads: tuple[str, ...] = ()
    of: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


FRAMEWORKS = (
    "transformers",
    "lightning",
    "accelerate",
    "keras",
    "timm",
    "megatron",
    "deepspeed",
    "optax",
    "nanogpt",
    "torchtitan",
    "gpt-neox",
    "fairseq",
    "mmengine",
)  # by a word of the form of their logs

OF_KERAS = "decay_steps were counted in epochs, or planned for fewer updates: Keras has no scheduler to tick"

CAUSES: dict[str, Cause] = {
    "fast ticks": Cause(
        "the scheduler is ticked once a process, or once a micro-batch, in place of once an update",
        "tick once an applied update, or plan {times:g} times the steps where the library ticks so",
        ("huggingface/accelerate#2926", "huggingface/diffusers#9633", "Lightning-AI/pytorch-lightning#1476"),
        {
            "accelerate": "a prepared scheduler is ticked once a process: plan steps x processes, or do not prepare it",
            "keras": OF_KERAS,
        },
    ),
    "slow ticks": Cause(
        "the scheduler is ticked once in several updates, or its steps are counted in micro-batches",
        "tick once an applied update, and divide steps that were counted in micro-batches by the accumulation",
        ("vllm-project/speculators#859", "starVLA/starVLA#210"),
    ),
    "epoch ticks": Cause(
        "the scheduler is ticked once an epoch, but planned in updates",
        "tick it behind every update, or plan it in epochs",
        ("ace-step/ACE-Step#198", "Lightning-AI/pytorch-lightning#827", "espnet/espnet#6515"),
        {"lightning": 'the default interval is the epoch: return {"scheduler": ..., "interval": "step"}'},
    ),
    "zero start": Cause(
        "a warmup by t/W begins at 0, so that the first update changes nothing",
        "begin at 1/(W+1), as warmup(W) does",
        ("EleutherAI/gpt-neox#1373", "verl-project/verl#3674"),
    ),
    "peak not reached": Cause(
        "the decay has run under the warmup, and the curve goes on from where it is by then",
        "let the decay begin behind the warmup: warmup(W) >> decay(...)",
        ("huggingface/pytorch-image-models#1242",),
        {"timm": "warmup_prefix is False by default, which lays the warmup over the decay: write warmup_prefix=True"},
    ),
    "rise after end": Cause(
        "a cosine without a clamp is periodic and climbs again behind its end",
        "let the run end with the schedule, or hold its last value",
        ("Nerogar/OneTrainer#1604", "pytorch/pytorch#152081"),
        {
            "lightning": "CosineAnnealingLR climbs behind T_max, and a resume takes T_max from the checkpoint",
            "transformers": "the cosine of transformers has no clamp behind its last step",
        },
    ),
    "negative rate": Cause(
        "a straight line without a floor goes on behind its end: the optimizer climbs the loss",
        "hold the last value, or plan the schedule over the whole run",
        ("pytorch/torchtitan#2340",),
    ),
    "frozen rate": Cause(
        "behind the resume the scheduler drives an optimizer, or groups, that are no longer used",
        "build the scheduler for the optimizer that trains, and load its state behind the optimizer's",
        ("huggingface/accelerate#1673", "deepspeedai/DeepSpeed#4344"),
    ),
    "seam": Cause(
        "the resume began another schedule, or at another place of it, than the one before it ended at",
        "resume with the stored step and schedule, or name a policy for the change: hold, stretch, rewarm",
        ("Lightning-AI/pytorch-lightning#19865", "huggingface/transformers#18070"),
        {"transformers": "max_steps was changed, so that the new curve goes on at the old step"},
    ),
    "other horizon": Cause(
        "the schedule was planned for the steps of another run",
        "plan it over the updates of this run: .over({steps})",
        ("huggingface/transformers#18070", "vllm-project/speculators#1104"),
        {"lightning": "a resume takes T_max from the checkpoint, whatever the code asks for"},
    ),
    "early decay": Cause(
        "a decay planned for a shorter run, or a schedule that is ticked more than once an update",
        "a decay that ends with the run: .over({steps})",
        of={"keras": OF_KERAS},
    ),
    "unfinished decay": Cause(
        "the run stopped before its horizon: too few steps, an early stop, or a horizon counted too long",
        "anneal from the last checkpoint, or plan over the updates that are done: .over({steps})",
        ("huggingface/datasets#5773", "huggingface/trl#1004"),
    ),
    "unscheduled group": Cause(
        "the scheduler was built for another optimizer or before the group was added",
        "drive every group by the schedule, and name those that are to stay constant",
        ("tenstorrent/tt-metal#56027", "pytorch/pytorch#104361"),
    ),
    "other peak": Cause(
        "something else sets the learning rate: a checkpoint, the scheduler's own default, or the optimizer's",
        "set the peak in one place and look at the first logged value",
        ("deepspeedai/DeepSpeed#7303", "huggingface/transformers#9099"),
        {"deepspeed": "warmup_max_lr is 1e-3 by default and replaces the optimizer's rate: write it"},
    ),
    "other counting": Cause("another library counts the same schedule in another way", "none is needed"),
    "logged late": Cause("the log says the learning rate of the next update", "none is needed"),
    "other schedule": Cause(
        "another schedule ran than the one planned", "compare the recovered recipe with the configuration"
    ),
}


def framework(origin: str) -> str:
    """The framework whose log form has this name; "" where none is told."""
    return next((name for name in FRAMEWORKS if name in origin.lower()), "")

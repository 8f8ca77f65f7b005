"""Writing: a schedule as another library's configuration, read back and compared before it is given."""

from collections.abc import Callable
from math import isclose
from typing import Any

from glidepath.errors import SpecError, shown
from glidepath.schedules.dialects.spelling import library_of
from glidepath.schedules.dialects.writers import clusters, packages, paddle, rates, research, torch, trainers, visions
from glidepath.schedules.dialects.writers.agreement import FLOAT32, LAST_BITS, Gap, Trial
from glidepath.schedules.dialects.writers.facts import Candidates, Config, Facts, facts_of
from glidepath.schedules.schedule import Schedule

LIBRARIES: dict[str, Callable[[Facts], Candidates]] = {
    "torch": torch.torch,
    "transformers": trainers.transformers,
    "timm": trainers.timm,
    "optax": rates.optax,
    "keras": rates.keras,
    "paddle": paddle.paddle,
    "composer": visions.composer,
    "mmengine": visions.mmengine,
    "fastai": visions.fastai,
    "ignite": visions.ignite,
    "megatron": clusters.megatron,
    "gpt-neox": clusters.gpt_neox,
    "deepspeed": clusters.deepspeed,
    "torchtitan": clusters.torchtitan,
    "torchtune": trainers.torchtune,
    "nanotron": clusters.nanotron,
    "olmo-core": research.olmo_core,
    "olmo": research.olmo,
    "fairseq": research.fairseq,
    "fairseq2": research.fairseq2,
    "litgpt": trainers.litgpt,
    "nanogpt": clusters.nanogpt,
    "llm.c": clusters.llm_c,
    "lrsched": rates.lrsched,
    "pytorch_optimizer": packages.pytorch_optimizer,
    "pytorch-scheduler": packages.pytorch_scheduler,
}

Miss = tuple[Gap, str, Config]  # of a candidate
DIGITS = 15  # that a float always keeps: 0.1 in place of 0.09999999999999999, where that is the same schedule
LONGEST = 120  # signs of a complaint within a complaint


def write(schedule: Schedule, library: str) -> tuple[str, dict[str, Any]]:
    """The library's own name and configuration, plain values, of the same learning rates at every step of the horizon.

    For `read(library, name, config, base_lr=schedule.peak, horizon=schedule.horizon)`: where the library takes its
    rate from the optimizer, that is the schedule's peak, 1.0 for a multiplier. It has been read back, as we mend it
    and as the library does it, and agrees to 1e-12 of the peak: at all steps up to 100,000, in longer schedules
    beside all boundaries and at 10,000 more. What the library rounds to float32 may cost it 1e-6 of the peak.

    Raises SpecError where the library has no such schedule, with the first step at which the nearest one differs.

    >>> from glidepath import cosine, warmup
    >>> write((warmup(10, start=0) >> cosine(to=0.1)).over(100, peak=3e-4), "transformers")
    ('cosine_with_min_lr', {'num_warmup_steps': 10, 'num_training_steps': 100, 'min_lr_rate': 0.1})
    """
    library = library_of(library, LIBRARIES)
    if not isinstance(schedule, Schedule):
        raise SpecError(f"{library}: expected a schedule, got {shown(schedule)}: write recipe.over(steps, peak=...)")
    trial, misses, refused = Trial(facts_of(schedule)), list[Miss](), ""
    for name, config in LIBRARIES[library](trial.facts):
        try:
            written, gap = _tried(trial, library, name, config)
        except SpecError as error:
            refused = refused or str(error)
            continue
        if gap is None:
            return name, written
        misses.append((gap, name, written))
    raise SpecError(f"{library}: expected a schedule that it has, got {_missed(trial, library, misses, refused)}")


def _tried(trial: Trial, library: str, name: str, config: Config) -> tuple[Config, Gap | None]:
    """A candidate with its numbers as people write them, or as they came out where that is too coarse; and its gap."""
    neat = _neat(config)
    gap = trial.gap(library, name, neat)
    if gap is None or gap.largest > FLOAT32 or neat == config:
        return neat, gap
    return config, trial.gap(library, name, config)


def _missed(trial: Trial, library: str, misses: list[Miss], refused: str) -> str:
    """The end of a complaint: where the nearest candidate differs, one that only we mend before all others."""
    if not misses:
        return f"{trial.facts.schedule!s:.{LONGEST}}: {refused:.{LONGEST}}"
    gap, name, config = min(misses, key=lambda miss: (not miss[0].note, miss[0].largest))
    gap = trial.gap(library, name, config, fully=True) or gap
    where = f"at step {gap.step} by {gap.size:.3g} of the peak"
    return f"one that differs from the nearest ({name}) {where}: {_reason(gap, trial.facts)}"


def _neat(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {name: _neat(inner) for name, inner in value.items()}
    return [_neat(inner) for inner in value] if isinstance(value, list) else value


def _reason(gap: Gap, facts: Facts) -> str:
    """What the nearest one does there, and what to write where the start of the warmup is all that is amiss."""
    if gap.note:
        return f"{gap.note:.{LONGEST}}"
    does = f"it has {gap.theirs:.6g} there, not {gap.ours:.6g}"
    if gap.step == 0 and gap.start == 0 < facts.warm:
        return f"{does}, because its warmup begins at 0: write warmup({facts.warm}, start=0)"
    ours = facts.peak / (facts.warm + 1)
    if gap.step == 0 and facts.warm and isclose(gap.start, ours, rel_tol=LAST_BITS):
        return f"{does}, because its warmup begins as ours does: write warmup({facts.warm})"
    return does

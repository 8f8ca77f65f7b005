"""A watch over a training under way, and what a door is to do when it finds something: say it, stop, or cut."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from glidepath.diagnosis.finding import Finding
from glidepath.diagnosis.watch import Watch
from glidepath.errors import AttachError, nearest, shown
from glidepath.schedules.amendments import Amendment

WARN, STOP = "warn", "stop"
HEARD = ("loss", "lr", "grad_norm", "loss_scale")
MOST_CUTS = 3  # 1/8 of the plan by then: what still diverges has another cause than its learning rate


@dataclass(frozen=True, slots=True)
class Cut:
    """Go on with a share of what is left of the plan, by a warmup up to it; behind so many cuts, stop."""

    scale: float = 0.5
    warmup: int = 100
    most: int = MOST_CUTS

    def __post_init__(self) -> None:
        """Refuse what is no cut."""
        if isinstance(self.scale, bool) or not isinstance(self.scale, (int, float)) or not 0 < self.scale < 1:
            raise AttachError(f"expected the scale of a cut between 0 and 1, got {shown(self.scale)}")
        for name in ("warmup", "most"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise AttachError(f"expected {name} of a cut as a whole number of at least 1, got {shown(value)}")

    def change(self) -> dict[str, Any]:
        """The amendment, for the next update."""
        return {"scale": float(self.scale), "warmup": self.warmup}


def cut(scale: float = 0.5, *, warmup: int = 100, most: int = MOST_CUTS) -> Cut:
    """The policy that cuts: `scale` of what is left (0 and 1 excluded), by `warmup` updates up to it, `most` times.

    >>> cut(0.25).change()
    {'scale': 0.25, 'warmup': 100}
    """
    return Cut(scale, warmup, most)


WORDS: dict[str, str | Cut] = {WARN: WARN, STOP: STOP, "cut": Cut()}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be done behind an update: the findings to say, the amendment to make, and whether to stop."""

    findings: tuple[Finding, ...] = ()
    change: Mapping[str, Any] | None = None
    stop: bool = False


NOTHING = Answer()


class Guard:
    """A watch with a policy. It answers, and the door acts."""

    def __init__(self, watch: "str | Cut") -> None:
        """`watch` is "warn", "stop", "cut" or what `cut` makes; raises AttachError for anything else."""
        if not isinstance(watch, Cut) and not (isinstance(watch, str) and watch in WORDS):
            raise AttachError(f"expected watch= as a word or a cut, got {shown(watch)}: {nearest(str(watch), WORDS)}")
        self.policy = watch if isinstance(watch, Cut) else WORDS[watch]
        self._watch = Watch()

    def tell(self, step: int, seen: Mapping[str, float], made: Sequence[Amendment]) -> Answer:
        """What update `step` saw, of which a loss is needed; `made` are the changes so far, cuts among them."""
        heard = {name: seen[name] for name in HEARD if name in seen}
        findings = self._watch.tell(step, **heard) if "loss" in heard else ()
        if not findings:
            return NOTHING
        wrong = [one for one in findings if one.severity == "wrong"]
        if not wrong or self.policy == WARN:
            return Answer(findings)
        lost = not isfinite(seen.get("loss", 0.0))  # no learning rate brings weights back that are no numbers
        cuts = sum(change.warmup > 0 for change in made)
        if isinstance(self.policy, Cut) and not lost and cuts < self.policy.most:
            self._watch = Watch()  # what comes down from here is another run
            return Answer(findings, change=self.policy.change())
        return Answer(findings, stop=True)


def words(finding: Finding) -> str:
    """A finding as a warning says it."""
    return f"{finding.kind} at step {finding.begin}: {finding.evidence}; likely {finding.cause}; {finding.fix}"


def line(step: int, finding: Finding) -> dict[str, Any]:
    """A finding as a journal keeps it."""
    told = {"kind": finding.kind, "severity": finding.severity, "begin": finding.begin, "evidence": finding.evidence}
    return {"step": step, "finding": told}

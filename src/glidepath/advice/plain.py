"""Advice in plain types, as JSON has them."""

from typing import Any

from glidepath.advice.values import Advice, Change
from glidepath.schedules.feedback import rule_to_spec
from glidepath.schedules.spec import to_spec
from glidepath.units import Horizon


def to_plain(advice: Advice) -> dict[str, Any]:
    """The advice as dicts, lists, texts and numbers: the recipe as its text and, to be read again, as its spec.

    >>> from glidepath.advice import recommend
    >>> to_plain(recommend("fine-tuning"))["numbers"][0]["value"]
    [2e-05, 3e-05, 5e-05]
    """
    return {
        "task": advice.task,
        "optimizer": advice.optimizer,
        "horizon": None if advice.horizon is None else _horizon(advice.horizon),
        "recipe": str(advice.recipe),
        "spec": to_spec(advice.recipe),
        "rules": [{"rule": str(rule), "spec": rule_to_spec(rule)} for rule in advice.rules],
        "peak": {"low": advice.peak.low, "lr": advice.peak.lr, "high": advice.peak.high},
        "numbers": [
            {
                "name": number.name,
                "value": list(number.value) if isinstance(number.value, tuple) else number.value,
                "reason": number.reason,
                "source": number.source,
                "evidence": number.evidence,
            }
            for number in advice.numbers
        ],
        "watch": [_remark(remark.what, remark.source, remark.evidence) for remark in advice.watch],
        "changes": [_change(change) for change in advice.changes],
        "notes": [_remark(remark.what, remark.source, remark.evidence) for remark in advice.notes],
    }


def _horizon(horizon: Horizon) -> dict[str, Any]:
    return {"steps": horizon.steps} | {name: str(rate) for name, rate in horizon.rates.items()}


def _remark(what: str, source: str, evidence: str) -> dict[str, Any]:
    return {"what": what, "source": source, "evidence": evidence}


def _change(change: Change) -> dict[str, Any]:
    recipe = None if change.recipe is None else str(change.recipe)
    return (
        {"when": change.when}
        | _remark(change.what, change.source, change.evidence)
        | {
            "peak": change.peak,
            "recipe": recipe,
        }
    )

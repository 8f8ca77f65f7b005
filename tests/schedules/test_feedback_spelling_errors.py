"""What is no spec and no text of a rule: one sentence with its place, and at once."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest

from glidepath import cosine
from glidepath.schedules.feedback import greedy, parse_rule, rule_from_spec, rule_to_spec
from glidepath.schedules.feedback.spelling import LONGEST

Complaint = Callable[..., str]
Limit = Callable[[float], AbstractContextManager[None]]

WRONG_TEXTS = [
    ("platau(0.1)", "column 1: expected the word of a rule, got 'platau': did you mean 'plateau'?"),
    ("  warmup(10)", "column 3: expected the word of a rule, got 'warmup'"),
    ("", "column 1: expected the word of a rule, got ''"),
    ("plateau", "column 1: expected plateau with minimum_descent, got none: write plateau(minimum_descent=0.01)"),
    ("early_stop(mode=max)", "column 1: expected early_stop with patience, got none: write early_stop(patience=3)"),
    ("plateau(0.1", "column 12: expected ')' at the end of plateau, got '1' before it"),
    ("plateau(0.1) >> greedy()", "column 9: expected an argument such as factor=0.5, got '0.1) >> greedy('"),
    ("plateau 0.1", "column 1: expected the word of a rule, got 'plateau 0.1'"),
    ("plateau(0.1, facter=0.5)", "column 14: expected an argument of plateau, got 'facter': did you mean 'factor'?"),
    ("plateau(0.1,)", "column 13: expected an argument such as factor=0.5, got ''"),
    ("plateau(0.1, factor=)", "column 14: expected an argument such as factor=0.5, got 'factor='"),
    ("plateau(0.1, 0.5)", "column 14: expected an argument such as factor=0.5, got '0.5'"),
    ("torch_plateau(0.5)", "column 15: expected an argument such as factor=0.5, got '0.5'"),
    ("plateau(0.1, minimum_descent=0.2)", "column 14: expected each argument of plateau once, got 'minimum_descent'"),
    ("plateau(0.1, factor=half)", "column 14: expected a number, got 'half'"),
    ("plateau(0.1, factor=2)", "column 1: expected factor above 0 and below 1, got 2.0"),
    ("plateau(0.1, window=10.5)", "column 1: expected window as a whole number"),
    ("early_stop(99999999999999999)", "column 1: expected patience as a whole number"),
    ("torch_plateau(mode=most)", "column 1: expected mode as one of its words, got 'most'"),
    ("torch_plateau(faithful=1)", "column 1: expected faithful as True or False, got '1'"),
    ("plateau(nan)", "column 9: expected a number, got 'nan'"),
    ("plateau(1e999)", "column 1: expected minimum_descent"),
]


@pytest.mark.parametrize(("text", "said"), WRONG_TEXTS)
def test_a_text_that_is_no_rule_is_refused_with_its_column(complaint: Complaint, text: str, said: str) -> None:
    assert complaint(parse_rule, text).startswith(said)


WRONG_SPECS: list[tuple[Any, str]] = [
    (None, "$: expected the spec of a rule"),
    ([], "$: expected the spec of a rule"),
    ({}, "$.rule: expected the word of a rule, got None"),
    ({"rule": ["plateau"]}, "$.rule: expected the word of a rule"),
    ({"rule": "plateaux"}, "$.rule: expected the word of a rule, got 'plateaux': did you mean 'plateau'?"),
    ({"rule": "greedy", "glidepath": 2}, "$.glidepath: expected version 1 of the spec, got 2: update glidepath"),
    ({"rule": "greedy", "glidepath": True}, "$.glidepath"),
    ({"rule": "greedy", "glidepath": np.ones(2)}, "$.glidepath"),
    ({"rule": "greedy", "windw": 2}, "$: expected an argument of greedy, got 'windw': did you mean 'window'?"),
    ({"rule": "greedy", 5: 2}, "$: expected an argument of greedy, got 5"),
    ({"rule": "greedy", "x\n" * 10**6: 2}, "$: expected an argument of greedy, got 'x"),
    ({"rule": "greedy", 10**5000: 2}, "$: expected an argument of greedy, got a int too large to show"),
    ({"rule": "plateau"}, "$: expected plateau with minimum_descent, got none"),
    ({"rule": "greedy", "factor": "half"}, "$.factor: expected a number, got 'half'"),
    ({"rule": "greedy", "factor": 1.5}, "$: expected factor above 0 and below 1, got 1.5"),
    ({"rule": "greedy", "factor": None}, "$: expected factor"),
    ({"rule": "greedy", "factor": 10**400}, "$: expected factor"),
    ({"rule": "greedy", "patience": 2.0}, "$: expected patience as a whole number"),
    ({"rule": "greedy", "patience": 10**5000}, "$: expected patience as a whole number"),
    ({"rule": "greedy", "mode": {"min": 1}}, "$: expected mode as one of its words"),
    ({"rule": "torch_plateau", "faithful": 0}, "$: expected faithful as True or False, got 0"),
]


@pytest.mark.parametrize(("spec", "said"), WRONG_SPECS)
def test_a_spec_that_is_no_rule_is_refused_with_its_place(complaint: Complaint, spec: Any, said: str) -> None:
    assert complaint(rule_from_spec, spec).startswith(said)


@pytest.mark.parametrize("what", [None, {}, "greedy()", greedy().start(), cosine()])
def test_what_is_no_rule_has_no_spec(complaint: Complaint, what: Any) -> None:
    assert "expected a rule" in complaint(rule_to_spec, what)


ROOM = LONGEST - 20
HOSTILE: dict[str, Any] = {
    "too long": "greedy(" + " " * 10**7 + ")",
    "brackets": "(" * LONGEST,
    "nested calls": "greedy(" * (LONGEST // 7),
    "commas": f"greedy({',' * ROOM})",
    "equals": f"greedy({'=' * ROOM})",
    "quotes": f"greedy({chr(39) * ROOM})",
    "an open quote": f"greedy(mode='{'x' * ROOM})",
    "spaces": " " * LONGEST,
    "spaces within": f"greedy(mode{' ' * (ROOM - 10)}!=)",
    "spaces and a sign": f"greedy({' ' * ROOM}(",
    "digits": f"greedy(factor={'9' * (ROOM - 10)})",
    "digits of a count": f"greedy(patience={'9' * (ROOM - 10)})",
    "exponents": "greedy(factor=1e999999999)",
    "a long word": "a" * LONGEST,
    "a long argument": f"greedy({'x' * ROOM}=1)",
    "NUL": "greedy(\x00)",
    "a surrogate": "greedy(mode=\ud800)",
    "right to left": "\u202egreedy()",
    "fullwidth": "ｇｒｅｅｄｙ()",
    "digits of another script": "greedy(patience=٣)",
    "code": "__import__('os').system('true')",
    "dunder": "greedy.__class__",
    "bytes": b"greedy()",
    "a number": 5,
    "nothing": None,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_refused_at_once(complaint: Complaint, limit: Limit, name: str) -> None:
    with limit(1.0):
        complaint(parse_rule, HOSTILE[name])

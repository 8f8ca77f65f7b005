"""The rules of learning rate and batch size: their laws, what each gives, and what is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glidepath.batch import RULES, lr_factor, rule_of

SIZES = st.floats(1, 1e7)
NOISE = {"noise-scale": 1_000.0, "surge": 1_000.0}


def factor(name: str, before: float, after: float) -> float:
    return RULES[name](before, after, noise_scale=NOISE.get(name))


@pytest.mark.parametrize("name", RULES)
@given(SIZES, SIZES, SIZES)
def test_a_rule_composes_and_goes_back(name, one, other, third):
    assert factor(name, one, one) == pytest.approx(1)
    assert factor(name, one, other) * factor(name, other, third) == pytest.approx(factor(name, one, third))


@given(SIZES, SIZES)
def test_the_noise_scale_rule_is_the_others_far_below_it_and_still_above_it(before, after):
    far = 1e12 * max(before, after)
    assert RULES["noise-scale"](before, after, noise_scale=far) == pytest.approx(after / before)
    assert RULES["noise-scale"](before, after, noise_scale=far, alpha=0.5) == pytest.approx(math.sqrt(after / before))
    assert RULES["surge"](before, after, noise_scale=far) == pytest.approx(math.sqrt(after / before))
    assert RULES["noise-scale"](before, after, noise_scale=1e-9) == pytest.approx(1)


@given(SIZES, SIZES)
def test_the_surge_is_highest_at_the_noise_scale_and_alike_on_both_sides(noise, size):
    assert RULES["surge"](noise, size, noise_scale=noise) <= 1 + 1e-12
    assert RULES["surge"](size, noise**2 / size, noise_scale=noise) == pytest.approx(1)


@pytest.mark.parametrize(
    ("rule", "before", "after", "noise", "alpha", "expected"),
    [
        ("linear", 256, 8192, None, None, 32),
        ("square-root", 256, 4096, None, None, 4),
        ("noise-scale", 1024, 3072, 1024, None, 1.5),
        ("noise-scale", 1024, 3072, 1024, 0.5, math.sqrt(1.5)),
        ("surge", 250, 4000, 1000, None, 1),
        ("surge", 1000, 4000, 1000, None, 0.8),
    ],
)
def test_factors(rule, before, after, noise, alpha, expected):
    assert lr_factor(before, after, rule=rule, noise_scale=noise, alpha=alpha) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("optimizer", "rule"), [("sgd", "linear"), ("SGD", "linear"), ("AdamW", "square-root"), ("lion", "square-root")]
)
def test_the_optimizer_chooses(optimizer, rule):
    assert rule_of(optimizer=optimizer).name == rule


def test_the_rates_that_were_measured_go_by_the_rule_of_their_optimizer():
    """A teacher network, equal samples: the best rate at 16, 64, 256 samples of SGD, and up to 1024 of Adam."""
    best = {"sgd": (0.0142, 0.0427, 0.168), "adam": (0.00233, 0.0045, 0.00816, 0.0159)}
    for optimizer, lrs in best.items():
        others = {"sgd": "adam", "adam": "sgd"}[optimizer]
        measured = math.log(lrs[-1] / lrs[0])
        sizes = 16, 16 * 4 ** (len(lrs) - 1)
        own, other = (math.log(lr_factor(*sizes, optimizer=name)) for name in (optimizer, others))
        assert abs(own - measured) < 0.15 * own < abs(other - measured)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_says_its_evidence_and_where_it_holds(name):
    rule = rule_of(name)
    assert rule.name == name
    assert "arXiv" in rule.source
    assert all(len(text) > 20 for text in (rule.evidence, rule.holds))


@pytest.mark.parametrize(
    ("call", "part"),
    [
        ({"rule": "sqrt"}, "square-root"),
        ({"rule": ["linear"]}, "a rule of batch size"),
        ({"optimizer": "muon"}, "optimizer whose family is known"),
        ({"optimizer": None}, "optimizer whose family is known"),
        ({"before": 0}, "batch size before above 0"),
        ({"after": -1}, "batch size after"),
        ({"after": math.inf}, "batch size after"),
        ({"after": math.nan}, "batch size after"),
        ({"after": 10**400}, "batch size after"),
        ({"after": "512"}, "batch size after"),
        ({"after": True}, "batch size after"),
        ({"rule": "surge"}, "noise_scale=2000"),
        ({"rule": "linear", "noise_scale": 100}, "no noise scale"),
        ({"rule": "surge", "noise_scale": 0}, "noise scale above 0"),
        ({"rule": "noise-scale", "noise_scale": 10, "alpha": 0.4}, "alpha"),
        ({"rule": "surge", "noise_scale": 10, "alpha": 1}, "only for the rule 'noise-scale'"),
        ({"rule": "linear", "before": 1e-300, "after": 1e300}, "factor of the rule"),
        ({"rule": "surge", "before": 1e-300, "noise_scale": 1e300}, "batch sizes of one training"),
    ],
)
def test_bad_input_is_one_sentence(complaint, call, part):
    assert part in complaint(lr_factor, **({"before": 256, "after": 512} | call))

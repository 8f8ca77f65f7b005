"""Every schedule of Keras, read, beside the installed Keras in float64, three horizons past the end."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from dialect_sizes import PAST, spoil
from hypothesis import given, settings
from hypothesis import strategies as st

from glidepath.schedules import dialects

HORIZON = 60
EXACT = 1e-9  # of the largest value, both in float64; restarts are powers of a growth


@pytest.fixture(scope="module")
def schedules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """keras.optimizers.schedules on torch in float64; imported once, because that is slow, its home not the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        import keras

        before = keras.config.floatx()
        keras.config.set_floatx("float64")
        yield keras.optimizers.schedules
        keras.config.set_floatx(before)


count, rate, peak = st.integers(1, 50), st.one_of(st.just(0.0), st.floats(0.01, 3)), st.floats(0.01, 3)
factor, flag = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.2, 1.3)), st.booleans()


def table(schedule: str, **fields: Any) -> Any:
    return st.tuples(st.just(schedule), st.fixed_dictionaries(fields))


@st.composite
def levels(draw: Any) -> Any:
    ends = sorted(draw(st.lists(st.integers(0, 80), min_size=1, max_size=5)))
    values = draw(st.lists(peak, min_size=len(ends) + 1, max_size=len(ends) + 1))
    return "PiecewiseConstantDecay", {"boundaries": ends, "values": values}


decays = {"initial_learning_rate": peak, "decay_steps": count, "decay_rate": factor, "staircase": flag}
KINDS = [
    table("CosineDecay", initial_learning_rate=peak, decay_steps=count, alpha=factor, warmup_steps=st.integers(0, 9)),
    table(
        "CosineDecay",
        initial_learning_rate=rate,
        decay_steps=count,
        alpha=factor,
        warmup_target=peak,
        warmup_steps=st.integers(0, 30),
        name=st.just("warm"),
    ),
    table(
        "CosineDecayRestarts",
        initial_learning_rate=peak,
        first_decay_steps=count,
        alpha=st.floats(0, 1),
        t_mul=st.one_of(st.sampled_from([1.0, 2.0]), st.floats(1.1, 3)),
        m_mul=factor,
    ),
    table("ExponentialDecay", **decays),
    table("InverseTimeDecay", **decays),
    table(
        "PolynomialDecay",
        initial_learning_rate=peak,
        decay_steps=count,
        end_learning_rate=rate,
        cycle=flag,
        power=st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.3, 3)),
    ),
    levels(),
]
configured = st.one_of(KINDS)


def restarts(config: dict[str, Any], until: int) -> list[int]:
    """Where the cycles of CosineDecayRestarts begin."""
    begins, length = [0.0], float(config["first_decay_steps"])
    while begins[-1] < until:
        begins.append(begins[-1] + length)
        length *= config["t_mul"]
    return [round(begin) for begin in begins if abs(begin - round(begin)) < EXACT * until and begin < until]


@pytest.mark.parametrize("kind", KINDS, ids=range(len(KINDS)))
def test_keras_itself_gives_these_values_three_horizons_past_the_end_too(schedules, kind):
    settings(max_examples=8)(given(kind)(lambda case: check(schedules, *case)))()


def check(schedules: Any, name: str, config: dict[str, Any]) -> None:
    steps = PAST * HORIZON
    make = getattr(schedules, name)(**config)
    theirs = np.array([float(make(step)) for step in range(steps)])
    ours = dialects.read("keras", name, config, horizon=HORIZON, faithful=True).schedule(range(steps))
    if name == "CosineDecayRestarts" and config["t_mul"] != 1:  # its logarithm may leave them to the cycle before
        late = [at for at in restarts(config, steps) if abs(theirs[at] - ours[at]) > EXACT]
        low = config["initial_learning_rate"] * config["alpha"]
        assert theirs[late] == pytest.approx(np.full(len(late), low), rel=EXACT, abs=EXACT)
        theirs[late] = ours[late]
    np.testing.assert_allclose(ours, theirs, rtol=EXACT, atol=EXACT * theirs.max())
    mended = dialects.read("keras", name, config, horizon=HORIZON).schedule
    np.testing.assert_allclose(mended(range(HORIZON)), ours[:HORIZON], rtol=EXACT)
    assert mended(steps) <= mended.peak


def test_every_schedule_of_keras_is_read(schedules):
    public = {name for name, value in vars(schedules).items() if isinstance(value, type)}
    assert public - {"LearningRateSchedule"} == set(dialects.names("keras"))


@given(configured)
def test_its_own_configuration_is_read(schedules, case):
    name, config = case
    own = getattr(schedules, name)(**config).get_config()
    given, full = (dialects.read("keras", name, table, horizon=HORIZON) for table in (config, own))
    assert given == full


@pytest.mark.parametrize(
    ("name", "config", "text"),
    [
        (
            "CosineDecay",
            {"initial_learning_rate": 0.0, "decay_steps": 50, "warmup_target": 0.5, "warmup_steps": 10},
            "warmup(10, start=0.0) >> decay(50, shape=cosine) >> hold()",
        ),
        (
            "InverseTimeDecay",
            {"initial_learning_rate": 0.5, "decay_steps": 10, "decay_rate": 2.0},
            "inverse_time(timescale=10, rate=2.0)",
        ),
        (
            "PiecewiseConstantDecay",
            {"boundaries": [3.9, 5], "values": [0.5, 0.25, 0.1]},
            "hold(4) >> hold(2, at=absolute(0.25)) >> hold(at=absolute(0.1))",
        ),
        (
            "ExponentialDecay",
            {"initial_learning_rate": 0.5, "decay_steps": 30, "decay_rate": 0.0, "staircase": True},
            "hold(30) >> hold(at=0.0)",
        ),
    ],
)
def test_a_schedule_is_read_in_plain_words(name, config, text):
    assert str(dialects.read("keras", name, config, horizon=60).schedule) == f"({text}).over(60, peak=0.5)"


@pytest.mark.parametrize(
    ("name", "config", "note"),
    [
        ("CosineDecay", {"initial_learning_rate": 1.0, "decay_steps": 5, "warmup_steps": 3}, "only to a warmup_target"),
        ("CosineDecayRestarts", {"initial_learning_rate": 1.0, "first_decay_steps": 5}, "rounded logarithm"),
    ],
)
def test_what_keras_does_beside_the_word_is_noted(name, config, note):
    assert note in dialects.read("keras", name, config, horizon=9).notes[0]
    assert dialects.read("keras", name, config, horizon=9, faithful=True).notes == ()


RATE = {"initial_learning_rate": 1.0}


@pytest.mark.parametrize(
    ("name", "config", "shown"),
    [
        ("CosineDecay", {"initial_learning_rate": 1.0}, "decay_steps"),
        ("CosineDecay", RATE | {"decay_steps": 9, "alpha": -0.1}, "alpha from 0"),
        ("CosineDecay", RATE | {"decay_steps": 9, "decay_step": 9}, "did you mean 'decay_steps'?"),
        ("CosineDecayRestarts", RATE | {"first_decay_steps": 9, "t_mul": 0.5}, "t_mul from 1"),
        ("CosineDecayRestarts", RATE | {"first_decay_steps": 9, "t_mul": 1.0, "m_mul": 1e9}, "m_mul"),
        ("ExponentialDecay", RATE | {"decay_steps": 1, "decay_rate": 1e9}, "stays below"),
        ("PolynomialDecay", RATE | {"decay_steps": 0}, "at least 1"),
        ("PiecewiseConstantDecay", {"boundaries": [3, 2], "values": [1.0, 0.5, 0.1]}, "boundaries in order"),
        ("PiecewiseConstantDecay", {"boundaries": [3], "values": [1.0]}, "one value more"),
        ("PiecewiseConstantDecay", {"boundaries": [], "values": [1.0]}, "at least 1"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_one_sentence(complaint, name, config, shown):
    assert shown in complaint(dialects.read, "keras", name, config, horizon=1000)


@given(st.data(), configured)
def test_anything_in_a_field_is_read_or_refused_in_a_sentence(data, case):
    spoil(data, ("keras", *case, float), 1.0)

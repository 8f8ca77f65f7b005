"""The desk of the dialects: what no library is asked for, and that nothing but our own errors escapes from any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glidepath.errors import GlidepathError
from glidepath.schedules import dialects


@pytest.mark.parametrize(
    ("library", "name", "config", "shown"),
    [
        ("torhc", "StepLR", {}, "did you mean 'torch'?"),
        ("nanogpt", "get_lr", {"learning_rate": 1.0, "min_lr": 0.1, "warmup_iters": 9, "lr_decay_iters": 9}, "below"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_one_sentence(library, name, config, shown):
    with pytest.raises(GlidepathError) as caught:
        dialects.read(library, name, config)
    assert shown in str(caught.value)
    assert "\n" not in str(caught.value)


values = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**9), st.floats(), st.text(max_size=5), st.just([1]), st.just({})
)
fields = [
    *("T_0", "T_max", "T_mult", "boundaries", "boundaries_and_scales"),
    *("decay_steps", "eta_min", "factor", "gamma", "init_value"),
    *("initial_learning_rate", "learning_rate", "max_lr", "milestones", "min_lr"),
    *("num_decay_steps", "num_training_steps", "num_warmup_steps", "peak_value", "power"),
    *("step_size", "total_iters", "total_steps", "values", "warmup_steps"),
]


@given(st.data())
def test_nothing_but_our_own_errors_escapes(data):
    library = data.draw(st.sampled_from(dialects.libraries()))
    name = data.draw(st.sampled_from(dialects.names(library)))
    config = data.draw(st.dictionaries(st.sampled_from(fields), values, max_size=6))
    try:
        reading = dialects.read(library, name, config, horizon=50)
    except GlidepathError:
        return
    assert np.isfinite(reading.schedule(range(200))).all()

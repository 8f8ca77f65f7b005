"""Concerns about floors, about what a library does behind its end, and about what was noted when it was read."""

import pytest

import glidepath as gp
from glidepath.schedules import dialects
from glidepath.schedules.lint import concerns
from glidepath.schedules.measure import measure


def named(schedule, **more):
    return {concern.name: concern for concern in concerns(schedule, beta2=0.5, **more)}


@pytest.mark.parametrize(
    ("recipe", "steps", "found"),
    [
        (gp.linear(), 99, True),  # a hundredth is left, and a bit
        (gp.linear(), 101, False),
        (gp.linear(endpoint=True), 20, False),
        (gp.hold() >> gp.decay(20, shape="1-sqrt"), 1_000, True),
        (gp.hold() >> gp.decay(20, shape="1-sqrt") >> gp.hold(1), 1_000, False),
        (gp.hold() >> gp.decay(20, to=0.99), 1_000, True),  # of a shallow decay as of a deep one
        (gp.repeat(gp.cosine(), every=300), 900, False),
        (gp.repeat(gp.cosine(), every=300), 1_000, True),
        (gp.repeat(gp.cosine(), every=100, growth=2), 700, False),
        (gp.repeat(gp.cosine(), every=100, growth=2), 1_000, True),
        (gp.steps(100, factor=0.5), 1_000, False),
        (gp.hold(), 10, False),
    ],
)
def test_a_floor_that_no_update_comes_near_to(recipe, steps, found):
    schedule = gp.warmup(1) >> recipe
    assert ("floor never reached" in named(schedule.over(steps + 1, peak=1e-3))) is found


def test_a_floor_is_not_asked_for_where_the_run_ends_before():
    schedule = gp.linear().over(50, peak=1.0)
    assert "floor never reached" in named(schedule)
    assert "floor never reached" not in named(schedule, run_steps=20)


def test_what_a_library_does_behind_the_end_is_evidence():
    config = {"num_training_steps": 400, "num_warmup_steps": 40}
    mended, kept = (dialects.read("transformers", "cosine", config, faithful=faithful) for faithful in (False, True))
    found = named(mended.schedule, behind=kept.schedule, notes=mended.notes)["rises after the end"]
    assert "to 1 at step 760" in found.evidence
    assert named(mended.schedule, notes=mended.notes)["rises after the end"].evidence == mended.notes[0]
    assert "rises after the end" not in named(mended.schedule)


@pytest.mark.parametrize(
    ("note", "name"),
    [
        ("torchtitan goes below 0 behind its last step; read as held there", "goes below 0"),
        ("the warmup overlays the curve: the peak may never be reached", "peak never reached"),
        ("min_lr=0.1 is never used", "never used"),
        ("something else", "read otherwise"),
    ],
)
def test_every_note_is_a_concern(note, name):
    found = named((gp.warmup(100) >> gp.linear()).over(1_000, peak=1.0), notes=(note,))
    assert list(found) == [name]
    assert found[name].evidence == note


@pytest.mark.parametrize(
    ("recipe", "steps"),
    [
        (gp.warmup(30) >> gp.cosine(), 30),
        (gp.arc(25, start=0.0, to=1.0) >> gp.hold(), 25),
        (gp.hold(5, at=0.1) >> gp.hold(5, at=0.5) >> gp.hold(at=1.0), 10),
        (gp.hold(at=1.0), 0),
        (gp.linear(10, to=0.5) >> gp.warmup(20, start=0.5) >> gp.linear(), 0),
    ],
)
def test_a_warmup_is_what_rises_to_the_peak_whatever_part_it_is_of(recipe, steps):
    assert measure(recipe.over(100, peak=1.0)).warmup == steps

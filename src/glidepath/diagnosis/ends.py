"""How a learning rate begins and ends: at 0, below 0, climbing again, cut short, or long before the run."""

from collections.abc import Iterator
from itertools import pairwise
from math import pi

import numpy as np

from glidepath.diagnosis.bends import Bend
from glidepath.diagnosis.finding import Finding, Severity
from glidepath.diagnosis.recovery import Recovered
from glidepath.diagnosis.resumes import OWN_BEGIN
from glidepath.diagnosis.sight import PEAKS, PROCESSES, Sight, number_of
from glidepath.diagnosis.ticking import peak_missed
from glidepath.schedules.measure import completion
from glidepath.schedules.schedule import Schedule

NOTHING = 1e-3  # of the peak: a floor of less is 0, where updates change next to nothing
LOW = 0.15  # of the peak: the usual floor of a decay is a tenth
FINISHED = 0.97  # of a decay: what a log that is written now and then may leave out
IDLE = 0.25  # of the run at a rate of 0 is no rounding of its horizon
FALLING = 3  # rows that fall one below the other before a floor: a decay, and no drop
TWICE = 1.9  # times too fast, at least, for a tick too many
MOST_BLUR = 0.25  # of one: a wider one makes every number a whole one
WHOLE = 0.02  # how far from a whole number of times
SHORT = 100  # updates: of so few the first is more than one percent
OTHER_PEAK = 0.02  # of the peak asked for: more than a log's print leaves open
CLIMBED = 5e-3  # of the peak: what a rise is seen by
UNSURE = 0.6  # how sure a cause is that only a whole number of times speaks for


def negative(sight: Sight) -> Iterator[Finding]:
    """Learning rates below 0."""
    below = np.flatnonzero(sight.values < -sight.limit)
    if below.size:
        first, least = int(sight.steps[below[0]]), float(sight.values.min())
        evidence = f"{below.size} logged values are below 0, from update {first} on, down to {least:.3g}"
        yield sight.found("negative rate", "wrong", first, evidence, least=least)


def climbing(sight: Sight) -> Iterator[Finding]:
    """A cosine mirrored behind its end."""
    for span in () if sight.recovered is None else sight.recovered.spans:
        bend = span.bend
        if not isinstance(bend, Bend) or bend.shape != "cosine" or bend.start <= bend.to or bend.end >= sight.last:
            continue
        behind = sight.steps > bend.end
        turned = bend.begin + 2 * (bend.end - bend.begin)
        part = behind & (sight.steps <= turned)
        wave = (
            bend.to
            + (bend.start - bend.to) * (1 + np.cos(pi * (sight.steps - bend.begin) / (bend.end - bend.begin))) / 2
        )
        same = np.abs(wave - sight.values) <= sight.limit + CLIMBED / 2 * sight.peak
        risen = sight.values[part].max(initial=0.0)
        if part.sum() > 1 and same[part].all() and risen > bend.to + CLIMBED * sight.peak:
            evidence = (
                f"behind the end of its cosine at update {bend.end:.0f} the learning rate climbs again, from "
                f"{bend.to:.3g} to {risen:.3g}"
            )
            yield sight.found("rise after end", "wrong", bend.end, evidence, end=bend.end, risen=float(risen))
            return


def zero_start(sight: Sight) -> Iterator[Finding]:
    """A first update at 0."""
    found = sight.recovered
    seen = sight.steps[0] == 0 and abs(sight.values[0]) <= sight.limit[0] and sight.values[0] <= NOTHING**2 * sight.peak
    told = found is not None and not found.drawn and sight.steps[0] > 0 and _from_nothing(found)
    if sight.peak <= 0 or not (seen or told):
        return
    updates = sight.horizon or sight.last + 1
    how = (
        "is 0 at update 0"
        if seen
        else f"leads back to 0 at update 0 from {sight.values[0]:.3g} at {sight.steps[0]:.0f}"
    )
    severity: Severity = "suspect" if updates <= SHORT else "note"
    yield sight.found("zero start", severity, 0, f"the learning rate {how}: one of {updates} updates changes nothing")


def _from_nothing(found: Recovered) -> bool:
    """Whether a warmup leads back to 0 at update 0, nearer than to its first step."""
    bend, first = found.spans[0].bend, found.schedule(0) / (found.schedule.peak or 1.0)
    length = found.schedule.boundaries[1] if len(found.schedule.boundaries) > 1 else found.schedule.horizon.steps
    tells = found.open_ < NEARER / length
    return (
        isinstance(bend, Bend) and bend.shape == "linear" and bend.to > bend.start and tells and first < NEARER / length
    )


NEARER = 0.3  # of a step of the warmup: to 0 than to 1/(W+1)


def laid_over(sight: Sight) -> Iterator[Finding]:
    """A decay that has begun with the run, under the warmup."""
    spans = () if sight.recovered is None else sight.recovered.spans
    for one, other in list(pairwise(spans))[:1]:
        rise, fall = one.bend, other.bend
        if not isinstance(rise, Bend) or not isinstance(fall, Bend) or fall.shape not in OWN_BEGIN:
            continue
        early = fall.begin <= max(sight.every, other.begin / 4) and other.begin > 2 * sight.every
        early &= other.end - other.begin > (fall.end - fall.begin) / 2  # a few rows of another curve fit a cosine too
        level = float(fall(np.array([float(other.begin)]))[0])
        if rise.to > rise.start and fall.start > fall.to and early and level < fall.start * (1 - CLIMBED):
            yield peak_missed(sight, other.begin, level, fall.start)


def over_early(sight: Sight) -> Iterator[Finding]:
    """A decay that is over long before the run."""
    kept = np.abs(sight.values - sight.values[-1]) <= sight.limit
    if kept.all() or not kept[-1]:
        return
    place = int(np.flatnonzero(~kept)[-1]) + 1
    fell = sight.values[max(0, place - FALLING) : place + 1]
    if fell.size <= FALLING or not (np.diff(fell) < 0).all():
        return
    floor = float(sight.values[-1])
    end = float(sight.steps[place])
    run = max(sight.horizon or 0, sight.last + 1)
    share = 1 - end / run
    times = run / max(end, 1.0)
    blur = WHOLE * times + times * 2 * sight.every / max(end, 1.0)
    told = number_of(sight.run.settings, PROCESSES)
    if told is not None and told >= TWICE and abs(times - told) <= blur:
        times, blur = told, WHOLE
    whole = times >= TWICE and abs(times - round(times)) <= min(blur, MOST_BLUR)
    idle = floor <= NOTHING * sight.peak and share > IDLE
    if idle or (floor <= LOW * sight.peak and whole):
        evidence = (
            f"the decay is over at update {end:.0f}, at {floor:.3g}, and the run goes on to {run}: {share:.0%} of it "
            f"is at that rate" + (f", as where the schedule is ticked {round(times)} times an update" if whole else "")
        )
        sure = 0.8 if floor <= NOTHING * sight.peak and whole else UNSURE
        kind = "fast ticks" if whole else "other horizon"
        yield sight.found(kind, "suspect", end, evidence, sure=sure, times=round(times), end=end)


def unfinished(sight: Sight) -> Iterator[Finding]:
    """A run that stopped within its decay."""
    found, done = sight.recovered, sight.last + 1
    if found is None or _restarts(found):
        return
    horizon, slack = found.schedule.horizon.steps, 2 * sight.every
    asked = sight.horizon
    if asked is not None and horizon > done + slack and done >= asked - slack and abs(horizon - asked) > slack:
        evidence = (
            f"the learning rate leads to update {horizon}, but the run was planned for {asked}: it ends at "
            f"{sight.values[-1]:.3g}, with {completion(found.schedule, done):.0%} of the decay done"
        )
        told = number_of(sight.run.settings, PROCESSES)
        slow = told is not None and told >= TWICE and abs(horizon / asked - told) <= WHOLE * told + slack / asked
        kind = "slow ticks" if slow else "other horizon"
        yield sight.found(kind, "suspect", done - 1, evidence, sure=found.sure, horizon=horizon)
    elif horizon > done + slack:
        yield from cut_short(sight, found.schedule, sure=found.sure)
    elif asked is not None and done + slack < FINISHED * asked:
        evidence = f"the run stopped at update {done} of {asked}, at {sight.values[-1]:.3g}, {done / asked:.0%} of them"
        yield sight.found("unfinished decay", "suspect", done - 1, evidence, share=done / asked)


def _restarts(found: Recovered) -> bool:
    """Whether it has fallen more than once: a run may end within a cycle, whose end says nothing of the run's."""
    bends = [span.bend for span in found.spans if isinstance(span.bend, Bend)]
    falls = [bend for bend in bends if bend.start > bend.to]
    return any(one.to < other.start - CLIMBED * one.start for one, other in pairwise(falls))


def cut_short(sight: Sight, schedule: Schedule, *, sure: float = 0.95) -> Iterator[Finding]:
    """What is said of a run that stopped before the end of the schedule that it followed."""
    done, horizon = sight.last + 1, schedule.horizon.steps
    share = completion(schedule, done)
    end = float(schedule(horizon - 1))
    if done + 2 * sight.every < horizon and done < FINISHED * horizon and share < FINISHED:
        evidence = (
            f"the run stopped at update {done} of {horizon}, with {share:.0%} of the decay done: the learning rate is "
            f"{sight.values[-1]:.3g}, not {end:.3g}"
        )
        yield sight.found("unfinished decay", "suspect", done - 1, evidence, sure=sure, share=share, horizon=horizon)


def other_peak(sight: Sight) -> Iterator[Finding]:
    """A peak that is not the one that the settings ask for."""
    asked, found = number_of(sight.run.settings, PEAKS), sight.recovered
    if asked is None or found is None or found.schedule.peak is None or found.drawn:
        return
    ratio = found.schedule.peak / asked
    between = sight.peak <= asked * (1 + OTHER_PEAK) <= found.schedule.peak * (1 + OTHER_PEAK)  # of two rows
    rising = float(sight.values[-1]) >= sight.peak - float(sight.limit[-1]) and np.ptp(sight.values) > sight.limit[-1]
    if abs(ratio - 1) > OTHER_PEAK and not between and not (rising and ratio < 1):
        evidence = f"the peak is {found.schedule.peak:.4g}, {ratio:.4g} times the {asked:.4g} that was asked for"
        yield sight.found("other peak", "wrong", 0, evidence, ratio=ratio, peak=found.schedule.peak)

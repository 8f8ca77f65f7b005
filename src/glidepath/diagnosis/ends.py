"""How a learning rate begins and ends: at 0, below 0, climbing again, cut short, or long before the run."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from glidepath.diagnosis.bends import Bend
from glidepath.diagnosis.finding import Finding, Severity
from glidepath.diagnosis.guessing import straight
from glidepath.diagnosis.joining import Span
from glidepath.diagnosis.recovery import TOLD, Recovered, begun
from glidepath.diagnosis.resumes import OWN_BEGIN
from glidepath.diagnosis.sight import PEAKS, Sight, number_of
from glidepath.diagnosis.ticking import USUAL, epoch_steps, peak_missed
from glidepath.schedules.measure import completion
from glidepath.schedules.schedule import Schedule

ZERO = 1e-6  # of the peak: less is 0, as float32 has it
NOTHING = 1e-3  # of the peak: a floor of less is 0, where updates change next to nothing
LOW = 0.15  # of the peak: the usual floor of a decay is a tenth
FINISHED = 0.97  # of a decay: what a log that is written now and then may leave out
IDLE = 0.25  # of the run at a rate of 0 is no rounding of its horizon
FALLING = 3  # rows that fall one below the other before a floor: a decay, and no drop
MOST_BLUR = 0.25  # of one: a wider one makes every number a whole one
WHOLE = 0.02  # how far from a whole number of times
BLURRED = 0.05  # of an end: one that a log tells no better is near a half, or a quarter, of too many runs
HALF = 0.5  # of an update: an end that is as near as that is at that update
EARLY = 4  # parts of the warmup: a decay that began in the first of them began with the run
SHORT = 100  # updates: of so few the first is more than one percent
OTHER_PEAK = 0.02  # of the peak asked for: more than a log's print leaves open
CLIMBED = 5e-3  # of the peak: what a rise is seen by
SURE, UNSURE = 0.8, 0.6  # how sure a tick too many is: told by two things, or only by a whole number of times


def negative(sight: Sight) -> Iterator[Finding]:
    """Learning rates below 0."""
    below = np.flatnonzero(sight.values < -sight.limit)
    if below.size:
        first, least = int(sight.steps[below[0]]), float(sight.values.min())
        evidence = f"{below.size} logged values are below 0, from update {first} on, down to {least:.3g}"
        yield sight.found("negative rate", "wrong", first, evidence, least=least)


def climbing(sight: Sight) -> Iterator[Finding]:
    """A cosine mirrored behind its end."""
    for bend in _falls(sight.spans):
        if bend.shape == "cosine" and _is_mirrored(sight, bend):
            risen = float(sight.values[_behind(sight, bend)].max())
            evidence = (
                f"behind the end of its cosine at update {bend.end:.0f} the learning rate climbs again, from "
                f"{bend.to:.3g} to {risen:.3g}"
            )
            yield sight.found("rise after end", "wrong", bend.end, evidence, end=bend.end, risen=risen)
            return


def _behind(sight: Sight, bend: Bend) -> NDArray[np.bool_]:
    """The rows behind the end of a bend, for as many updates as it took."""
    return (sight.steps > bend.end) & (sight.steps <= bend.end + bend.length)


def _is_mirrored(sight: Sight, bend: Bend) -> bool:
    """Whether the rows behind a bend say the same cosine, turned upward, and rise."""
    part = _behind(sight, bend)
    mirrored, seen = bend(2 * bend.end - sight.steps[part]), sight.values[part]
    same = np.abs(mirrored - seen) <= sight.limit[part] + CLIMBED / 2 * sight.peak
    return bool(seen.size > 1 and same.all() and seen.max() > bend.to + CLIMBED * sight.peak)


def zero_start(sight: Sight) -> Iterator[Finding]:
    """A first update at 0: one that was logged, or to which the warmup leads back, nearer than to its first step."""
    at, value, found = sight.steps[0], sight.values[0], sight.recovered
    done = None if found is None or found.drawn else begun(found)
    if at == 0 and abs(value) <= sight.limit[0] and value <= ZERO * sight.peak:
        how = "is 0 at update 0"
    elif at > 0 and done is not None and done < TOLD:
        how = f"leads back to 0 at update 0 from {value:.3g} at {at:.0f}"
    else:
        return
    updates = sight.horizon or sight.last + 1
    severity: Severity = "suspect" if updates <= SHORT else "note"
    yield sight.found("zero start", severity, 0, f"the learning rate {how}: one of {updates} updates changes nothing")


def laid_over(sight: Sight) -> Iterator[Finding]:
    """A decay that has begun with the run, under the warmup."""
    for one, other in pairwise(sight.spans[:2]):
        rise, fall = one.bend, other.bend
        if not isinstance(rise, Bend) or not isinstance(fall, Bend) or not rise.rises or not fall.falls:
            continue
        early = fall.begin <= max(sight.every, other.begin / EARLY) and other.begin > 2 * sight.every
        early &= other.end - other.begin > fall.length / 2  # a few rows of another curve fit a cosine too
        level = fall.at(other.begin)
        if fall.shape in OWN_BEGIN and early and level < fall.start * (1 - CLIMBED):
            yield peak_missed(sight, other.begin, level, fall.start)


def over_early(sight: Sight) -> Iterator[Finding]:
    """A decay that is over long before the run: by several ticks an update, where something tells so."""
    place = _floor_row(sight)
    if place is None:
        return
    floor, end, run = float(sight.values[-1]), float(sight.steps[place]), max(sight.horizon or 0, sight.last + 1)
    evidence = (
        f"the decay is over at update {end:.0f}, at {floor:.3g}, and the run goes on to {run}: {1 - end / run:.0%} of "
        f"it is at that rate"
    )
    times, sure = _ticks_an_update(sight, end, run)
    if times > 1 and floor <= LOW * sight.peak:
        evidence += f", as where the schedule is ticked {times} times an update"
        yield sight.found("fast ticks", "suspect", end, evidence, sure=sure, times=times, end=end)
    elif floor <= NOTHING * sight.peak and 1 - end / run > IDLE:
        yield sight.found("early decay", "suspect", end, evidence, sure=UNSURE, end=end)


def _floor_row(sight: Sight) -> int | None:
    """The row from which on nothing changes, behind some that fall; None where there is none."""
    moving = np.flatnonzero(np.abs(sight.values - sight.values[-1]) > sight.limit)
    place = int(moving[-1]) + 1 if moving.size else 0
    fell = sight.values[max(0, place - FALLING) : place + 1]
    return place if fell.size > FALLING and (np.diff(fell) < 0).all() else None


def _ticks_an_update(sight: Sight, end: float, run: int) -> tuple[int, float]:
    """How many ticks an update have brought a schedule of the run to its end, and how sure that is; 1 where none tells.

    The settings tell it, or a warmup that begins at a part of its step; a whole ratio alone only where it is exact,
    of a power of two, and the warmup does not say that an update is one tick.
    """
    ratio = run / max(end, 1.0)
    blur = ratio * (WHOLE + 2 * sight.every / max(end, 1.0))
    for told in sorted(sight.ticks):
        if abs(ratio - told) <= blur:
            return told, SURE
    times, first = round(ratio), None if sight.recovered is None else begun(sight.recovered)
    if first is not None and abs(first * times - 1) <= WHOLE and abs(ratio - times) <= min(blur, MOST_BLUR):
        return times, SURE
    once = first is not None and abs(first - 1) <= WHOLE
    return (times, UNSURE) if not once and times in USUAL and _is_exact(sight, end, run / times) else (1, 0.0)


def _is_exact(sight: Sight, end: float, told: float) -> bool:
    """Whether the last decay ends at a place, to the nearest update, and what a log leaves open of the run's end.

    Where that is more than a little, any place is one.
    """
    own = next((bend.end for bend in _falls(sight.spans)[-1:]), end)
    own = own if abs(own - end) <= 2 * sight.every + WHOLE * end else end
    blur = HALF + (sight.every * told / (sight.last + 1) if sight.horizon is None else 0.0)
    return abs(own - told) <= blur <= BLURRED * told


def unfinished(sight: Sight) -> Iterator[Finding]:
    """A run that stopped within its decay."""
    found, done, asked = sight.recovered, sight.done, sight.horizon
    if found is None or _restarts(found):
        return
    horizon, slack, by_epochs = found.schedule.horizon.steps, 2 * sight.every, _by_epochs(sight, found)
    whole = asked is not None and done >= asked - slack
    if by_epochs is not None:
        yield by_epochs
    elif asked is not None and whole and horizon > done + slack and abs(horizon - asked) > slack:
        yield _led_further(sight, found, asked)
    elif horizon > done + slack:
        yield from cut_short(sight, found.schedule, sure=found.sure)
    elif asked is not None and done + slack < FINISHED * asked:
        evidence = f"the run stopped at update {done} of {asked}, at {sight.values[-1]:.3g}, {done / asked:.0%} of them"
        yield sight.found("unfinished decay", "suspect", done - 1, evidence, share=done / asked)


def _by_epochs(sight: Sight, found: Recovered) -> Finding | None:
    """What is said of a curve of a row an epoch that comes to its end with as many epochs as the run has updates."""
    horizon, updates, epoch = found.schedule.horizon.steps, max(sight.done, sight.horizon or 0), epoch_steps(sight)
    if epoch is None or not 1 < epoch < sight.every + 1 or abs(horizon - epoch * updates) > WHOLE * horizon:
        return None
    evidence = (
        f"with a row an epoch, of {epoch} updates, the learning rate leads to update {horizon}, {epoch} times the "
        f"{updates} of the run, and ends at {sight.values[-1]:.3g}"
    )
    return sight.found("epoch ticks", "suspect", 0, evidence, sure=found.sure, times=epoch)


def _led_further(sight: Sight, found: Recovered, asked: int) -> Finding:
    """What is said of a schedule of more steps than the run was planned for: k times as many are ticks of k updates."""
    horizon, done = found.schedule.horizon.steps, sight.done
    evidence = (
        f"the learning rate leads to update {horizon}, but the run was planned for {asked}: it ends at "
        f"{sight.values[-1]:.3g}, with {completion(found.schedule, done):.0%} of the decay done"
    )
    slow = any(abs(horizon - told * asked) <= WHOLE * told * asked + 2 * sight.every for told in sight.ticks)
    kind = "slow ticks" if slow else "other horizon"
    return sight.found(kind, "suspect", done - 1, evidence, sure=found.sure, horizon=horizon)


def _restarts(found: Recovered) -> bool:
    """Whether it has fallen more than once: a run may end within a cycle, whose end says nothing of the run's."""
    return any(one.to < other.start - CLIMBED * one.start for one, other in pairwise(_falls(found.spans)))


def _falls(spans: tuple[Span, ...]) -> list[Bend]:
    """The bends that lead down."""
    return [span.bend for span in spans if isinstance(span.bend, Bend) and span.bend.falls]


def cut_short(sight: Sight, schedule: Schedule, *, sure: float = 0.95) -> Iterator[Finding]:
    """What is said of a run that stopped before the end of the schedule that it followed."""
    done, horizon = sight.done, schedule.horizon.steps
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
    high = max(found.schedule.peak, _between(sight)) * (1 + OTHER_PEAK)
    between = sight.peak <= asked * (1 + OTHER_PEAK) and asked <= high  # of two rows
    rising = float(sight.values[-1]) >= sight.peak - float(sight.limit[-1]) and np.ptp(sight.values) > sight.limit[-1]
    if abs(ratio - 1) > OTHER_PEAK and not between and not (rising and ratio < 1):
        evidence = f"the peak is {found.schedule.peak:.4g}, {ratio:.4g} times the {asked:.4g} that was asked for"
        yield sight.found("other peak", "wrong", 0, evidence, ratio=ratio, peak=found.schedule.peak)


def _between(sight: Sight) -> float:
    """The highest that a rise and a fall meet at, beside the highest row, where both go straight on."""
    at, seen, top = sight.steps, sight.values, int(np.argmax(sight.values))
    met = [sight.peak]
    for row in range(max(top - 1, 0), min(top + 1, at.size - 2)):
        down, head = straight(at[row + 1 : row + 3], seen[row + 1 : row + 3])
        up, foot = straight(at[row - 1 : row + 1], seen[row - 1 : row + 1]) if row else (np.inf, 0.0)
        where = (head - foot) / (up - down) if row else at[0]
        if up > 0 > down and at[row] <= where <= at[row + 1]:
            met.append(down * where + head)
    return max(met)

"""What only its values tell of: the schedule found in them, or drawn through them."""

from typing import Any

from glidepath.errors import SpecError
from glidepath.schedules.dialects import Reading
from glidepath.schedules.fitting import drawn, fitted, peak_of
from glidepath.schedules.points import MOST_KNOTS


def read_samples(values: Any, of: str) -> Reading:
    """The schedule of values at steps 0 to n, over n steps: recognised, else points through them, with a note.

    `of` names what gave them. Raises SpecError for a curve that is neither, ScheduleError for what is no curve.
    """
    found = fitted(values)
    recipe = drawn(values) if found is None else found
    peak, horizon = peak_of(values), len(values) - 1
    if recipe is None or not peak:
        raise SpecError(
            f"{of}: expected a curve that is recognised, or one above 0 of at most {MOST_KNOTS} steps, drawn through "
            f"every value, got one of {horizon} steps with the peak {peak:g}: shorten the horizon"
        )
    notes = () if found else (f"{of} is sampled at each of its {horizon} steps, not recognised: held behind them",)
    return Reading(recipe.over(horizon, peak=peak), notes)

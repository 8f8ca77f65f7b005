"""Lines of one layout read together: the form that is learned of one of them, and the numbers of a column of texts."""

import re
from collections.abc import Sequence
from typing import TypeAlias

from glidepath.logs.tally import spelled

Names: TypeAlias = tuple[str, ...]


def numbers_of(places: Sequence[int], texts: Sequence[str | None]) -> tuple[Sequence[int], Sequence[float]]:
    """The numbers among some texts, and the places of those."""
    try:
        return places, list(map(float, texts))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        found = [(place, spelled(text)) for place, text in zip(places, texts, strict=True) if text]
        return [place for place, value in found if value is not None], [
            value for _, value in found if value is not None
        ]


def layout_of(text: str, wanted: re.Pattern[str] | None) -> tuple[re.Pattern[str], Names] | None:
    """What matches texts of the same pairs between bars, and the names of its groups; None where a name comes twice."""
    form, names = list[str](), list[str]()
    for part in text.split("|"):
        name, colon, _ = part.rpartition(":")
        is_wanted = colon and (wanted is None or wanted.search(name.strip()))
        names += [name.strip()] if is_wanted else []
        form.append(re.escape(name) + (":([^|:]*)" if is_wanted else ":[^|:]*") if colon else re.escape(part))
    return (re.compile("[|]".join(form) + r"\Z"), tuple(names)) if len(set(names)) == len(names) > 0 else None

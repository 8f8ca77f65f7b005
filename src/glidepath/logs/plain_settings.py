"""The plain settings in a YAML file beside a log: its lines "key: value", and nothing that YAML would build."""

import re
from contextlib import closing
from itertools import islice
from pathlib import Path

from glidepath.errors import LogError
from glidepath.logs.files import lines_of
from glidepath.logs.gathering import setting

MOST_LINES = 1_000
LINE = re.compile(r"([\w./-]{1,100}):\s+([^#&*!|>{\[][^#]{0,500}?)\s*(?:#.*)?")
WORDS = {"true": True, "false": False, "null": None, "~": None}
Setting = str | float | bool | None


def settings_beside(path: Path, name: str) -> dict[str, Setting]:
    """The settings in the file of that name in the folder of a log; none where there is no such file.

    Lists, objects and inner keys are left out.
    """
    try:
        with closing(lines_of(path.parent / name)) as reading:
            lines = [LINE.fullmatch(line.rstrip()) for line in islice(reading, MOST_LINES)]
    except LogError:
        return {}
    return {line[1]: _value(line[2].strip()) for line in lines if line}


def _value(text: str) -> Setting:
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    found: Setting = setting(text)
    return found.strip("'\"") if isinstance(found, str) else found

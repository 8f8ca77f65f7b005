"""What docs/watching.md shows is what the commands say, and its Python runs.

`python tests/cli/test_watching_page.py` writes what the commands say now into the page.
"""

import os
import re
import runpy
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "watching.md"
SHOWN = re.compile(r"^    \$ glidepath (.*)\n(?:    .*\n)*", re.MULTILINE)


def renewed(text: str, said: Callable[..., str]) -> str:
    """The page with what each command says, without its picture, which ends at the first empty line."""

    def block(found: re.Match[str]) -> str:
        words = said(*shlex.split(found[1])).split("\n\n", 1)[-1].splitlines()
        return "".join(f"    {line.rstrip()}\n" for line in (f"$ glidepath {found[1]}", *words) if line.strip())

    return SHOWN.sub(block, text)


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def ran(block: str) -> None:
    Path("block.py").write_text(block)
    runpy.run_path("block.py")
    Path("block.py").unlink()  # a folder of runs is looked through


def test_what_the_page_shows_is_what_is_said(desk, tmp_path, monkeypatch):
    text = PAGE.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    made, *used = blocks()
    ran(made)
    assert len(SHOWN.findall(text)) == 5
    assert renewed(text, lambda *arguments: desk(*arguments).stdout) == text
    ran("\n".join([made, *used]))
    assert {"report.html", "card.md", "rising.png"} <= {path.name for path in tmp_path.iterdir()}


def test_its_links_are_there_and_it_is_short():
    text = PAGE.read_text(encoding="utf-8")
    assert all((PAGE.parent / target).exists() for target in re.findall(r"\]\(([^)#]+)\)", text))
    assert len(text.splitlines()) < 170


def _said(*arguments: str) -> str:
    command = [sys.executable, "-m", "glidepath.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        ran(blocks()[0])
        PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), _said), encoding="utf-8")

"""What the documentation shows runs as it stands, without a warning: two examples, and two pages."""

import re
from pathlib import Path

import pytest

from starting import TORCH, Started

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(program: Path) -> str:
    done = Started(program, libraries=TORCH).finished()
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_torch_example():
    path = ROOT / "examples" / "torch_loop.py"
    assert len(path.read_text().splitlines()) < 60
    assert run(path) == "each update once: True\nas planned: True\n"


def test_every_block_of_the_torch_page(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "torch.md").read_text(), re.DOTALL)
    assert len(blocks) == 4
    page = tmp_path / "page.py"
    page.write_text("\n".join(blocks))
    assert run(page) == ""
    assert (tmp_path / "run" / "journal.jsonl").exists()


def test_the_example_that_finds_a_peak():
    path = ROOT / "examples" / "find_peak.py"
    assert len(path.read_text().splitlines()) < 60
    lines = run(path).splitlines()
    low, high = map(float, re.findall(r"from (\S+) to (\S+), confidence", lines[0])[0])
    assert low < 0.05  # whole trainings are lowest from 0.02 to 0.05
    assert high > 0.02
    assert lines[-2] == "as it was: True"
    assert float(lines[-1].split()[-1]) < 0.2


def test_every_block_of_the_page_on_finding(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "finding.md").read_text(), re.DOTALL)
    assert len(blocks) == 4
    page = tmp_path / "page.py"
    page.write_text("\n".join(blocks))
    assert "lowest" in run(page)
    assert (tmp_path / "probe.png").exists()
    assert (tmp_path / "probe.jsonl").exists()

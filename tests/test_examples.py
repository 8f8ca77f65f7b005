"""What the documentation shows runs as it stands, without a warning: two examples, and two pages."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run(program: list[str], folder: Path) -> str:
    command = [sys.executable, "-W", "error", *program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_torch_example(tmp_path):
    path = ROOT / "examples" / "torch_loop.py"
    assert len(path.read_text().splitlines()) < 60
    assert run([str(path)], tmp_path) == "each update once: True\nas planned: True\n"


def test_every_block_of_the_torch_page(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "torch.md").read_text(), re.DOTALL)
    assert len(blocks) == 3
    page = tmp_path / "page.py"
    page.write_text("\n".join(blocks))
    assert run([str(page)], tmp_path) == ""
    assert (tmp_path / "run" / "journal.jsonl").exists()


def test_the_example_that_finds_a_peak(tmp_path):
    path = ROOT / "examples" / "find_peak.py"
    assert len(path.read_text().splitlines()) < 60
    lines = run([str(path)], tmp_path).splitlines()
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
    assert "lowest" in run([str(page)], tmp_path)
    assert (tmp_path / "probe.png").exists()
    assert (tmp_path / "probe.jsonl").exists()

"""What the README shows runs as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

from starting import TORCH, Started

README = Path(__file__).parents[1] / "README.md"


def test_the_ten_lines_run(tmp_path):
    code = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    check = "\nassert scheduler.last_epoch == 1_000 and optimizer.param_groups[0]['lr'] == schedule(1_000)"
    program = tmp_path / "program.py"
    program.write_text(code.group(1) + check, encoding="utf-8")
    result = Started(program, libraries=TORCH).finished()
    assert (result.returncode, result.stderr) == (0, "")


def test_the_command_runs():
    command = re.search(r'\$ glidepath show "(.*?)" --horizon (\S+) --peak (\S+)', README.read_text(encoding="utf-8"))
    assert command is not None
    spec, horizon, peak = command.groups()
    arguments = [sys.executable, "-m", "glidepath.cli.main", "show", spec, "--horizon", horizon, "--peak", peak]
    result = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_every_link_of_it_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / target).exists(), target

"""Every benchmark, one after another, each in a process of its own: `make bench`."""

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = (
    *("scheduler_step.py", "curve.py", "nested.py", "start.py", "watching.py"),
    *("logs/tables.py", "logs/tensorboard_events.py"),
)


def shown(path: Path) -> Path:
    """A path as one types it from here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def main() -> None:
    begin = time.perf_counter()
    for script in SCRIPTS:
        print(f"\n$ {shown(Path(sys.executable))} {shown(HERE.resolve() / script)}", flush=True)
        subprocess.run([sys.executable, HERE / script], check=True)
    print(f"\nAll of it took {time.perf_counter() - begin:.0f} s; less is better in every column of times.")


if __name__ == "__main__":
    main()

"""What holds for Keras on torch holds on JAX, in a process of its own, as the backend is chosen once."""

import os
import subprocess
import sys
from pathlib import Path

COMPILED = "exception and (Adam or ours or scale) or follows or every_update and None"  # of the range tests
HERE = "not process and not example and not page and not sentence and not refused and not bare"  # one backend will do
ROOMS = "training", "resume", "range_test"


def test_the_tests_of_keras_on_jax():
    files = [str(Path(__file__).with_name(f"test_keras_{name}.py")) for name in ROOMS]
    chosen = f"keras_range_test and ({COMPILED}) or not keras_range_test and {HERE}"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", chosen, *files]
    around = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(command, env=around, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-3_000:]

"""The tests of this room share strategies.py and reference.py, which pytest's importlib mode does not find."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

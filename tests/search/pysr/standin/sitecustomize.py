"""Python reads this when it starts: PySR's own process gets the stand-in, every other the real package."""

import sys
from pathlib import Path

if any(word.endswith("child.py") for word in sys.orig_argv):
    sys.path.insert(0, str(Path(__file__).parent / "package"))

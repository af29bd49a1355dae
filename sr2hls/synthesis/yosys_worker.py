"""Runs Yosys passes in a process of its own, so that a crash or a time-out leaves the caller alive.

Usage: python -m sr2hls.synthesis.yosys_worker, with one pass a line on standard input.
"""

import sys

from pyosys import libyosys


def main() -> None:
    """Run the passes from standard input on one design."""
    design = libyosys.Design()
    for line in sys.stdin:
        if line.strip():
            libyosys.run_pass(line.strip(), design)


if __name__ == "__main__":
    main()

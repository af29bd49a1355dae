"""Kills process groups when the process that started it is gone; run by its path, see `sr2hls.tied`.

Lines on standard input say which groups there are: ``+123`` is one more, ``-123`` one less. Standard input
ends with the process that writes it.
"""

import os
import signal
import sys

groups: set[int] = set()
for line in sys.stdin.buffer:
    if line.startswith(b"+"):
        groups.add(int(line[1:]))
    else:
        groups.discard(int(line[1:]))
for group in groups:
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        continue

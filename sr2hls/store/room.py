"""Tools that fail since a disk is full, and say something else."""

import errno
import os
from pathlib import Path

_PROBED_BYTES = 1 << 16


def refuse_full(folder: Path) -> None:
    """Raise the error of a full disk if nothing can be written to a folder any more.

    Tools report a file that they could not write as a fault of their own. So whoever runs one asks here
    before it passes the tool's words on.

    Raises:
        OSError: with the folder as its file name; no space is left there.
    """
    probe = folder / ".sr2hls-probe"
    try:
        probe.write_bytes(b"\0" * _PROBED_BYTES)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OSError(error.errno, os.strerror(error.errno), str(folder)) from error
    finally:
        probe.unlink(missing_ok=True)

"""Guards for zip archives (.npz, .pt, .pt2) before anything in them is unpacked."""

import zipfile
from pathlib import Path

from sr2hls.errors import InputError

MAX_BYTES = 2 << 30
"""Default limit on what one file may unpack to, in bytes."""


def check_archive(path: Path, max_bytes: int = MAX_BYTES) -> list[str]:
    """Refuse an archive that is broken, unpacks to more than ``max_bytes``, or lists a member twice.

    The sizes come from the directory of the archive; Python's zipfile gives no more bytes for a member than
    its directory entry says.

    Returns:
        Names of the members.

    Raises:
        InputError: the archive cannot be used.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"'{path}' is no readable archive ({error}): write it again") from error
    total = sum(member.file_size for member in members)
    if total > max_bytes:
        raise InputError(
            f"'{path}' unpacks to {total / 2**30:.1f} GiB, more than the limit of {max_bytes / 2**30:.1f} "
            "GiB: raise max_bytes if you trust it"
        )
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        raise InputError(f"'{path}' lists a member twice: write it again")
    return names

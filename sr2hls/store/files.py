"""Files that appear whole or not at all."""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from sr2hls.errors import InputError


def write_text(path: Path, text: str) -> None:
    """Write a text file beside its place and move it there, so that nobody ever sees half of it.

    A symbolic link in that place is replaced, not followed.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror or error}") from error

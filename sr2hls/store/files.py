"""Single files: written whole or not at all, and their digest."""

import hashlib
from pathlib import Path

from sr2hls.errors import InputError
from sr2hls.store.directory import Directory


def write_text(path: Path, text: str) -> None:
    """Write a text file as `Directory.write` does, into a folder that is there.

    Raises:
        InputError: it or its folder is a link.
        FileNotFoundError: the folder is not there.
    """
    path.parent.stat()
    Directory.at(path.parent).write(path.name, text)


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

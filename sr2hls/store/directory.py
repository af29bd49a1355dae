"""Directories that appear whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sr2hls.errors import InputError


@contextmanager
def written_beside(directory: Path, marker: str) -> Iterator[Path]:
    """Give an empty directory that takes the place of another one at the end, if all goes well.

    Args:
        directory: where the result goes. What is there already is replaced if it holds the marker.
        marker: name of a file that only our own directories have.

    Raises:
        InputError: the place is taken by something else.
    """
    directory = Path(directory)
    if directory.exists() and not directory.is_dir():
        raise InputError(f"'{directory}' is a file: give a directory for the HLS project")
    if directory.is_dir() and any(directory.iterdir()) and not (directory / marker).is_file():
        raise InputError(
            f"'{directory}' is not empty and holds no HLS project of sr2hls: give another directory"
        )
    directory.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    unfinished, old = beside / "new", beside / "old"
    unfinished.mkdir()
    try:
        yield unfinished
        if directory.exists():
            directory.rename(old)
        try:
            unfinished.rename(directory)
        except OSError:
            if old.exists():
                old.rename(directory)
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)

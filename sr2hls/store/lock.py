"""One run a folder: a lock of the operating system's, which a run that is killed cannot leave behind."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from sr2hls.errors import InputError
from sr2hls.store.directory import Directory

LOCK_NAME = ".sr2hls.lock"
"""The file that is locked.

It is removed while it is still held: a run that had opened it by then finds that it has no name any more, and
is refused.
"""


def lock_folder(folder: Path) -> BaseFileLock:
    """Keep a folder that exists for this run, until it is released or the process ends in whatever way.

    Raises:
        InputError: another run has it.
        OSError: it cannot be written to.
    """
    lock = FileLock(folder / LOCK_NAME, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise InputError(
            f"another run is writing to '{folder}': wait until it has ended, or give another folder"
        ) from None
    return lock


def release_folder(lock: BaseFileLock) -> None:
    """Let others have the folder; nothing of the lock is left in it."""
    with contextlib.suppress(FileNotFoundError):  # the whole folder may be gone
        Directory(Path(lock.lock_file).parent).remove(LOCK_NAME)
    lock.release()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make a folder if need be, and keep it for what is done inside.

    Raises:
        InputError: another run has it, or it cannot be written to.
    """
    try:
        lock = lock_folder(Directory.at(folder).path)
    except OSError as error:
        raise InputError(f"cannot write to '{folder}': {error.strerror or error}") from error
    try:
        yield
    finally:
        release_folder(lock)

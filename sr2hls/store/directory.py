"""A directory in which everything appears whole or not at all, and in which no link is followed."""

import contextlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sr2hls.errors import InputError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{8}")
"""Names of what is written beside its place; see `_beside`."""


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory that is written to.

    Everything that sr2hls writes or deletes goes through here. A result can come from someone else, with
    links in it that lead to other people's files. So a link is never followed and never replaced: it is
    refused, whatever its name and however deep it is. Names are relative to the directory and cannot lead
    out of it.

    Attributes:
        path: absolute path. Folders above it are the user's own, and may be links.
    """

    path: Path

    @classmethod
    def at(cls, path: Path) -> Self:
        """Open a directory; it and the folders above it are made where they are missing.

        Raises:
            InputError: there is a link or a file in its place.
            OSError: it cannot be made.
        """
        place = Path(os.path.normpath(path.absolute()))
        _refuse_link(place)
        if place.exists() and not place.is_dir():
            raise InputError(f"'{place}' is a file: give a folder")
        place.mkdir(parents=True, exist_ok=True)
        return cls(place)

    def folder(self, name: str) -> Self:
        """Open a directory below this one; it is made where it is missing.

        Raises:
            InputError: there is a link or a file in its place, or the name leads out of the directory.
        """
        names = self._names(name)
        with self._opened(names):
            return type(self)(self.path.joinpath(*names))

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file beside its place and move it there, so that nobody ever sees half of it.

        Raises:
            InputError: there is a link or a folder in its place, or the name leads out of the directory.
        """
        *above, last = self._names(name)
        data = content.encode() if isinstance(content, str) else content
        with self._opened(above) as folder:
            self._refuse_link(folder, name)
            beside = _beside(last)
            try:
                with os.fdopen(os.open(beside, _FILE, 0o644, dir_fd=folder), "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                self._move(folder, beside, name)
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(beside, dir_fd=folder)
        return self.path / name

    @contextmanager
    def unfinished_file(self, name: str) -> Iterator[Path]:
        """Give the path of a file for a tool or a library to write; it takes its place in the end.

        Raises:
            InputError: there is a link or a folder in its place, or the name leads out of the directory.
        """
        *above, last = self._names(name)
        with self._opened(above) as folder:
            self._refuse_link(folder, name)
            beside = _beside(last)
            try:
                yield self.path.joinpath(*above, beside)
                self._move(folder, beside, name)
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(beside, dir_fd=folder)

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it; nothing happens where there is none.

        Raises:
            InputError: it is a link, or the name leads out of the directory.
        """
        *above, last = self._names(name)
        if not os.path.lexists(self.path.joinpath(*above)):
            return
        with self._opened(above) as folder:
            self._refuse_link(folder, name)
            try:
                os.unlink(last, dir_fd=folder)
            except FileNotFoundError:
                return
            except (IsADirectoryError, PermissionError):  # macOS says the latter of a folder
                shutil.rmtree(last, dir_fd=folder)

    def entries(self) -> list[Path]:
        """Return what is in the directory, by name."""
        return sorted(self.path.iterdir())

    def folders(self) -> list[Self]:
        """Return the directories below this one, by name; links are left out."""
        return [type(self)(p) for p in self.entries() if p.is_dir() and not p.is_symlink()]

    def refuse_links(self) -> None:
        """Refuse links here and in the directories below.

        What is deeper belongs to projects, which are replaced as a whole.

        Raises:
            InputError: names the first one.
        """
        for directory in (self, *self.folders()):
            for path in directory.entries():
                _refuse_link(path)

    def remove_unfinished(self) -> None:
        """Remove what a killed run had written beside its place, here and in the directories below."""
        for path in self.entries():
            if _UNFINISHED.fullmatch(path.name):
                self.remove(path.name)
        for directory in self.folders():
            for path in directory.entries():
                if _UNFINISHED.fullmatch(path.name):
                    directory.remove(path.name)

    @staticmethod
    def _names(name: str) -> list[str]:
        parts = name.split("/")
        if any(part in ("", ".", "..") or "\0" in part for part in parts):
            raise InputError(f"'{name}' is no name of a file in a result: it leads out of the folder")
        return parts

    @contextmanager
    def _opened(self, names: list[str]) -> Iterator[int]:
        """Give the descriptor of a directory below this one; each of its names is made where missing."""
        with contextlib.ExitStack() as stack:
            inner = self._descend(None, self.path, stack)
            for k, name in enumerate(names):
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, dir_fd=inner)
                inner = self._descend(inner, self.path.joinpath(*names[: k + 1]), stack)
            yield inner

    @staticmethod
    def _descend(above: int | None, path: Path, stack: contextlib.ExitStack) -> int:
        try:
            opened = os.open(path if above is None else path.name, _FOLDER, dir_fd=above)
        except NotADirectoryError:
            _refuse_link(path)
            raise InputError(f"'{path}' is a file where a folder is needed: remove it") from None
        except OSError:
            _refuse_link(path)  # ELOOP, on some systems
            raise
        stack.callback(os.close, opened)
        return opened

    def _refuse_link(self, folder: int, name: str) -> None:
        """Refuse a link of a name, whose last part is in an open folder."""
        with contextlib.suppress(FileNotFoundError):
            found = os.stat(name.rpartition("/")[2], dir_fd=folder, follow_symlinks=False)
            if stat.S_ISLNK(found.st_mode):
                raise _link(self.path / name)

    def _move(self, folder: int, beside: str, name: str) -> None:
        """Move what was written beside a file's place into it."""
        try:
            os.replace(beside, name.rpartition("/")[2], src_dir_fd=folder, dst_dir_fd=folder)
        except IsADirectoryError:
            raise InputError(f"'{self.path / name}' is a folder where a file is written: remove it") from None


@contextmanager
def written_beside(directory: Path, marker: str, what: str = "HLS project") -> Iterator[Path]:
    """Give an empty directory that takes the place of another one at the end, if all goes well.

    Args:
        directory: where the result goes. What is there already is replaced if it holds the marker.
        marker: name of a file that only our own directories have.
        what: they are called in messages.

    Raises:
        InputError: the place is taken by something else.
    """
    place = Path(os.path.normpath(directory.absolute()))
    _refuse_link(place)
    if place.exists() and not place.is_dir():
        raise InputError(f"'{directory}' is a file: give a directory for the {what}")
    if place.is_dir() and any(place.iterdir()) and not (place / marker).is_file():
        raise InputError(f"'{directory}' is not empty and holds no {what} of sr2hls: give another directory")
    parent = Directory.at(place.parent)
    beside = parent.path / _beside(place.name)
    beside.mkdir(mode=0o700)
    unfinished, old = beside / "new", beside / "old"
    unfinished.mkdir()
    try:
        yield unfinished
        if place.exists():
            place.rename(old)
        try:
            unfinished.rename(place)
        except OSError:
            if old.exists():
                old.rename(place)
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _beside(name: str) -> str:
    """Return a name beside a file's or directory's, which nobody can guess and `_UNFINISHED` knows."""
    return f".{name[:200]}.{secrets.token_hex(4)}"


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise _link(path)


def _link(path: Path) -> InputError:
    return InputError(f"'{path}' is a symbolic link: remove it, or give the folder that it leads to")

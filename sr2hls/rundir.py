"""The folder of a result: whose it is, and the stages that are finished."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from sr2hls.errors import InputError
from sr2hls.options import CompileOptions, LowerOptions
from sr2hls.report.build import plain_options
from sr2hls.report.store import HTML_NAME, JSON_NAME, MARKDOWN_NAME
from sr2hls.store.files import sha256_of, write_text
from sr2hls.store.lock import LOCK_NAME, lock_folder, release_folder

MARKER = "sr2hls.json"
REPORT_NAMES = (JSON_NAME, HTML_NAME, MARKDOWN_NAME)
_NOT_PART = ("output", "jobs", "overwrite", "command")
"""Options that change nothing about the result."""
_RESULTS = (*REPORT_NAMES, "frontier.json", "frontier.md", "frontier.svg")
"""Files that say that a run is finished: they go first where another run takes its place."""
_FOLDERS = ("stages", "network", "hls", "rtl")
_UNFINISHED = re.compile(r"\.(hls|rtl|.+\.(json|html|md|svg))\.[a-z0-9_]{8}")
"""What `tempfile` calls things that are written beside their place."""


class RunDirectory:
    """A folder that one run of `compile`, `explore` or `lower` writes to.

    A stage's result is kept under ``stages/`` as soon as it is known. The same command run again goes on from
    there; another command is refused, unless it says ``overwrite``. As a context manager it keeps other runs
    out until it is left.

    Args:
        options: of the run.

    Raises:
        InputError: the folder holds something else, or the result of other options, or another run has it.
    """

    def __init__(self, options: CompileOptions | LowerOptions) -> None:
        # Tools run in folders of their own: a relative path would mean another place to them.
        self.path = options.output.absolute()
        key = options_key(options)
        try:
            self._refuse_others()
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = lock_folder(self.path)
            try:
                self._claim(options, key)
            except BaseException:
                release_folder(self._lock)
                raise
        except OSError as error:
            raise InputError(f"cannot write to '{self.path}': {error.strerror or error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        release_folder(self._lock)

    def _refuse_others(self) -> None:
        """Refuse a folder that holds anything but a result, before anything is written to it."""
        marker = self.path / MARKER
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"'{self.path}' is a file: give a folder for the result")
        if self.path.is_dir() and not marker.is_file() and any(not _is_ours(p) for p in self.path.iterdir()):
            raise InputError(f"'{self.path}' holds other files: give a new or empty folder for the result")
        for name in _FOLDERS:
            if (self.path / name).is_symlink():
                raise InputError(
                    f"'{self.path / name}' is a symbolic link: remove it, or give another folder"
                )

    def _claim(self, options: CompileOptions | LowerOptions, key: str) -> None:
        marker, stages = self.path / MARKER, self.path / "stages"
        found = _read(marker).get("key") if marker.is_file() else None
        if found is not None and found != key:
            # A folder in which nothing was finished (a mistake in the options or the data) is taken over.
            finished = (self.path / "report.json").is_file() or any(stages.glob("*.json"))
            if finished and not options.overwrite:
                raise InputError(
                    f"'{self.path}' holds the result of other options or data: give another folder, or "
                    "--overwrite to replace it"
                )
            found = None
        if found is None or options.overwrite:
            # A run that ends at any point in here leaves nothing behind that looks like a result of its own.
            for pattern in ("stages/*.json", *_RESULTS, *(f"*/{name}" for name in REPORT_NAMES)):
                for old in self.path.glob(pattern):
                    old.unlink(missing_ok=True)
            write_text(marker, json.dumps({"format": "sr2hls-run-1", "key": key}) + "\n")
        stages.mkdir(exist_ok=True)
        for pattern in (".*", "*/.*"):
            for path in self.path.glob(pattern):
                if _UNFINISHED.fullmatch(path.name) and not path.parent.is_symlink():
                    _remove(path)

    def cached(self, name: str, compute: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Return a stage's result: the one that is kept, or else a new one, which is kept from now on."""
        path = self.path / "stages" / f"{name}.json"
        if path.is_file():
            return _read(path)
        result = dict(compute())
        write_text(path, json.dumps(result, indent=1))
        return result


def options_key(options: CompileOptions | LowerOptions) -> str:
    """Return a digest of everything that decides the result, the contents of the files included."""
    plain = {k: v for k, v in plain_options(options).items() if k.split(".")[0] not in _NOT_PART}
    if isinstance(options, LowerOptions):
        files = {"data": options.data, "operators": options.operators, "source": options.source_path}
    else:
        files = {"checkpoint": options.checkpoint, "data": options.data, "pysr": options.pysr}
    plain |= {name: _digest(path) for name, path in files.items() if path is not None}
    if isinstance(options, CompileOptions) and options.explored is not None:
        frontier = options.explored / "frontier.json"
        if not frontier.is_file():
            raise InputError(f"there is no '{frontier}': give the output of 'sr2hls explore'")
        plain["explored"] = sha256_of(frontier)
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _digest(path: Path) -> str | list[str]:
    """Return the digest of a file, or those of the tables in a folder."""
    return [sha256_of(p) for p in sorted(path.glob("*.csv*"))] if path.is_dir() else sha256_of(path)


def _is_ours(path: Path) -> bool:
    """Whether a file may stand in a folder that was claimed no further than to its marker's first half."""
    return path.name == LOCK_NAME or path.name.startswith(f".{MARKER}.")


def _remove(unfinished: Path) -> None:
    """Remove what a run that was killed was writing beside its place."""
    if unfinished.is_dir() and not unfinished.is_symlink():
        shutil.rmtree(unfinished, ignore_errors=True)
    else:
        unfinished.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"'{path}' is damaged: {error}; remove it and run again") from error
    if not isinstance(content, dict):
        raise InputError(f"'{path}' is damaged: it holds no object; remove it and run again")
    return content

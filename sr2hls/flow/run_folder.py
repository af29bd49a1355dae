"""The folder of a result: whose it is, and the stages that are finished."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from sr2hls.design import Design
from sr2hls.errors import InputError
from sr2hls.flow.design_file import FOLDER, file_name, read_design, to_text
from sr2hls.options import CompileOptions, LowerOptions
from sr2hls.problem import Problem
from sr2hls.report import frontier as frontier_file
from sr2hls.report.build import plain_options
from sr2hls.report.store import HTML_NAME, JSON_NAME, MARKDOWN_NAME
from sr2hls.store.directory import Directory
from sr2hls.store.files import sha256_of
from sr2hls.store.lock import LOCK_NAME, lock_folder, release_folder
from sr2hls.strategies.base import StageRecord

MARKER = "sr2hls.json"
_FORMAT = "sr2hls-run-3"
"""Before 3 the inputs of readable designs had no decimal units: what is kept there is of other inputs."""
REPORT_NAMES = (JSON_NAME, HTML_NAME, MARKDOWN_NAME)
_NOT_PART = ("output", "jobs", "overwrite", "command")
"""Options that change nothing about the result."""
_RESULTS = (*REPORT_NAMES, *frontier_file.NAMES)
"""Files that say that a run is finished: they go first where another run takes its place."""
_KEPT = ("stages", FOLDER)
"""Folders of what is kept for the same command run again."""


class RunFolder:
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
            self._folder = Directory.at(self.path)
            self._refuse_others()
            self._folder.refuse_links()
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
        if not marker.is_file() and any(not _is_ours(p) for p in self._folder.entries()):
            raise InputError(f"'{self.path}' holds other files: give a new or empty folder for the result")

    def _claim(self, options: CompileOptions | LowerOptions, key: str) -> None:
        marker = self.path / MARKER
        content = _read(marker) if marker.is_file() else {}
        found = content.get("key")
        if found is not None and (found != key or content.get("format") != _FORMAT):
            # A folder in which nothing was finished (a mistake in the options or the data) is taken over.
            finished = (self.path / "report.json").is_file() or any((self.path / "stages").glob("*.json"))
            if finished and not options.overwrite:
                if content.get("format") != _FORMAT:
                    raise InputError(
                        f"'{self.path}' holds the result of another version of sr2hls: give another folder, "
                        "or --overwrite to replace it"
                    )
                raise InputError(
                    f"'{self.path}' holds the result of other options or data: give another folder, or "
                    "--overwrite to replace it"
                )
            found = None
        if found is None or options.overwrite:
            # A run that ends at any point in here leaves nothing behind that looks like a result of its own.
            for directory in (self._folder, *self._folder.folders()):
                for name in _RESULTS:
                    directory.remove(name)
            for kept in _KEPT:
                for old in (self.path / kept).glob("*.json"):
                    self._folder.remove(f"{kept}/{old.name}")
            self._folder.write(MARKER, json.dumps({"format": _FORMAT, "key": key}) + "\n")
        for kept in _KEPT:
            self._folder.folder(kept)
        self._folder.remove_unfinished()

    def stage(self, name: str, kind: type[StageRecord], compute: Callable[[], StageRecord]) -> StageRecord:
        """Return what is kept of a stage, or else a new record, which is kept from now on.

        Raises:
            InputError: what is kept is no record of this kind.
        """
        if (record := self.kept(name, kind)) is None:
            record = compute()
            self._folder.write(f"stages/{name}.json", record.model_dump_json(indent=1))
        return record

    def kept(self, name: str, kind: type[StageRecord]) -> StageRecord | None:
        """Return what is kept of a stage, if anything.

        Raises:
            InputError: what is kept is no record of this kind.
        """
        path = self.path / "stages" / f"{name}.json"
        if not path.is_file() or path.is_symlink():
            return None
        try:
            return kind.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            reason = error.strerror if isinstance(error, OSError) else f"it is no {kind.__name__}"
            raise InputError(f"'{path}' is damaged: {reason}; remove it and run again") from error

    def keep_design(self, design: Design, *, anew: bool = False) -> None:
        """Keep a design, for later runs, ``--explored`` and ``verify``; one of its name stays unless anew."""
        if anew or not (self.path / file_name(design.proposal.name)).is_file():
            self._folder.write(file_name(design.proposal.name), to_text(design))

    def kept_design(self, name: str, problem: Problem) -> Design | None:
        """Return a design that an earlier run kept.

        Raises:
            InputError: its file is damaged.
        """
        path = self.path / file_name(name)
        return read_design(path, problem) if path.is_file() else None


def options_key(options: CompileOptions | LowerOptions) -> str:
    """Return a digest of everything that decides the result, the contents of the files included.

    Raises:
        InputError: the exploration that is named is not there.
    """
    plain = {k: v for k, v in plain_options(options).items() if k.split(".")[0] not in _NOT_PART}
    if isinstance(options, LowerOptions):
        files = {"data": options.data, "operators": options.operators, "source": options.source_path}
    else:
        files = {"checkpoint": options.checkpoint, "data": options.data, "pysr": options.pysr}
    plain |= {name: _digest(path) for name, path in files.items() if path is not None}
    if isinstance(options, CompileOptions) and options.explored is not None:
        frontier = options.explored / frontier_file.JSON_NAME
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


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"'{path}' is damaged: {error}; remove it and run again") from error
    if not isinstance(content, dict):
        raise InputError(f"'{path}' is damaged: it holds no object; remove it and run again")
    return content

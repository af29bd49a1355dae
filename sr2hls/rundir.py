"""The folder of a result: whose it is, and the stages that are finished."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sr2hls.errors import InputError
from sr2hls.files import sha256_of, write_text
from sr2hls.options import CompileOptions
from sr2hls.report.build import plain_options

MARKER = "sr2hls.json"
_NOT_PART = ("output", "jobs", "overwrite", "command")
"""Options that change nothing about the result."""


class RunDirectory:
    """A folder that one compilation writes to.

    A stage's result is kept under ``stages/`` as soon as it is known. The same command run again goes on from
    there; another command is refused, unless it says ``overwrite``.

    Args:
        options: of the compilation.

    Raises:
        InputError: the folder holds something else, or the result of other options.
    """

    def __init__(self, options: CompileOptions) -> None:
        # Tools run in folders of their own: a relative path would mean another place to them.
        self.path = options.output.absolute()
        key = options_key(options)
        try:
            self._claim(options, key)
        except OSError as error:
            raise InputError(f"cannot write to '{self.path}': {error.strerror or error}") from error

    def _claim(self, options: CompileOptions, key: str) -> None:
        marker, stages = self.path / MARKER, self.path / "stages"
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"'{self.path}' is a file: give a folder for the result")
        if self.path.is_dir() and any(self.path.iterdir()) and not marker.is_file():
            raise InputError(f"'{self.path}' holds other files: give a new or empty folder for the result")
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
        stages.mkdir(parents=True, exist_ok=True)
        if found is None or options.overwrite:
            for old in stages.glob("*.json"):
                old.unlink()
            write_text(marker, json.dumps({"format": "sr2hls-run-1", "key": key}) + "\n")

    def cached(self, name: str, compute: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Return a stage's result: the one that is kept, or else a new one, which is kept from now on."""
        path = self.path / "stages" / f"{name}.json"
        if path.is_file():
            return _read(path)
        result = dict(compute())
        write_text(path, json.dumps(result, indent=1))
        return result


def options_key(options: CompileOptions) -> str:
    """Return a digest of everything that decides the result, the contents of the files included."""
    plain = {k: v for k, v in plain_options(options).items() if k.split(".")[0] not in _NOT_PART}
    plain |= {name: sha256_of(getattr(options, name)) for name in ("checkpoint", "data")}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"'{path}' is damaged: {error}; remove it and run again") from error
    if not isinstance(content, dict):
        raise InputError(f"'{path}' is damaged: it holds no object; remove it and run again")
    return content

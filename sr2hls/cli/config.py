"""TOML files that say what flags say: the keys are the flags' names, the flags win."""

import difflib
import tomllib
from pathlib import Path
from typing import Any

import typer

from sr2hls.errors import InputError

PAIRS = ("input_type", "input_range")
"""Flags that take NAME=VALUE; in a file they are tables."""


def read_config(context: typer.Context, path: Path | None) -> Path | None:
    """Take the values of a TOML file as defaults of a command's parameters (callback of ``--config``).

    Raises:
        InputError: the file cannot be read, is not TOML, or has a key that is no flag of the command.
    """
    if path is None or context.resilient_parsing:
        return path
    known = {p.name: p for p in context.command.params if p.name not in (None, "config", "help")}
    defaults: dict[str, Any] = {}
    for key, value in _load(path).items():
        name = key.replace("-", "_")
        if name not in known:
            near = difflib.get_close_matches(name, [str(k) for k in known], n=1)
            hint = f": did you mean '{near[0].replace('_', '-')}'?" if near else ""
            raise InputError(
                f"'{path}' has the key '{key}', which is no option of '{context.info_name}'{hint}"
            )
        defaults[name] = _value(path, name, key, value, many=known[name].multiple)
    context.default_map = {**(context.default_map or {}), **defaults}
    return path


def _load(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > 1_000_000:
            raise InputError(f"'{path}' is larger than 1 MB: that is no configuration of sr2hls")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read the configuration '{path}': {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{path}' is not TOML: {error}") from error


def _value(path: Path, name: str, key: str, value: Any, many: bool) -> Any:
    _refuse_absurd(path, key, value)
    if name in PAIRS:
        if not isinstance(value, dict):
            raise InputError(f"'{path}': the key '{key}' must be a table of names and values")
        return [f"{k}={v}" for k, v in value.items()]
    if isinstance(value, list):
        if not many:
            raise InputError(f"'{path}': the key '{key}' takes one value, not a list")
        return [str(v) for v in value]
    if isinstance(value, dict):
        raise InputError(f"'{path}': the key '{key}' takes a value, not a table")
    return [str(value)] if many else value


def _refuse_absurd(path: Path, key: str, value: Any) -> None:
    """Refuse what no option means and what Python or the system would stumble over later."""
    match value:
        case list():
            for one in value:
                _refuse_absurd(path, key, one)
        case dict():
            for one in (*value, *value.values()):
                _refuse_absurd(path, key, one)
        case str() if "\0" in value:
            raise InputError(f"'{path}': the key '{key}' has a character of code 0: remove it")
        case int() if abs(value) >= 1 << 63:
            raise InputError(
                f"'{path}': the number of the key '{key}' has more than 64 bits: give a smaller one"
            )

"""``sr2hls init``: write a configuration to start from."""

import json
from enum import Enum
from pathlib import Path
from typing import Any, cast, get_args

from cyclopts import App, Argument, Group

from sr2hls.cli.compile import compile
from sr2hls.cli.config import takes_pairs
from sr2hls.cli.output import TEXT, Shown
from sr2hls.errors import InputError
from sr2hls.options.values import Example

_NO_KEYS = ("--config", "--json", "--quiet", "--verbose")


def init(
    checkpoint: Path = Path("network.onnx"),
    *,
    data: Path = Path("data.npz"),
    file: Path = Path("sr2hls.toml"),
    force: bool = False,
    shown: Shown = TEXT,
) -> None:
    """Write a TOML file with every option of `compile`, its default and what it means.

    Example: `sr2hls init jet_tagger.onnx --data jets.npz`, then `sr2hls compile -c sr2hls.toml`.

    Args:
        checkpoint: The trained network.
        data: Its data.
        file: File to write.
        force: Replace the file if it is there.

    Raises:
        InputError: the file is there, or its folder is not.
    """
    from sr2hls.store.files import write_text

    if file.exists() and not force:
        raise InputError(f"'{file}' is already there: give another --file, or --force to replace it")
    if not file.parent.is_dir():
        raise InputError(f"the folder '{file.parent}' is not there: make it first")
    write_text(file, config_text(checkpoint, data))
    shown.show({"written": str(file)}, f"wrote {file}; run: sr2hls compile --config {file}")


def config_text(checkpoint: Path, data: Path, output: Path = Path("result")) -> str:
    """Return the text of a configuration with every option of ``compile`` in it.

    Options without a default are commented out.
    """
    given = {"checkpoint": checkpoint, "data": data, "output": output}
    panels: dict[str, list[str]] = {}
    tables: list[str] = []
    for argument in App(default_command=compile).assemble_argument_collection(parse_docstring=True):
        if not argument.show or argument.name in _NO_KEYS:
            continue
        key = argument.name.removeprefix("--")
        comment = "# " + " ".join((argument.parameter.help or "").replace("`", "'").split())
        value = given.get(key, argument.field_info.default)
        if takes_pairs(argument):
            tables += ["", comment, f"# [{key}]", f"# {_example(argument)}"]
        else:
            line = f"# {key} = {_example(argument)}" if value is None else f"{key} = {_toml(value)}"
            panels.setdefault(_panel(argument), []).extend([comment, line])
    lines = ["# Options of `sr2hls compile`; a flag on the command line wins over its line here."]
    for panel, entries in panels.items():
        lines += ["", f"# {panel}", *entries]
    return "\n".join([*lines, *tables]) + "\n"


def _example(argument: Argument) -> str:
    return next((m.toml for m in get_args(argument.field_info.annotation) if isinstance(m, Example)), '""')


def _panel(argument: Argument) -> str:
    return next(group.name for group in cast(tuple[Group, ...], argument.parameter.group))


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return json.dumps(value.value)
    if isinstance(value, int | float):
        return repr(value)
    # A JSON string is a TOML basic string as long as what is outside of ASCII is escaped with four digits.
    return json.dumps(str(value))

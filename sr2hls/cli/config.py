"""Values before they are read: those of TOML files, whose keys are the flags' names, and whole numbers."""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from cyclopts import App, ArgumentCollection, Parameter, Token
from cyclopts.argument import Argument

from sr2hls.errors import InputError
from sr2hls.options.values import RUNNING

_HELP = "TOML file with any of these options; `sr2hls init` writes one for `compile`."
ConfigFile = Annotated[Path | None, RUNNING, Parameter(alias="-c", help=_HELP)]
"""The type of the parameter of commands that take a TOML file; `read_config` reads it."""


def read_config(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Give arguments that have no value yet those of the TOML file that ``--config`` names.

    Raises:
        InputError: the file cannot be read, is not TOML, or has a key that is no flag of the command.
    """
    given = next((a for a in arguments if a.name == "--config"), None)
    if given is None or not given.tokens:
        return
    path = Path(given.tokens[0].value)
    known = {name[2:]: a for a in arguments if a is not given and a.parse for name in _long_names(a)}
    for key, value in _load(path).items():
        argument = known.get(key.replace("_", "-"))
        if argument is None:
            near = difflib.get_close_matches(key.replace("_", "-"), known, n=1)
            hint = f": did you mean '{near[0]}'?" if near else ""
            raise InputError(f"'{path}' has the key '{key}', which is no option of '{commands[-1]}'{hint}")
        texts = _texts(path, key, value, argument)
        if not argument.tokens:
            for index, text in enumerate(texts):
                argument.append(Token(keyword=argument.name, value=text, source=str(path), index=index))


def refuse_fractions(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Refuse what is no whole number where one is wanted: cyclopts would round it.

    Raises:
        InputError: naming the flag.
    """
    for argument in arguments:
        whole = int in (argument.hint, *get_args(argument.hint)) and not takes_many(argument)
        for token in argument.tokens if whole else ():
            if not re.fullmatch(r"[+-]?[0-9]+", token.value):
                flag = token.keyword or argument.name
                raise InputError(f"{flag} is '{token.value}': give a whole number")


def _long_names(argument: Argument) -> list[str]:
    return [name for name in argument.names if name.startswith("--") and name not in argument.negatives]


def _load(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > 1_000_000:
            raise InputError(f"'{path}' is larger than 1 MB: that is no configuration of sr2hls")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read the configuration '{path}': {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{path}' is not TOML: {error}") from error


def _texts(path: Path, key: str, value: Any, argument: Argument) -> list[str]:
    """Return what stands on the command line for a value of the file."""
    _refuse_absurd(path, key, value)
    if takes_pairs(argument):
        if not isinstance(value, dict):
            raise InputError(f"'{path}': the key '{key}' must be a table of names and values")
        return [f"{name}={_pair_text(one)}" for name, one in value.items()]
    if isinstance(value, dict):
        raise InputError(f"'{path}': the key '{key}' takes a value, not a table")
    if not isinstance(value, list):
        return [str(value).lower() if isinstance(value, bool) else str(value)]
    if not takes_many(argument):
        raise InputError(f"'{path}': the key '{key}' takes one value, not a list")
    return [str(one) for one in value]


def takes_pairs(argument: Argument) -> bool:
    """Whether an argument takes NAME=VALUE, which is a table in TOML."""
    return (argument.parameter.metavar or "").startswith("NAME=")


def takes_many(argument: Argument) -> bool:
    """Whether an argument takes several values, which are a list in TOML."""
    return any(get_origin(hint) is tuple for hint in (argument.hint, *get_args(argument.hint)))


def _pair_text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


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

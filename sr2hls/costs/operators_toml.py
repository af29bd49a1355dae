"""Operators of the user's own, read from a TOML file."""

import re
import tomllib
from pathlib import Path
from typing import Any

from sr2hls.costs.operators import Hardware, Operator
from sr2hls.errors import InputError

_KEYS = {"parameters", "definition", "hardware", "julia", "sympy"}


def load_operators(path: Path | str) -> tuple[Operator, ...]:
    """Read operators from a TOML file such as ::

        [operators.lorentz]
        parameters = ["x"]
        definition = "1/(1.5 + x**2)"   # the meaning, in sympy's notation; never executed
        julia = "lorentz(x) = 1/(1.5f0 + x^2)"   # optional; generated from the definition otherwise
        hardware = "table"   # optional: table (default for one argument) or exact

    Raises:
        InputError: the file cannot be read, or an entry is incomplete or of the wrong kind.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the operator file {path}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"operator file {path} is not valid TOML: {error}") from error
    entries = data.get("operators")
    if not isinstance(entries, dict) or not entries:
        raise InputError(f"operator file {path} has no [operators.NAME] section")
    return tuple(custom_operator(name, entry, where=str(path)) for name, entry in entries.items())


def custom_operator(name: str, entry: dict[str, Any], where: str = "operators") -> Operator:
    """Make an operator from the keys of its section.

    Raises:
        InputError: a key is missing, unknown or of the wrong kind.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise InputError(f"{where}: operator name '{name}' has to be letters, digits and underscores")
    if not isinstance(entry, dict):
        raise InputError(f"{where}: [operators.{name}] has to be a section with parameters and definition")
    if unknown := set(entry) - _KEYS:
        raise InputError(f"{where}: unknown key '{sorted(unknown)[0]}' in [operators.{name}]")
    parameters = entry.get("parameters", ["x"])
    definition = entry.get("definition", entry.get("sympy"))
    if not isinstance(definition, str) or not definition.strip():
        raise InputError(f'{where}: [operators.{name}] needs a definition, e.g. definition = "1/(1 + x**2)"')
    if (
        not isinstance(parameters, list)
        or not parameters
        or not all(isinstance(p, str) and p.isidentifier() for p in parameters)
    ):
        raise InputError(f'{where}: parameters of [operators.{name}] have to be names, e.g. ["x"]')
    julia = entry.get("julia", "")
    if not isinstance(julia, str) or (julia and not re.match(rf"(function\s+)?{name}\s*\(", julia.strip())):
        raise InputError(
            f"{where}: julia of [operators.{name}] has to define {name}(...), e.g. {name}(x) = 1/x"
        )
    hardware = entry.get("hardware", "table" if len(parameters) == 1 else "exact")
    if hardware not in set(Hardware):
        raise InputError(f"{where}: hardware of [operators.{name}] is '{hardware}': use table or exact")
    return Operator(
        name=name,
        arity=len(parameters),
        hardware=Hardware(hardware),
        julia=name,
        parameters=tuple(parameters),
        definition=definition,
        julia_definition=julia,
    )

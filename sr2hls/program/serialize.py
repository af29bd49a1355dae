"""Programs as JSON: what is written can be read back by a person and by `load`."""

import hashlib
import json
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from sr2hls.errors import InputError, ProgramError, Sr2hlsError
from sr2hls.program import ops
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding

FORMAT = "sr2hls-program-1"
_T = TypeVar("_T")
_KINDS = {kind.__name__.lower(): kind for kind in ops.OPERATIONS}


def to_dict(program: Program) -> dict[str, Any]:
    """Return a program as plain lists and dictionaries."""
    return {
        "format": FORMAT,
        "inputs": list(program.input_names),
        "outputs": [
            {"name": n, "value": i} for n, i in zip(program.output_names, program.outputs, strict=True)
        ],
        "operations": [_operation_to_dict(op) for op in program.ops],
    }


def from_dict(data: dict[str, Any]) -> Program:
    """Return the program that `to_dict` wrote.

    Raises:
        InputError: the data does not describe a program.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise InputError(f"not a program: the key 'format' must be '{FORMAT}'")
    try:
        return Program(
            tuple(_operation_from_dict(_a(dict, op)) for op in _a(list, data["operations"])),
            tuple(_a(int, _a(dict, o)["value"]) for o in _a(list, data["outputs"])),
            tuple(_a(str, n) for n in _a(list, data["inputs"])),
            tuple(_a(str, o["name"]) for o in data["outputs"]),
        )
    except KeyError as error:
        raise InputError(f"not a program: the key {error} is missing") from error
    except (TypeError, ValueError, ProgramError) as error:
        raise InputError(f"not a program: {error}") from error


def digest(program: Program) -> str:
    """Return a SHA-256 of what the program computes: origins and names play no part."""
    data = to_dict(program)
    plain = [{k: v for k, v in op.items() if k != "origin"} for op in data["operations"]]
    text = json.dumps([plain, [o["value"] for o in data["outputs"]]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def load(path: Path) -> Program:
    """Read a program from a JSON file.

    Raises:
        InputError: the file is missing, is not JSON or holds no program.
    """
    try:
        return from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"cannot read the program '{path}': {error}") from error
    except Sr2hlsError as error:
        raise InputError(f"'{path}' is {error}") from error


def _a(kind: type[_T], value: object) -> _T:
    """Return a value of exactly this type: nothing is converted, so that nothing is silently changed."""
    if type(value) is not kind:
        raise TypeError(f"{str(value)[:40]!r} is not of type {kind.__name__}")
    return value


def type_from_dict(data: object) -> FixedType:
    """Return a type from its fields in JSON; others raise KeyError, TypeError or ValueError."""
    given = _a(dict, data)
    return FixedType(
        _a(bool, given["signed"]),
        _a(int, given["width"]),
        _a(int, given["integer"]),
        Rounding(given["rounding"]),
        Overflow(given["overflow"]),
    )


def _operation_to_dict(op: ops.Operation) -> dict[str, Any]:
    data: dict[str, Any] = {"op": op.name}
    for field in fields(op):
        value = getattr(op, field.name)
        if field.name == "type":
            value = {"signed": value.signed, "width": value.width, "integer": value.integer}
            value |= {"rounding": op.type.rounding.value, "overflow": op.type.overflow.value}
        elif isinstance(value, tuple):
            value = list(value)
        data[field.name] = value
    return data


def _operation_from_dict(data: dict[str, Any]) -> ops.Operation:
    kind = _KINDS.get(_a(str, data["op"]))
    if kind is None:
        raise ValueError(f"unknown operation '{data['op']}'")
    arguments: dict[str, Any] = {}
    for field in fields(kind):
        value = data[field.name]
        match field.name:
            case "type":
                value = type_from_dict(value)
            case "args" | "values":
                value = tuple(_a(int, v) for v in _a(list, value))
            case "predicate":
                value = ops.Predicate(value)
            case "origin":
                value = _a(str, value)
            case _:
                value = _a(int, value)
        arguments[field.name] = value
    return kind(**arguments)

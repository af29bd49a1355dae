"""A request to PySR's process as files: JSON for the arguments, npz for the data, never a pickle."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.costs import Operators
from sr2hls.errors import InputError
from sr2hls.search.pysr.operators import sympy_form


def write_fit(
    folder: Path,
    *,
    keyword: Mapping[str, Any],
    fit: Mapping[str, Any],
    data: Mapping[str, FloatArray],
    operators: Operators,
    used: tuple[str, ...],
    resume_from: Path | None = None,
) -> None:
    """Write the request of a search.

    Args:
        folder: where to.
        keyword: arguments of ``PySRRegressor``.
        fit: arguments of its ``fit`` but for the data.
        data: ``X`` (n, f), ``y`` (n,) or (n, k), and ``weights`` of the shape of ``y`` if there are any.
        operators: the operators known.
        used: names of those that formulas may use.
        resume_from: run directory whose checkpoint PySR goes on from.

    Raises:
        InputError: an argument cannot be written as JSON; the message names it.
    """
    own = {op.name: sympy_form(op, operators) for op in operators.custom if op.name in used}
    np.savez(folder / "data.npz", **data)  # type: ignore[arg-type]
    _write(
        folder,
        {
            "task": "fit",
            "keyword": {name: _plain(name, value) for name, value in keyword.items()},
            "fit": {name: _plain(name, value) for name, value in fit.items()},
            "mappings": own,
            "resume_from": None if resume_from is None else str(resume_from),
        },
    )


def write_start(folder: Path) -> None:
    """Write the request that only starts Julia."""
    _write(folder, {"task": "start"})


def _write(folder: Path, content: dict[str, Any]) -> None:
    content["parent"] = os.getpid()
    (folder / "request.json").write_text(json.dumps(content), encoding="utf-8")


def _plain(name: str, value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Mapping):
        return {str(k): _plain(name, v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(name, v) for v in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise InputError(
        f"PySR's argument '{name}' is a {type(value).__name__}, which cannot be sent to its process: give "
        "numbers, strings, lists, and objects of PySR as tables with their class"
    )

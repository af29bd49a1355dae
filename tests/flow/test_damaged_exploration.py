"""A folder of an exploration that is damaged anywhere gives a sentence that names the file."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp

from sr2hls.design import Proposal, make_design
from sr2hls.errors import Sr2hlsError
from sr2hls.flow.design_file import read_design, to_text
from sr2hls.problem import Problem, Split
from sr2hls.program.types import FixedType
from sr2hls.teacher.task import Task

TYPE = FixedType(True, 3, 1)
WRONG = (1e308, float("inf"), -1, 10**30, None, [], {}, "x", [[1]], True)


def _problem() -> Problem:
    rng = np.random.default_rng(0)
    inputs = rng.integers(-4, 4, (200, 2)) * TYPE.step
    split = Split(inputs, 0.5 * inputs[:, :1] - 0.25 * inputs[:, 1:], None)
    types = {"x0": TYPE, "x1": TYPE}
    return Problem(Task.REGRESSION, types, ("y0",), ("a", "b"), ("y",), split, split, split)


def _places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """All places in a JSON value; of a list of numbers the first alone."""
    if path:
        yield path
    items: list[tuple[Any, Any]] = []
    if isinstance(content, dict):
        items = list(content.items())
    elif isinstance(content, list):
        items = list(enumerate(content))[: None if isinstance(content[0] if content else 0, dict) else 1]
    for key, value in items:
        yield from _places(value, (*path, key))


def _changed(content: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(content))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy


@pytest.mark.parametrize("shared", [False, True])
def test_damaged_designs(tmp_path: Path, shared: bool) -> None:
    file, problem = tmp_path / "additive-50.json", _problem()
    x0, x1 = sp.symbols("x0 x1")
    first, second = sp.Float(0.5) * x0, sp.Float(0.25) * x1
    proposal = Proposal("additive-50", "sum of 2", {"y0": first - second})
    design = make_design(problem, proposal)
    if shared:
        lines = {"formulas": {"y0": sp.Symbol("v0") - second}, "definitions": (("v0", first),)}
        design = replace(design, proposal=replace(proposal, **lines))
    file.write_text(to_text(design))
    content = json.loads(file.read_text())
    assert read_design(file, problem).proposal.name == "additive-50"
    refused = 0
    for path in _places(content):
        for value in WRONG:
            file.write_text(json.dumps(_changed(content, path, value)))
            try:
                read_design(file, problem)
            except Sr2hlsError as error:
                refused += 1
                assert str(file) in str(error)
    assert refused > 100
    for text in ("", "[]", "null", "3", '{"program": 3}', "[" * 100_000):
        file.write_text(text)
        with pytest.raises(Sr2hlsError, match=r"additive-50\.json' is damaged .*explore again"):
            read_design(file, problem)

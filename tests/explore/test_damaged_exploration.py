"""A folder of an exploration that is damaged anywhere gives a sentence that names the file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sr2hls.errors import Sr2hlsError
from sr2hls.explore.select import _design
from sr2hls.problem import Problem, Split
from sr2hls.program.types import FixedType
from sr2hls.teacher.task import Task

TYPE = FixedType(True, 3, 1)
TABLE = [0, 0, 1, 1, 2, 2, 3, 3]
CASCADE: dict[str, Any] = {
    "tables": "symbolic",
    "network": {
        "format": "sr2hls cascade 1",
        "input_bits": [3, 3],
        "nodes": [
            {"number": 3, "children": [0], "bits": 2, "entries": TABLE},
            {"number": 4, "children": [1], "bits": 2, "entries": TABLE},
            {"number": 2, "children": [3, 4], "bits": 4, "entries": None},
        ],
        "outputs": [2],
        "scale": 0.25,
        "offsets": [-1.0],
    },
    "formulas": {
        number: {"exponents": [[0], [1]], "coefficients": [1.53125, 2.0], "largest": 3} for number in "34"
    },
    "moved": {},
}
STAGES = {
    "cascade-25": ("cascade-25-designs", {"designs": [CASCADE]}),
    "sum-50": ("sum-50", {"name": "sum of 2", "formulas": {"y0": "0.5*x0 - 0.25*x1"}}),
}
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


@pytest.mark.parametrize("design", STAGES)
def test_damaged_stages(design: str, tmp_path: Path) -> None:
    stage, content = STAGES[design]
    name = f"{design}-symbolic" if design.startswith("cascade") else design
    file = tmp_path / "stages" / f"{stage}.json"
    file.parent.mkdir()
    file.write_text(json.dumps(content))
    problem = _problem()
    assert _design(problem, tmp_path, name).program.n_outputs == 1
    refused = 0
    for path in _places(content):
        for value in WRONG:
            file.write_text(json.dumps(_changed(content, path, value)))
            try:
                _design(problem, tmp_path, name)
            except Sr2hlsError as error:
                refused += 1
                assert str(tmp_path) in str(error) or design == "sum-50"
    assert refused > 15
    for text in ("", "[]", "null", "3", '{"designs": 3}', '{"formulas": []}', "[" * 100_000):
        file.write_text(text)
        with pytest.raises(Sr2hlsError, match=rf"{stage}\.json' is damaged .*explore again"):
            _design(problem, tmp_path, name)

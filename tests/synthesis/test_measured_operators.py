"""The grid of operators, and measuring it: kept after each batch, gone on with, never half-written."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sr2hls.costs.measured_tables import load_measured, measured_table
from sr2hls.errors import InputError
from sr2hls.program.interpreter import Interpreter
from sr2hls.progress import SilentProgress
from sr2hls.synthesis.operators import measure as module
from sr2hls.synthesis.operators.grid import grid
from sr2hls.synthesis.operators.measure import MeasureOptions, measure


def test_the_grid_is_what_was_asked_for() -> None:
    points = grid()
    assert len({p.key for p in points}) == len(points)
    assert [p.key for p in grid(0)] == [p.key for p in points] != [p.key for p in grid(1)]
    assert {p.operator for p in points} >= {
        "add", "sub", "neg", "abs", "min", "max", "less", "equal", "select", "argmax", "mul", "square", "div",
        "round", "saturate", "constant mul", "table", "mul and add", "sum", "sum of tables", "quadratic",
        "dot with constants", "product of tables", "table of a sum",
    }  # fmt: skip
    digits = {p.detail.split(", ")[1] for p in points if p.operator == "constant mul"}
    assert len(digits) >= 4


def test_the_circuits_compute_what_they_are_called() -> None:
    found = {p.key: p.program for p in grid()}
    low = -8
    for key, expected in {
        ("add", "4+4", ""): 2 * low,
        ("sub", "4+4", ""): 0,
        ("mul", "4+4", ""): low * low,
        ("square", "4", ""): low * low,
        ("neg", "4", ""): -low,
        ("max", "4+4", ""): low,
        ("sum", "8x6", ""): 8 * -32,
    }.items():
        program = found[key]
        raws = [[t.raw_min for t in program.input_types]]
        assert int(Interpreter(program).run(np.array(raws, dtype=np.int64))[0, 0]) == expected, key


class _InterruptedAfter:
    """Progress that is interrupted when one batch more than given is done."""

    def __init__(self, batches: int) -> None:
        self._left = batches

    def advance(self, n: float = 1, message: str = "") -> None:
        self._left -= 1
        if self._left < 0:
            raise KeyboardInterrupt


class _Progress(SilentProgress):
    def __init__(self, batches: int) -> None:
        super().__init__()
        self._stage = _InterruptedAfter(batches)

    @contextmanager
    def stage(self, name: str, total: float | None = None) -> Iterator[Any]:
        yield self._stage


@pytest.mark.slow
def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", {"xcup": 4})
    options = MeasureOptions(tmp_path, family="xcup", only=("neg",))
    with pytest.raises(KeyboardInterrupt):
        measure(options, _Progress(0))
    assert not options.table.exists()
    kept = options.partial.read_text().splitlines()
    assert len(kept) == 1 + 4
    seen: list[int] = []
    original = module._measure_batch
    monkeypatch.setattr(
        module, "_measure_batch", lambda points, o: seen.append(len(points)) or original(points, o)
    )
    table = load_measured(measure(options, SilentProgress()))
    assert seen == [4] and len(table.rows) == 8
    assert not options.partial.exists() and not options.partial.with_suffix(".json").exists()
    shipped = {(r.operator, r.in_bits): r for r in measured_table("xcup").rows if r.operator == "neg"}
    assert {(r.operator, r.in_bits): r for r in table.rows} == shipped


@pytest.mark.slow
def test_operators_side_by_side_have_an_fmax_each(tmp_path: Path) -> None:
    options = MeasureOptions(tmp_path, family="ecp5", only=("equal",))
    table = load_measured(measure(options, SilentProgress()))
    delays = {r.widths[0]: r.delay_ns for r in table.rows}
    assert len(set(delays.values())) > 4 and delays[18] > delays[4]
    assert all(r.lut > 0 and r.ff == 2 * r.widths[0] + 1 for r in table.rows)


def test_what_is_there_is_not_replaced_or_mixed(tmp_path: Path) -> None:
    options = MeasureOptions(tmp_path, family="xc7")
    options.table.write_text("mine")
    with pytest.raises(
        InputError, match=r"'.*xc7\.csv' is there already: give another folder, or --overwrite"
    ):
        measure(options, SilentProgress())
    options.table.unlink()
    options.partial.write_text("operator,in_bits,out_bits,detail,lut,carry,ff,dsp,delay_ns\n")
    record = {"tools": "Yosys 0.1", "seed": "0", "part": "xc7k325tffg900-2"}
    options.partial.with_suffix(".json").write_text(json.dumps(record))
    with pytest.raises(InputError, match=r"was measured with tools Yosys 0\.1, now it is Yosys"):
        measure(options, SilentProgress())

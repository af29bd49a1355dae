"""The benchmark of bit-exactness: batches are kept, differences noticed, everything covered."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import bit_exactness
from program_coverage import uses

from sr2hls.program import ops
from sr2hls.program.types import Overflow, Rounding
from sr2hls.verify.executors import BatchExecutor, run_interpreter


def options(tmp_path: Path) -> argparse.Namespace:
    return argparse.Namespace(programs=5, vectors=300, batch=2, seed=0, kept=tmp_path / "kept.json")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> dict[str, BatchExecutor]:
    """The interpreter in the place of what has to be compiled; those have tests of their own."""
    executors: dict[str, BatchExecutor] = {"C++": run_interpreter, "Verilog": run_interpreter}
    monkeypatch.setattr(bit_exactness, "EXECUTORS", executors)
    return executors


def test_batches_are_kept(quick: dict[str, BatchExecutor], tmp_path: Path) -> None:
    first = list(bit_exactness.run_all(options(tmp_path)))
    assert [batch.vectors["C++"] for batch in first] == [600, 600, 300]
    assert [batch.vectors["reference"] for batch in first] == [400, 400, 200]

    def never(*_: object) -> list[object]:
        raise AssertionError("this batch is kept")

    quick["C++"] = never  # type: ignore[assignment]
    assert list(bit_exactness.run_all(options(tmp_path))) == first
    kept = json.loads((tmp_path / "kept.json").read_text())
    kept["asked"][0] = "other sources"
    (tmp_path / "kept.json").write_text(json.dumps(kept))
    with pytest.raises(AssertionError, match="kept"):
        list(bit_exactness.run_all(options(tmp_path)))


def test_a_difference_is_counted_and_named(quick: dict[str, BatchExecutor], tmp_path: Path) -> None:
    def wrong(programs: Sequence[object], raws: Sequence[object], work: Path) -> list[object]:
        outputs = run_interpreter(programs, raws, work)  # type: ignore[arg-type]
        outputs[1][17, 0] += 1
        return outputs  # type: ignore[return-value]

    quick["Verilog"] = wrong  # type: ignore[assignment]
    asked = options(tmp_path)
    asked.programs = 2
    batches = list(bit_exactness.run_all(asked))
    text = bit_exactness.page([bit_exactness.program_of(n) for n in range(2)], batches, asked)
    assert "| C++ | 600 |" in text
    assert "| Verilog | 0 | 0 | 1 |" in text
    assert "programs 0 to 1: Verilog, program 1 differs" in text
    assert "of row 17" in text


def test_two_hundred_programs_cover_everything() -> None:
    """Every operation, signed and unsigned, every width, every pair of modes where both decide something."""
    found = list(uses([bit_exactness.program_of(n) for n in range(200)]))
    assert {(type(use.op), use.op.type.signed) for use in found} == {
        (kind, signed) for kind in ops.OPERATIONS for signed in (False, True)
    }
    assert {use.op.type.width for use in found} == set(range(1, 65))
    both = {(u.op.type.rounding, u.op.type.overflow) for u in found if u.rounds and u.overflows}
    assert both == {(rounding, overflow) for rounding in Rounding for overflow in Overflow}

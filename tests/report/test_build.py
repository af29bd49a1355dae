from pathlib import Path

import numpy as np
import sympy as sp

from sr2hls.options import CompileOptions, LowerOptions
from sr2hls.program.builder import Builder
from sr2hls.program.ops import Predicate
from sr2hls.program.types import FixedType
from sr2hls.report.build import feature_records, formula_record, plain_options, run_record
from sr2hls.report.graph import program_record


def test_formulas_in_the_users_names() -> None:
    x0, x1 = sp.symbols("x0 x1")
    record = formula_record("w", 1.25 * x0 + sp.sin(x1), {"x0": "jet mass"}, loss=0.5)
    assert record.sympy == "1.25*jet mass + sin(x1)"
    assert record.latex == r"1.25 \cdot \text{jet mass} + \sin{\left(x_{1} \right)}"
    assert record.complexity == 6


def test_options_are_plain_and_hold_no_folder() -> None:
    options = CompileOptions(
        checkpoint=Path("/home/me/net.onnx"), data=Path("d.npz"), output=Path("/home/me/out"),
        features=("a", "b"), input_types=(("a", "ap_fixed<8,3>"),), max_lut=400,
    )  # fmt: skip
    found = plain_options(options)
    assert found["checkpoint"] == "net.onnx"
    assert found["max_lut"] == 400
    assert found["features"] == ["a", "b"]
    assert found["input_types"] == {"a": "ap_fixed<8,3>"}
    assert found["engine"] == "auto"
    assert "/home/me" not in str(found)


def test_run_has_versions_and_times() -> None:
    run = run_record(LowerOptions("x", "out"), {"search": 1.23456}, seed=3, tools={"g++": "12"})
    assert {"python", "sr2hls", "numpy", "g++"} <= set(run.versions)
    assert run.stages[0].seconds == 1.235
    assert run.date is not None


def _program() -> Builder:
    return Builder({"a": FixedType(True, 6, 3), "b": FixedType(False, 4, 4), "unused": FixedType(True, 6, 3)})


def test_graph_labels() -> None:
    b = _program()
    total = b.add(b["a"], b.constant(3, 3))
    table = b.table([total], [0] * (1 << b.type(total).width), FixedType(True, 4, 1), origin="sin(a)")
    larger = b.compare(Predicate.GE, table, b["b"])
    record = program_record(b.program({"y": b.select(larger, table, b["a"]), "z": larger}))
    labels = [n.label for n in record.nodes]
    assert labels[:4] == ["a", "b", "unused", "0.375"]
    assert labels[4:] == ["+", f"table[{1 << b.type(total).width}]", "≥", "?:"]
    assert record.nodes[-1].outputs == ("y",)
    assert record.nodes[-2].outputs == ("z",)
    assert record.nodes[5].origin == "sin(a)"
    assert record.table_entries == 1 << b.type(total).width
    assert record.counts["input"] == 3


def test_columns_that_nothing_reads_have_no_type() -> None:
    b = _program()
    program = b.program({"y": b.add(b["a"], b["b"])})
    X = np.array([[1.0, 2, 3, 4], [-1, 5, 6, 7]])
    found = feature_records(["a", "b", "unused", "not an input"], X, program)
    assert [f.type.text if f.type else None for f in found] == ["ap_fixed<6,3>", "ap_ufixed<4,4>", None, None]
    assert (found[0].low, found[0].high) == (-1, 1)

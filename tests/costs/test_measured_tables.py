"""Measured costs of operators: the tables that are shipped, and what is made of them."""

import json
import re
from pathlib import Path

import pytest
import sympy as sp

from sr2hls.costs import area, estimated_luts
from sr2hls.costs.measured_tables import (
    MeasuredOperator,
    MeasuredTable,
    area_model,
    format_rows,
    load_measured,
    measured_area,
    measured_luts,
    measured_table,
    parse_rows,
    shipped_families,
)
from sr2hls.errors import InputError
from sr2hls.provenance import Origin

x, y = sp.symbols("x0 x1")
ABOUT = {
    "family": "xcup",
    "date": "2026-11-23",
    "tools": "Yosys 0.70",
    "part": "xcvu9p",
    "step": "synthesis",
    "widths": "4 8",
}


def small() -> MeasuredTable:
    rows = [MeasuredOperator("add", f"{w}+{w}", w + 1, "", w, w / 4, 3 * w + 1, 0, 1.2) for w in (4, 8)]
    rows.append(MeasuredOperator("mul", "8+8", 16, "", 64, 8, 32, 0, 3.0))
    rows.append(MeasuredOperator("mul", "8+8", 16, "DSP allowed", 0, 0, 0, 1, 3.0))
    return MeasuredTable("xcup", tuple(rows), ABOUT)


WHOLE = [f for f in shipped_families() if "--operator" not in measured_table(f).about["command"]]
"""Families of which the whole grid is shipped, not some operators."""
whole = pytest.mark.skipif("xcup" not in WHOLE, reason="of xcup only some operators were measured so far")


@pytest.mark.parametrize("family", WHOLE)
def test_shipped_tables_are_complete_dated_and_say_what_made_them(family: str) -> None:
    table = measured_table(family)
    about = table.about
    assert about["family"] == family and re.fullmatch(r"20\d\d-\d\d-\d\d", about["date"])
    assert about["command"].startswith(f"sr2hls costs measure --family {family}")
    assert re.search(r"Yosys \d", about["tools"])
    assert ("nextpnr" in about["tools"]) is (family == "ecp5")
    assert (
        int(about["operators"])
        == len(table.rows)
        == len({(r.operator, r.in_bits, r.detail) for r in table.rows})
    )
    tables = {(r.widths[0], r.out_bits) for r in table.rows if r.operator == "table" and len(r.widths) == 1}
    assert {b for b, _ in tables} == set(range(4, 11)) and {o for _, o in tables} >= {1, 4, 8}
    assert {r.operator for r in table.rows} >= {
        "constant mul",
        "sum of tables",
        "mul and add",
        "argmax",
        "div",
    }
    assert all(0 < r.delay_ns < 200 for r in table.rows)


@pytest.mark.parametrize("family", shipped_families())
def test_single_operators_are_there_from_4_to_18_bits(family: str) -> None:
    table = measured_table(family)
    for operator in ("add", "sub", "neg", "abs", "min", "max", "less", "equal", "select", "mul", "square"):
        widths = {r.widths[-1] for r in table.rows if r.operator == operator}
        assert min(widths) == 4 and max(widths) == 18, operator


@pytest.mark.parametrize("family", [f for f in WHOLE if f != "ecp5"])
def test_shipped_figures_are_those_of_a_lut6_fabric(family: str) -> None:
    table = measured_table(family)
    for width in (4, 8, 12, 16):
        assert width <= table.luts("add", width) <= width + 2
    six = [r for r in table.rows if r.operator == "table" and r.widths == (6,) and "random" in r.detail]
    assert six and all(r.lut <= r.out_bits for r in six)
    dsp = [r for r in table.rows if r.detail == "DSP allowed" and r.widths == (16, 16)]
    assert [r.dsp for r in dsp] == [1] and dsp[0].lut < 20
    assert table.luts("mul", 16) > 100


def test_widths_between_are_interpolated_and_beyond_scaled() -> None:
    table = small()
    assert table.luts("add", 6) == 6 and table.luts("add", 16) == 16
    assert table.luts("mul", 16) == 4 * 64
    assert table.luts("mul", 8, "DSP allowed") == 0
    with pytest.raises(InputError, match="operator 'tan' was not measured on xcup: there are add, mul"):
        table.luts("tan", 8)
    with pytest.raises(InputError, match="tables were not measured on xcup: measure the whole grid with"):
        table.table_luts(6, 6)
    with pytest.raises(InputError, match="products with constants were not measured on xcup"):
        table.constant_luts(8)


def test_rows_survive_the_file(tmp_path: Path) -> None:
    rows = small().rows
    assert parse_rows(format_rows(rows), "x") == rows
    (tmp_path / "t.csv").write_text(format_rows(rows))
    (tmp_path / "t.json").write_text(json.dumps(ABOUT))
    assert load_measured(tmp_path / "t.csv").rows == rows
    (tmp_path / "t.json").write_text(json.dumps({k: v for k, v in ABOUT.items() if k != "date"}))
    with pytest.raises(InputError, match=r"t\.json: key 'date' is missing"):
        load_measured(tmp_path / "t.csv")
    with pytest.raises(InputError, match=r"f, line 2: .*'many'"):
        parse_rows(format_rows(rows).replace(",4,1,", ",many,1,"), "f")
    with pytest.raises(InputError, match="f: the columns have to be operator, in_bits"):
        parse_rows("a,b\n1,2\n", "f")
    with pytest.raises(InputError, match=r"cannot read the measured costs .*nowhere\.csv"):
        load_measured(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="no measured costs of 'xcv' come with sr2hls, only of xcup"):
        measured_table("xcv")


@whole
def test_engines_can_price_formulas_by_measurement() -> None:
    model = measured_area("ap_fixed<8,4>")
    assert model.provenance.origin is Origin.MEASURED and model.unit == "LUT"
    assert model.provenance.part == measured_table("xcup").about["part"]
    table = measured_luts("ap_fixed<8,4>")
    assert model.cost(x + y) == pytest.approx(table["+"])
    assert model.cost(x * y) > model.cost(x + y)
    assert model.cost(3.7 * x + y) < model.cost(x * y + y)
    # Any function of one variable is one table, so that a deeper one costs no more.
    assert model.cost(sp.tanh(sp.sin(x) + x**2)) == pytest.approx(model.cost(sp.tanh(x)))
    estimate = area(estimated_luts("ap_fixed<8,4>"))
    assert set(measured_luts("ap_fixed<8,4>").costs) >= {
        op.name for op in model.operators if op.arity == 1
    } & set(estimated_luts("ap_fixed<8,4>").costs) - {"relu"}
    assert 0.3 < model.cost(x * y) / estimate.cost(x * y) < 3


def test_a_table_of_some_operators_is_no_measurement_of_formulas() -> None:
    rows = tuple(r for r in measured_table("xcup").rows if r.operator not in ("table", "constant mul"))
    some = MeasuredTable("xcup", rows, measured_table("xcup").about)
    model = measured_area("ap_fixed<8,4>", table=some)
    assert model.provenance.origin is Origin.ESTIMATED and "not measured" in model.provenance.source
    assert model.cost(x * y) == some.luts("mul", 8) and model.cost(sp.sin(x)) > 0


@whole
def test_the_measured_model_by_name() -> None:
    assert area_model("measured", "ap_fixed<8,4>").cost(x * y) == measured_area("ap_fixed<8,4>").cost(x * y)


def test_models_by_name() -> None:
    assert area_model("estimated", "ap_fixed<8,4>").provenance.origin is Origin.ESTIMATED
    with pytest.raises(InputError, match="no cost model is called 'guess': use estimated or measured"):
        area_model("guess", "ap_fixed<8,4>")

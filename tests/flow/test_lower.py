"""From formulas to a verified circuit: projects, agreements and report, and what is refused before them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

from sr2hls.cli.main import run
from sr2hls.errors import DegenerateDesignError, InputError, LoweringError, Sr2hlsError
from sr2hls.flow.implement import Result
from sr2hls.flow.lower import lower_expressions, lower_formulas
from sr2hls.options import LowerOptions, Synthesis

RUNS = Path(__file__).parents[1] / "search" / "data" / "pysr_runs"


def lower(source: object, output: Path, **more: Any) -> Result:
    more = {"synthesis": Synthesis.ESTIMATE, **more}
    return lower_formulas(LowerOptions(source=str(source), output=output, **more))


def test_pysr_run_with_its_data(tmp_path: Path) -> None:
    with np.load(RUNS / "vector_field" / "data.npz", allow_pickle=False) as data:
        X, y = data["X"], data["y"]
    np.savez(tmp_path / "rows.npz", X=X, y=y, names=np.array(["x", "y"]))
    result = lower(
        RUNS / "vector_field",
        tmp_path / "out",
        data=tmp_path / "rows.npz",
        choose="complexity=5",
        error=0.005,
    )
    assert [f.output for f in result.report.formulas] == ["y0", "y1"]
    assert [f.name for f in result.report.data.features] == ["x", "y"]
    predicted = result.design.predict(X)
    truth = np.stack([X[:, 1] / (1 + X[:, 1]), -X[:, 0] / (1 + X[:, 0])], axis=1)
    assert np.abs(predicted - truth).max() < 0.06 * np.ptp(truth)
    assert float(np.sqrt(np.mean((predicted - truth) ** 2))) < 0.02 * truth.std()
    executors = {a.executor for a in result.circuit.agreements}
    assert executors == {"C++ (g++)", "Verilog (Verilator)", "program before its passes"}
    assert all(a.vectors > 100 for a in result.circuit.agreements)
    for file in ("report.json", "report.html", "inputs.json", "hls/project.tcl", "rtl"):
        assert (tmp_path / "out" / file).exists(), file


def test_command_line_with_ranges_operators_and_types(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    operators = tmp_path / "operators.toml"
    operators.write_text('[operators.lorentz]\nparameters = ["u"]\ndefinition = "1/(1.5 + u**2)"\n')
    code = run(
        [
            "lower",
            "lorentz(pt) + Piecewise((0, eta < 0), (eta*2e8*1e-8, True))",
            *("--range", "pt=0,4", "--range", "eta=-1,1", "--input-type", "eta=ap_fixed<8,2>"),
            *(
                "--operators",
                str(operators),
                "-o",
                str(tmp_path / "out"),
                "--synthesis",
                "estimate",
                "--json",
            ),
        ]
    )
    captured = capsys.readouterr()
    assert code == 0, captured.err
    answer = json.loads(captured.out)
    assert set(answer["formulas"]) == {"y"} and "pt" in answer["formulas"]["y"]
    inputs = json.loads((tmp_path / "out" / "inputs.json").read_text())
    assert "ap_fixed<8,2,RND,SAT>" in [t["ap_fixed"] for t in inputs["types"]]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [f["name"] for f in report["data"]["features"]] == ["eta", "pt"]
    assert report["teacher"] is None
    agreements = report["verification"]["executors"]
    assert len(agreements) == 3
    assert all(a["differences"] == 0 and a["values"] > 1000 for a in agreements)


@pytest.mark.parametrize(
    ("source", "more", "message"),
    [
        ("x*t", {"ranges": (("x", 0, 1),)}, "the range of the input 't' is not known.*--range t=LOW,HIGH"),
        ("x", {"ranges": (("x", 0, 1), ("z", 0, 1))}, "--range names 'z', which the formulas do not use: x"),
        (
            "x",
            {"ranges": (("x", 0, 1),), "input_types": (("x", "float"),)},
            "type 'float' of input 'x' is not of the form ap_fixed<W,I>",
        ),
        (
            "(x - 2)**1.5",
            {"ranges": (("x", 0, 1),)},
            "undefined|no real value|not a real",
        ),
        ("1.5*pi", {}, r"the chosen formulas are constants \(4.71\d*\), which need no circuit"),
        ("log(x)", {"ranges": (("x", -3, -1),)}, "undefined|no real value|not a real"),
    ],
)
def test_refused_before_anything_is_built(
    tmp_path: Path, source: str, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(Sr2hlsError, match=message):
        lower(source, tmp_path / "out", **more)
    assert not (tmp_path / "out").exists()


def test_unused_inputs_need_no_range(tmp_path: Path) -> None:
    options = LowerOptions(source="x887 - x3", output=tmp_path, ranges=(("x3", 0, 1), ("x887", -1, 1)))
    from sr2hls.flow.rows import input_rows
    from sr2hls.search.formula_source import read_source

    rows = input_rows(options, read_source(options), None)
    X = rows.splits["train"][0]
    assert X.shape[1] == 2
    assert X[:, 0].min() >= 0 and X[:, 1].min() < -0.9


def test_columns_of_the_data(tmp_path: Path) -> None:
    from sr2hls.flow.rows import input_rows, load_table
    from sr2hls.search.formula_source import read_source

    rng = np.random.default_rng(0)
    table = rng.uniform(1, 2, (200, 3)) + np.arange(3) * 10
    file = tmp_path / "rows.csv"
    header = "E,pt,target"
    file.write_text("\n".join([header, *(",".join(map(str, r)) for r in table)]) + "\n")

    def columns(source: str) -> list[float]:
        options = LowerOptions(source=source, output=tmp_path / "out", data=file)
        formulas = read_source(options, {"E"})
        loaded = load_table(options, formulas)
        assert loaded is not None
        rows = input_rows(options, formulas, loaded)
        return [round(float(v)) for v in rows.splits["train"][0].min(axis=0)]

    assert columns("pt*2 + E") == [1, 11], "by name, E is the column and not the constant"
    assert columns("x1 + 1") == [11], "by position"
    assert columns("target - pt") == [11, 21], "an input, because the formula reads it"
    with pytest.raises(InputError, match=r"use x7 but '.*rows.csv' has 2 features"):
        columns("x7")
    with pytest.raises(
        InputError, match=r"use the input 'mass', which '.*rows.csv' does not have; it has E, pt"
    ):
        columns("mass")


def test_a_column_called_e_is_not_eulers_number(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    file = tmp_path / "rows.csv"
    rows = rng.uniform(4, 8, (300, 1))
    file.write_text("E\n" + "".join(f"{r[0]}\n" for r in rows))
    result = lower("E/2", tmp_path / "out", data=file)
    assert np.abs(result.design.predict(rows) - rows / 2).max() < 0.02


def test_folders_with_something_in_them(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other files: give a new or empty folder"):
        lower("x", tmp_path, ranges=(("x", 0.0, 1.0),), overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("depth", [5, pytest.param(15, marks=pytest.mark.slow)])
def test_deeply_nested_functions(tmp_path: Path, depth: int) -> None:
    text = "x"
    for _ in range(depth):
        text = f"sinh({text})"
    with pytest.raises(LoweringError, match="formula of 'y' is not finite on row 0"):
        lower(text, tmp_path / "big", ranges=(("x", 1.9, 2.0),))


def test_formulas_that_do_not_survive_are_refused(tmp_path: Path) -> None:
    ranges = (("pt", 0.0, 1.0), ("eta", 0.0, 1.0))
    with pytest.raises(DegenerateDesignError, match="what the input 'eta' adds is less than the error"):
        lower("pt + 0.0000001*eta", tmp_path / "out", ranges=ranges)
    assert not (tmp_path / "out" / "report.json").exists()


def test_expressions_go_the_same_way(tmp_path: Path) -> None:
    x0, x2 = sympy.symbols("x0 x2")
    X = np.random.default_rng(0).uniform(0, 1, (500, 3))
    result = lower_expressions({"u": x0 * x2 + sympy.Float("0.1")}, X, tmp_path / "out", synthesis="estimate")
    read = [f.name for f in result.report.data.features]
    assert read == ["x0", "x2"], "columns that no formula reads are left out"
    exact = X[:, 0] * X[:, 2] + 0.1
    assert np.abs(result.predict(X[:, [0, 2]])[:, 0] - exact).max() < 0.02
    with pytest.raises(InputError, match=r"have the shape \(3,\): give \(rows, columns\)"):
        lower_expressions({"u": x0}, X[0], tmp_path / "other")
    with pytest.raises(DegenerateDesignError, match="what the input 'x2' adds is less"):
        lower_expressions({"u": x0 + 1e-7 * x2}, X, tmp_path / "third", synthesis="estimate")


def test_comparisons_and_constants_come_to_a_report(tmp_path: Path) -> None:
    """A comparison that is the whole formula goes through the proofs; an output that never varies is said."""
    result = lower("y = x >= x*x; z = max(x, 5)", tmp_path / "out", ranges=(("x", -2.0, 2.0),), prove_s=20.0)
    inputs = result.inputs.values(np.array([[0.5], [1.5], [-0.5]]))
    np.testing.assert_array_equal(result.design.predict(inputs), [[1, 5], [0, 5], [0, 5]])
    assert all(b.low == b.high == 0 for b in result.circuit.bounds)
    (note,) = result.report.same
    assert note.startswith("output 'z' of the circuit is 5 for all ")

"""Recorded halls of fame are read back exactly, and every layout found in the wild is understood."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import sympy

from sr2hls.costs import Operators, additive_cycles, custom_operator, published_cycles
from sr2hls.errors import InputError, UnsafeFileError
from sr2hls.search import read_formulas, read_hall_of_fame
from sr2hls.search.expressions import evaluate, tree_from_text
from sr2hls.search.halloffame import hall_of_fame_files, read_rows

RUNS = Path(__file__).parent / "data" / "pysr_runs"
COST = additive_cycles(published_cycles())
OPERATORS = Operators().extend(
    [
        custom_operator("sc", {"definition": "sin(x)*cos(x)"}),
        custom_operator("lorentz", {"definition": "1/(1.5 + x**2)"}),
    ]
)
FILES = sorted(RUNS.glob("*/hall_of_fame*.csv"))


def run_data(run: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    with np.load(run / "data.npz", allow_pickle=False) as data:
        y = data["y"]
        return data["X"], y.reshape(len(y), -1), [str(n) for n in data["names"]]


def test_there_are_recorded_runs() -> None:
    assert len(FILES) == 11


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_recorded_losses_are_reproduced(file: Path) -> None:
    X, Y, names = run_data(file.parent)
    output = int(file.stem[-1]) - 1 if "output" in file.stem else 0
    columns = {n: X[:, i] for i, n in enumerate(names)}
    rows = read_rows(file)
    assert len(rows) == sum(1 for _ in csv.reader(file.open())) - 1
    for row in rows:
        # PySR computes in single precision: losses near its rounding are comparable in size only.
        value = evaluate(tree_from_text(row.equation, OPERATORS), columns, OPERATORS, np.float32)
        loss = float(np.mean((value - Y[:, output].astype(np.float32)) ** 2))
        assert loss == pytest.approx(row.loss, rel=1e-4 if row.loss > 1e-11 else 0.1)


def test_frontier_of_a_run_directory() -> None:
    X, Y, names = run_data(RUNS / "vector_field")
    frontier = read_hall_of_fame(RUNS / "vector_field", cost=COST, input_names=names, data=(X, Y))
    assert len(frontier) == 2
    assert frontier.input_names == ("x", "y")
    third = frontier[0].candidates[2]
    assert str(third.display(names)) == "y/(y + 1)"
    assert third.complexity == 5 and third.cost == 33
    assert third.details["file_loss"] == 6.351579e-16
    assert third.loss < 1e-30, "in double precision the formula is exact"


def test_one_file_of_several_outputs_stands_for_all() -> None:
    frontier = read_hall_of_fame(RUNS / "vector_field" / "hall_of_fame_output2.csv", cost=COST)
    assert [f.output for f in frontier.fronts] == ["y0", "y1"]


def test_polishing_finds_the_exact_form() -> None:
    X, Y, names = run_data(RUNS / "vector_field")
    frontier = read_hall_of_fame(
        RUNS / "vector_field", cost=COST, input_names=names, data=(X, Y), polish=True
    )
    x, y = sympy.symbols("x y")
    found = [c.display(names) for c in frontier.select("loss")]
    assert sympy.simplify(found[0] - y / (y + 1)) == 0
    assert sympy.simplify(found[1] + x / (x + 1)) == 0


def test_own_operators() -> None:
    X, Y, names = run_data(RUNS / "custom_ops")
    with pytest.raises(InputError, match=r"hall_of_fame.csv, line 5: unknown operator 'lorentz'.*define it"):
        read_hall_of_fame(RUNS / "custom_ops", cost=COST).select("complexity", 7)
    frontier = read_hall_of_fame(
        RUNS / "custom_ops", cost=COST, operators=OPERATORS, input_names=names, data=(X, Y), polish=True
    )
    x1, x3, x5 = sympy.symbols("x1 x3 x5")
    best = frontier[0].select("loss").expr
    truth = (
        sympy.Rational(3, 10) * x5
        + sympy.Rational(7, 10) * sympy.sin(x1) * sympy.cos(x1)
        + 1 / (x3**2 + sympy.Rational(3, 2))
    )
    assert sympy.simplify(sympy.nsimplify(best, rational=True) - truth) == 0


ROWS = [(1, 0.5, "0.25"), (5, 1e-3, "sin(x0) * 2.5 + x10^2")]


@pytest.mark.parametrize(
    "text",
    [
        'Complexity,Loss,Equation\n1,0.5,"0.25"\n5,0.001,"sin(x0) * 2.5 + x10^2"\n',
        "Complexity,Loss,Equation\n1,0.5,0.25\n5,0.001,sin(x0) * 2.5 + x10^2\n",
        "Complexity|MSE|Equation\n1|0.5|0.25\n5|0.001|sin(x0) * 2.5 + x10^2",
        "complexity;loss;equation\r\n1;0.5;0.25\r\n5;0.001;sin(x0) * 2.5 + x10^2\r\n",
        "complexity,loss,equation,score,sympy_format,lambda_format\n1,0.5,0.25,0,0.25,f\n"
        '5,0.001,sin(x0) * 2.5 + x10^2,1.5,x10**2 + 2.5*sin(x0),"PySRFunction(X=>x10**2 + 2.5*sin(x0))"\n',
        ",complexity,loss,equation\n0,1,0.5,0.25\n1,5,0.001,sin(x0) * 2.5 + x10^2\n",
        '\ufeff"Complexity","Loss","Equation"\n"1","0.5","0.25"\n"5","1e-3","sin(x0) * 2.5 + x10^2"\n',
        "Complexity\tLoss\tEquation\n1\t0.5\t0.25\n5\t0.001\tsin(x0) * 2.5 + x10^2\n",
        "Complexity, Loss, Equation\n1, 0.5, 0.25\n5, 0.001, sin(x0) * 2.5 + x10^2\n",
    ],
)
def test_headers_and_quoting(tmp_path: Path, text: str) -> None:
    file = tmp_path / "hall_of_fame.csv"
    file.write_text(text, encoding="utf-8")
    assert [(r.complexity, r.loss, r.equation) for r in read_rows(file)] == ROWS
    frontier = read_hall_of_fame(file, cost=COST)
    assert frontier.input_names == tuple(f"x{i}" for i in range(11))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,b,c\n1,2,3\n", r"is no hall of fame: it has no column complexity \(its header is 'a,b,c'\)"),
        ("Complexity,Loss,Equation\n1,lots,x\n", "line 2: '1' and 'lots' are not two numbers"),
        ("Complexity,Loss,Equation\n1,0.5,\n", "line 2: the equation is empty"),
        ("Complexity,Loss,Equation\n1,0.5,x +\n", "line 2: 'x \\+' is not a formula"),
        ("Complexity,Loss,Equation\n1,0.5,f = #1\n", "line 2: .*template"),
    ],
)
def test_damaged_halls_of_fame(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "hall_of_fame.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_hall_of_fame(file, cost=COST)
    assert str(file) in str(caught.value)


def test_backup_twin_is_used_when_the_file_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "hall_of_fame.csv").write_text("Complexity,Loss,Equation\n1,0.5")
    (tmp_path / "hall_of_fame.csv.bak").write_text("Complexity,Loss,Equation\n1,0.5,x0\n")
    assert read_hall_of_fame(tmp_path, cost=COST)[0].candidates[0].expr == sympy.Symbol("x0")


def test_newest_run_of_a_directory_of_runs(tmp_path: Path) -> None:
    for name in ("first", "second"):
        shutil.copytree(RUNS / "units", tmp_path / name)
    (tmp_path / "second" / "hall_of_fame.csv").write_text("Complexity,Loss,Equation\n1,0.5,m1\n")
    assert len(read_hall_of_fame(tmp_path, cost=COST)[0]) == 1


def test_missing_output_is_named(tmp_path: Path) -> None:
    for k in (1, 3):
        shutil.copy(RUNS / "jets" / "hall_of_fame_output1.csv", tmp_path / f"hall_of_fame_output{k}.csv")
    with pytest.raises(InputError, match=r"has no hall_of_fame_output2\.csv"):
        read_hall_of_fame(tmp_path, cost=COST)


def test_pickles_are_not_read(tmp_path: Path) -> None:
    pickle = tmp_path / "checkpoint.pkl"
    pickle.write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    for path in (pickle, tmp_path):
        with pytest.raises(UnsafeFileError, match="pickle, and reading it can run"):
            read_hall_of_fame(path, cost=COST)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_hall_of_fame(tmp_path / "none", cost=COST)
    with pytest.raises(InputError, match=r"has no hall_of_fame\.csv"):
        read_hall_of_fame(tmp_path, cost=COST)


def test_formulas_as_text_and_file(tmp_path: Path) -> None:
    frontier = read_formulas("2*pt + sin(eta); eta**2", cost=COST)
    assert frontier.input_names == ("eta", "pt")
    assert [str(c.display(frontier.input_names)) for c in frontier.select()] == ["2*pt + sin(eta)", "eta**2"]
    file = tmp_path / "formulas.txt"
    file.write_text("# two outputs\nleft = pt^2\n\nright = pt + eta  # the sum\n")
    frontier = read_formulas(file, cost=COST, input_names=("pt", "eta", "phi"))
    assert [f.output for f in frontier.fronts] == ["left", "right"]
    assert frontier[1].candidates[0].expr == sympy.Symbol("x0") + sympy.Symbol("x1")
    json.loads(json.dumps(frontier.to_dict(), allow_nan=False))


@pytest.mark.parametrize(
    ("text", "names", "message"),
    [
        ("", None, "no formula in the given text"),
        ("x0; x0 +", None, "formula 2: 'x0 \\+' is not a formula"),
        ("a + b", ("a",), "the formula uses 'b', but the inputs are a"),
    ],
)
def test_bad_formulas(text: str, names: tuple[str, ...] | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_formulas(text, cost=COST, input_names=names)


def test_a_run_keeps_its_own_name(tmp_path: Path) -> None:
    """Files renamed after their run; another run's files beside them are not taken in."""
    for run in ("run7_", ""):
        for k in (1, 2):
            formula = "x0 * x1" if run else "x0 + x1"
            (tmp_path / f"{run}hall_of_fame_output{k}.csv").write_text(
                f'Complexity,Loss,Equation\n3,0.1,"{formula}"\n'
            )
    frontier = read_hall_of_fame(tmp_path / "run7_hall_of_fame_output2.csv", cost=COST)
    assert [str(f.candidates[0].expr) for f in frontier.fronts] == ["x0*x1", "x0*x1"]


@pytest.mark.parametrize("number", [1, 2, 9, 30000000, 9999999999])
def test_a_named_file_of_one_output_stands_alone(tmp_path: Path, number: int) -> None:
    file = tmp_path / f"hall_of_fame_output{number}.csv"
    file.write_text('Complexity,Loss,Equation\n3,0.1,"x0 * x1"\n')
    assert [f.output for f in read_hall_of_fame(file, cost=COST).fronts] == ["y"]


@pytest.mark.parametrize("number", [2, 30000000, 9999999999])
def test_a_folder_without_the_first_output_is_refused_whatever_the_number(
    tmp_path: Path, number: int
) -> None:
    file = tmp_path / f"hall_of_fame_output{number}.csv"
    file.write_text('Complexity,Loss,Equation\n3,0.1,"x0 * x1"\n')
    with pytest.raises(InputError, match=r"has no hall_of_fame_output1\.csv: an output is missing"):
        hall_of_fame_files(tmp_path)


def test_a_row_that_cannot_be_read_is_left_out_and_said(tmp_path: Path) -> None:
    file = tmp_path / "hall_of_fame.csv"
    file.write_text('Complexity,Loss,Equation\n1,2.0,"x0"\n3,0.1,"x0 * x1"\n4,0.09,"quart(x0)"\n')
    frontier = read_hall_of_fame(file, cost=COST)
    assert [str(c.expr) for c in frontier[0].candidates] == ["x0", "x0*x1"]
    assert [r.row for r in frontier[0].unreadable] == [2]
    assert str(frontier[0].select("complexity", 3).expr) == "x0*x1"
    for by, value in (("loss", None), ("complexity", 4), ("index", 2), ("index", -1)):
        with pytest.raises(InputError, match=r"chooses cannot be read: .*line 4.*quart"):
            frontier[0].select(by, value)
    (note,) = frontier.notes
    assert note.startswith("row left out, ") and "line 4" in note and "quart" in note
    file.write_text('Complexity,Loss,Equation\n4,0.09,"quart(x0)"\n')
    with pytest.raises(InputError, match=r"line 2: .*quart"):
        read_hall_of_fame(file, cost=COST)


@pytest.mark.parametrize("text", ["x0/0", "x0 + inv(1 - 1)", "mod(x0, 0)", "max(x0, log(0))"])
def test_a_row_that_has_no_value_is_left_out_and_said(tmp_path: Path, text: str) -> None:
    file = tmp_path / "hall_of_fame.csv"
    file.write_text(f'Complexity,Loss,Equation\n1,2.0,"x0"\n3,0.1,"{text}"\n')
    frontier = read_hall_of_fame(file, cost=COST)
    assert [str(c.expr) for c in frontier[0].candidates] == ["x0"]
    (note,) = frontier.notes
    assert "line 3" in note and ("divides by 0" in note or "cannot be worked out" in note)
    with pytest.raises(InputError, match=r"formula 2: .* in a formula"):
        read_formulas(f"x0; {text}", cost=COST)


def test_a_field_longer_than_any_formula_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "hall_of_fame.csv"
    file.write_text('Complexity,Loss,Equation\n1,0.5,"' + "a" * 200_000 + '"\n')
    with pytest.raises(InputError, match=r"is no hall of fame: field larger than field limit"):
        read_hall_of_fame(file, cost=COST)


def test_inputs_that_are_not_used_cost_nothing() -> None:
    frontier = read_formulas("2*x99999 + x3", cost=COST)
    assert len(frontier.input_names) == 100_000
    assert str(frontier[0].candidates[0].display(frontier.input_names)) == "x3 + 2*x99999"

"""Formulas that people already have: read, chosen, refused with a sentence that says what to do."""

import pickle
import shutil
from pathlib import Path

import pytest
import sympy

from sr2hls.errors import InputError, UnsafeFileError
from sr2hls.options import LowerOptions
from sr2hls.search.formula_source import FormulaSource, read_source

RUNS = Path(__file__).parents[1] / "search" / "data" / "pysr_runs"
OPERATORS = """
[operators.sc]
definition = "sin(x)*cos(x)"

[operators.lorentz]
parameters = ["u"]
definition = "1/(1.5 + u**2)"
"""


def read(source: object, tmp_path: Path, **more: object) -> FormulaSource:
    return read_source(LowerOptions(source=str(source), output=tmp_path / "out", **more))  # type: ignore[arg-type]


ROWS = [
    (1, 0.5, "0.25"),
    (4, 2e-2, "sin(x0)"),
    (7, 1e-6, "sin(x0) * 2.5 + x10^2"),
    (11, 0.9e-6, "sin(x0 * 1.0000001) * 2.5 + x10^2"),
]
LAYOUTS = {
    "julia, quoted": ("Complexity,Loss,Equation", '{},{},"{}"', "\n"),
    "julia, bare": ("Complexity,Loss,Equation", "{},{},{}", "\n"),
    "older julia": ("Complexity|MSE|Equation", "{}|{}|{}", "\n"),
    "pysr's table": (
        "complexity,loss,equation,score,sympy_format,lambda_format",
        '{},{},"{}",0.5,{},"PySRFunction(X=>{})"',
        "\n",
    ),
    "pandas with its index": (",complexity,loss,equation", "0,{},{},{}", "\n"),
    "spreadsheet": ('\ufeff"Complexity";"Loss";"Equation"', '"{}";"{}";"{}"', "\r\n"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("power", ["^", "**"])
def test_every_layout(tmp_path: Path, layout: str, power: str) -> None:
    header, row, end = LAYOUTS[layout]
    rows = [(c, e, f.replace("^", power)) for c, e, f in ROWS]
    file = tmp_path / "hall_of_fame.csv"
    file.write_bytes(end.join([header, *(row.format(*r, *[r[2]] * 2) for r in rows), ""]).encode())
    source = read(file, tmp_path)
    assert source.names == ("x0", "x10"), "only what the formula uses becomes an input"
    assert str(source.formulas["y"]) == "x1**2 + 2.5*sin(x0)"
    assert source.chosen[0].complexity == 7


def test_run_directory_of_several_outputs(tmp_path: Path) -> None:
    source = read(RUNS / "vector_field", tmp_path, choose="complexity=5")
    assert source.names == ("x", "y")
    assert str(source.formulas["y0"]) == "x1/(x1 + 1)"
    assert float(source.formulas["y1"].subs("x0", 2.0)) == pytest.approx(-2 / 3, abs=1e-6)


def test_backup_twins_stand_in_for_cut_off_files(tmp_path: Path) -> None:
    for file in (RUNS / "vector_field").glob("hall_of_fame_output*.csv"):
        (tmp_path / file.name).write_text("Complexity,Loss,Equation\n1,0.")
        shutil.copy(file, tmp_path / f"{file.name}.bak")
    for path in (tmp_path, tmp_path / "hall_of_fame_output1.csv"):
        assert len(read(path, tmp_path).formulas) == 2


@pytest.mark.parametrize(
    ("choose", "formula"),
    [
        ("score", "x1**2 + 2.5*sin(x0)"),
        ("loss", "x1**2 + 2.5*sin(1.0000001*x0)"),
        ("complexity=7", "x1**2 + 2.5*sin(x0)"),
        ("complexity=6", "sin(x0)"),
        ("index=1", "sin(x0)"),
        ("index=-1", "x1**2 + 2.5*sin(1.0000001*x0)"),
    ],
)
def test_choice_of_a_row(tmp_path: Path, choose: str, formula: str) -> None:
    file = tmp_path / "hall_of_fame.csv"
    file.write_text("Complexity,Loss,Equation\n" + "".join(f'{c},{e},"{f}"\n' for c, e, f in ROWS))
    assert str(read(file, tmp_path, choose=choose).formulas["y"]) == formula


def test_score_is_by_the_complexities_of_the_file(tmp_path: Path) -> None:
    # In LUTs the table of exp costs less than the products: by our costs the last row would win.
    file = tmp_path / "hall_of_fame.csv"
    file.write_text("complexity,loss,equation\n1,1.0,a\n3,1e-3,a*b*c*a*b\n30,9e-4,exp(a)\n")
    assert str(read(file, tmp_path).formulas["y"]) == "x0**2*x1**2*x2"


def test_rows_without_a_loss_are_not_chosen(tmp_path: Path) -> None:
    file = tmp_path / "hall_of_fame.csv"
    file.write_text("complexity,loss,equation\n1,NaN,a\n3,0.5,a*b\n5,Inf,a+b\n")
    for choose in ("score", "loss"):
        assert str(read(file, tmp_path, choose=choose).formulas["y"]) == "x0*x1"


@pytest.mark.parametrize(
    ("choose", "message"),
    [
        ("best", "candidate choice is 'best'"),
        ("complexity", "choosing by complexity needs a number, e.g. complexity=5"),
        ("complexity=few", "--choose 'complexity=few' has no number after '='"),
        ("complexity=0", "no candidate of complexity 0 or less: the least is 1"),
        ("index=4", "index 4 is outside of the front of 4 candidates"),
        ("evidence", "--choose evidence needs the rows of the search"),
    ],
)
def test_choices_that_cannot_be_made(tmp_path: Path, choose: str, message: str) -> None:
    file = tmp_path / "hall_of_fame.csv"
    file.write_text("Complexity,Loss,Equation\n" + "".join(f'{c},{e},"{f}"\n' for c, e, f in ROWS))
    with pytest.raises(InputError, match=message):
        read(file, tmp_path, choose=choose)


def test_own_operators(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"hall_of_fame.csv, line 8: unknown operator 'sc'.*define it"):
        read(RUNS / "custom_ops", tmp_path)
    definitions = tmp_path / "operators.toml"
    definitions.write_text(OPERATORS)
    source = read(RUNS / "custom_ops", tmp_path, operators=definitions, choose="loss")
    (formula,) = source.formulas.values()
    values = {"x0": 0.0, "x1": 0.3, "x2": 0.0, "x3": -0.7, "x4": 0.0, "x5": 1.1}
    value = float(formula.subs({f"x{i}": values[n] for i, n in enumerate(source.names)}))
    truth = 0.3 * 1.1 + 0.7 * sympy.sin(0.3) * sympy.cos(0.3) + 1 / (1.5 + 0.7**2)
    assert value == pytest.approx(float(truth), abs=1e-5)


@pytest.mark.parametrize(
    ("text", "names", "formula"),
    [
        ("sin(3.14*x)*(1 - 0.094*t)", ("t", "x"), "(1 - 0.094*x0)*sin(3.14*x1)"),
        ("Max(Abs(a), b/2, 0)", ("a", "b"), "Max(0, x1/2, Abs(x0))"),
        ("Piecewise((x, x > 0), (x/8, True))", ("x",), "Piecewise((x0, x0 > 0), (x0/8, True))"),
        (
            "Piecewise((1, x < -1), (0, x < 1), (x, True))",
            ("x",),
            "Piecewise((1, x0 < -1), (0, x0 < 1), (x0, True))",
        ),
        ("-9*x0^2 + ((x2 + 2e8)*1.5e-7)", ("x0", "x2"), "-9*x0**2 + 1.5e-7*x1 + 30.0"),
        ("multiplicity + lambda*2", ("lambda", "multiplicity"), "2*x0 + x1"),
        ("pi*E*x", ("x",), None),
    ],
)
def test_formulas_as_text(tmp_path: Path, text: str, names: tuple[str, ...], formula: str | None) -> None:
    source = read(text, tmp_path)
    assert source.names == names
    if formula is not None:
        expected = sympy.sympify(formula)
        assert sympy.simplify(source.formulas["y"] - expected) == 0
    else:
        assert float(source.formulas["y"].subs("x0", 1.0)) == pytest.approx(8.539734)


def test_file_of_formulas(tmp_path: Path) -> None:
    file = tmp_path / "field.sympy"
    file.write_text("# dx/dt and dy/dt\nleft = y/(y + 1)\n\nright = -x/(x + 1)  # the other\n")
    source = read(file, tmp_path)
    assert source.names == ("x", "y")
    assert {k: str(v) for k, v in source.formulas.items()} == {"left": "x1/(x1 + 1)", "right": "-x0/(x0 + 1)"}


def test_inputs_with_the_names_of_constants(tmp_path: Path) -> None:
    named = read("E + pt*2", tmp_path, ranges=(("E", 0.0, 9.0), ("pt", 0.0, 9.0)))
    assert named.names == ("E", "pt")
    options = LowerOptions(source="E + pt*2", output=tmp_path / "out")
    assert read_source(options, {"E"}).names == ("E", "pt")
    assert read_source(options).names == ("pt",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sin(x0) + bessel(x1)", "unknown operator 'bessel'"),
        ("x0 + ", "is not a formula"),
        ("__import__('os').system('true')", "unexpected"),
        ("x0.real", "unexpected|part that no formula has"),
        ("Piecewise((x, x > 0))", r"does not say what holds otherwise: end it with \(value, True\)"),
        ("hall_of_fam.csv", "'hall_of_fam.csv' does not exist"),
        ("no_such_run/", "'no_such_run/' does not exist"),
        ("", "no formula in the given text"),
        ("f = #1 + #2", "template"),
    ],
)
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(text, tmp_path)


class Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return (Path("exploded").touch, ())


def test_pickles_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "run"
    run.mkdir()
    (run / "checkpoint.pkl").write_bytes(pickle.dumps(Bomb()))
    for path in (run, run / "checkpoint.pkl"):
        with pytest.raises(UnsafeFileError, match="pickle, and reading it can run"):
            read(path, tmp_path)
    shutil.copy(RUNS / "heat_cycles" / "hall_of_fame.csv", run / "hall_of_fame.csv")
    assert read(run, tmp_path).names == ("t", "x")
    assert not Path("exploded").exists()
    pickle.loads((run / "checkpoint.pkl").read_bytes())
    assert Path("exploded").exists(), "it would have gone off"


@pytest.mark.parametrize(
    "text",
    ["x + " * 100 + "1", "x + " * 2000 + "1", "x +\n1", "x\0"],
    ids=["longer than a file's name", "longer than a path", "two lines", "a zero byte"],
)
def test_a_formula_that_can_be_no_name_of_a_file(text: str, tmp_path: Path) -> None:
    assert LowerOptions(source=text, output=tmp_path).source_path is None


def test_a_formula_of_hundreds_of_characters(tmp_path: Path) -> None:
    source = read_source(LowerOptions(source="0.5*x*x + " * 60 + "1", output=tmp_path))
    assert source.formulas["y"].subs("x0", 2) == 121.0


def test_a_choice_of_a_row_that_cannot_be_read_is_refused_and_others_are_not(tmp_path: Path) -> None:
    file = tmp_path / "hall_of_fame.csv"
    file.write_text('Complexity,Loss,Equation\n1,2.0,"x0"\n3,0.1,"x0 * x1"\n4,0.01,"quart(x0)"\n')
    assert str(read(file, tmp_path, choose="complexity=3").formulas["y"]) == "x0*x1"
    assert str(read(file, tmp_path, choose="index=0").formulas["y"]) == "x0"
    for choose in ("loss", "complexity=4", "index=2", "index=-1"):
        with pytest.raises(
            InputError, match=rf"the row that '{choose}' chooses cannot be read: .*line 4.*quart"
        ):
            read(file, tmp_path, choose=choose)

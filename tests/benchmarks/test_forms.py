"""The scorer of EmpiricalBench accepts the law in any shape, and nothing else."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from forms import LAWS, Law, is_right

from sr2hls.search.expressions import evaluate_expr, expr_from_text

BY_NAME = {law.name: law for law in LAWS}

RIGHT = {
    "hubble": ["475*x0", "x0/0.0021", "x0 + 73.1*x0"],
    "kepler": ["365*x0**(3/2)", "365*x0*sqrt(x0)", "366.2*exp(1.5*log(x0))", "(51*x0)**(3/2)"],
    "newton": ["6.5e-11*x1*x2/x0**2", "x1/(x0*x0/(x2*7e-11))"],
    "planck": [
        "1.4e-50*x0**3/(exp(4.8e-11*x0/x1) - 1)",
        "1.4e-50*x0**3*exp(-4.8e-11*x0/x1)/(1 - exp(-4.8e-11*x0/x1))",
    ],
    "leavitt": ["-0.87*log(x0) + 15.6", "15.1 - log(0.6*x0**0.8)"],
    "schechter": ["0.11*exp(-4.0e-9*x0)/x0**1.21", "0.11*x0**(-5/4)/exp(4.0e-9*x0)"],
    "bode": ["0.43 + 0.28*exp(0.7*x0)", "0.4 + 0.3*2**x0"],
    "ideal_gas": ["8*x0*x1/x2", "x0/(x2/(8.31*x1))"],
    "rydberg": ["9.1e-8/(1/x0**2 - 1/x1**2)", "9.1e-8*x0**2*x1**2/(x1**2 - x0**2)"],
}
WRONG = {
    "hubble": ["475*x0 + 3", "475*x0**1.01", "475", "805*sqrt(x0) - 279", "-475*x0**2"],
    "kepler": ["365*x0**1.5034", "365*x0**2", "364*x0**(3/2) + 1", "(51.2*x0 - 0.16)**(3/2)"],
    "newton": [
        "6.5e-11*x1*x2/x0**2.01",
        "6.5e-11*x1/x0**2",
        "6.5e-11*x1*x2/x0",
        "6.5e-11*x1*x2/x0**2 + 1e20",
        "6.5e-11*x1**1.008*x2/x0**2",
    ],
    "planck": [
        "1.4e-50*x0**3*exp(-4.8e-11*x0/x1)",
        "3.0e-40*x0**2*x1",
        "1.4e-50*x0**3/exp(4.8e-11*x0/x1) - 1",
        "1.4e-50*x0**2.9/(exp(4.8e-11*x0/x1) - 1)",
    ],
    "leavitt": ["10 + 134/(x0 + 26)", "11 + 4*exp(-0.037*x0)", "log(x0)**2 + 15", "15.5 - 0.03*x0"],
    "schechter": [
        "exp(-4.0e-9*x0)",
        "1e-3*x0**-1.2",
        "exp(-4.0e-9*x0)/x0**1.2 + 1e-20",
        "0.1*exp(-4e-9*x0**1.1)/x0",
    ],
    "bode": ["0.378*exp(0.653*x0)", "0.4 + 0.3*x0**2", "exp(0.5*x0) + 0.4 + 0.01*x0", "0.4"],
    "ideal_gas": ["8*x0*x1/x2**0.96", "2843*x0/x2", "8*x0*x1", "8*x0*x1/(x2 - 0.1)"],
    "rydberg": [
        "9.1e-8*x0**2",
        "9.1e-8/(1/x0 - 1/x1)",
        "9.1e-8/(1/x0**2 - 1.1/x1**2)",
        "9.1e-8*x0**2*x1**2/(x1 - x0)",
    ],
}
CASES = [(name, text) for name in RIGHT for text in RIGHT[name]]
WRONG_CASES = [(name, text) for name in WRONG for text in WRONG[name]]


@pytest.mark.parametrize(("name", "text"), CASES)
def test_right_answers(name: str, text: str) -> None:
    assert is_right(expr_from_text(text), BY_NAME[name])


@pytest.mark.parametrize(("name", "text"), WRONG_CASES)
def test_wrong_answers(name: str, text: str) -> None:
    assert not is_right(expr_from_text(text), BY_NAME[name])


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_data_follow_the_law_with_its_constants(law: Law) -> None:
    X, y = law.data()
    assert X.shape[1] == len(law.inputs)
    constants = {f"c{k}": v for k, v in enumerate(law.constants)}
    formula = law.formula
    for name, value in constants.items():
        formula = formula.replace(name, f"({value!r})")
    with np.errstate(all="ignore"):
        prediction = evaluate_expr(expr_from_text(formula), X)
    usable = np.isfinite(prediction) & (y > 0)
    ratio = np.median(prediction[usable] / y[usable])
    assert 0.8 < ratio < 1.25


def test_a_law_is_no_other_law() -> None:
    for law in LAWS:
        for other in LAWS:
            if other is not law and len(other.inputs) == len(law.inputs):
                assert not is_right(expr_from_text(RIGHT[other.name][0]), law)

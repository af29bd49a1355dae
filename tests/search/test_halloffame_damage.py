"""Formulas that fuzzing found to hang or to fail in sympy: a sentence instead, at once."""

import pytest

from sr2hls.costs import area, estimated_luts
from sr2hls.errors import InputError
from sr2hls.search import read_formulas
from sr2hls.search.expressions import expr_from_text
from sr2hls.search.front import complexity_of, cost_or_none
from sr2hls.search.names import natural_order

COST = area(estimated_luts("ap_fixed<10,4>"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9^9^9^9", r"the power 9\^3\.8742e\+08 in a formula is out of the range of doubles"),
        ("x0 ^ 2.0" + "^ 2.0" * 48, r"the power 2\^65536 in a formula is out of the range"),
        ("-x1" + "^9^9^9^9" * 20, r"is out of the range of doubles"),
        ("exp(exp(exp(exp(9)))) > 3", r"'>' in a formula cannot be worked out"),
        ("1/0 > 3", r"'/' in a formula divides by 0"),
        ("x0" + "1" * 400, r"the formulas use the input x1{400}.*: sr2hls takes inputs up to x99999"),
        ("x99999999", r"the formulas use the input x99999999: sr2hls takes inputs up to x99999"),
        ("sin(1e9990) + x0", r"a number in 'sin\(1e9990\) \+ x0' is out of the range of doubles"),
        ("x0 - " + "9" * 400, r"a number in .* is out of the range of doubles"),
        ("x0 \x1b[31m", r"unexpected '\\x1b\[31m' in the formula"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_formulas(text, cost=COST)
    assert str(caught.value).isprintable()


def test_powers_of_moderate_size_stay_exact() -> None:
    assert str(expr_from_text("3^40")) == "12157665459056928801"
    assert str(expr_from_text("x0^2^3")) == "x0**8"


def test_digits_that_are_no_decimals() -> None:
    assert natural_order(["x10", "x2", "x\u00b2"]) == ("x2", "x10", "x\u00b2")


@pytest.mark.parametrize("text", ["exp(exp(exp(exp(9))))", "exp(exp(exp(exp(9)))) + x0"])
def test_constants_beyond_all_numbers(text: str) -> None:
    # sympy keeps it as it is; to work it out, mpmath raises OverflowError.
    formula = expr_from_text(text)
    assert cost_or_none(COST, formula) is None
    with pytest.raises(
        InputError, match=r"constant 'exp\(exp\(exp\(exp\(9\)\)\)\)' is not a real number within"
    ):
        complexity_of(formula)


@pytest.mark.parametrize("text", ["exp(1e308)", "sin(x0) + 2.5*exp(1e308)"])
def test_constants_that_sympy_cannot_even_format(text: str) -> None:
    with pytest.raises(InputError, match=r"is not a real number within"):
        complexity_of(expr_from_text(text))

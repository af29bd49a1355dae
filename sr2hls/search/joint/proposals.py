"""Terms from anyone: engines, the user, formulas that are there already."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.search.joint.joint_model import MOST_INPUTS, JointModel, Term
from sr2hls.search.joint.whole import WholeFormula


class Proposer(Protocol):
    """Whatever can think of terms, or of whole formulas."""

    @property
    def name(self) -> str:
        """Name for notes and progress."""

    def propose(
        self, X: FloatArray, responses: FloatArray, weights: FloatArray, seed: int
    ) -> Sequence[Term | WholeFormula]:
        """Return terms whose weighted sums come near the responses, and formulas that do so by themselves.

        The addends of a formula are terms, too. Where the responses are all that the outputs should be, as
        the first time in a regression, each formula is also tried as it is in the place of all terms.

        Args:
            X: inputs, shape (rows, inputs).
            responses: what each output should grow by, the Newton step −gradient/curvature of each row,
                shape (rows, outputs); the first time in a regression the targets.
            weights: the curvature of each row, shape (rows, outputs): how much the row counts; 0 where its
                response is not known.
            seed: the same seed gives the same terms.
        """


def terms_of(formulas: Iterable[sp.Expr], most_inputs: int | None = MOST_INPUTS) -> list[Term]:
    """Return the addends of formulas over x0, x1, ... without their coefficients, each of them once.

    Addends of more inputs than that, and constants, are left out.
    """
    found: dict[sp.Expr, None] = {}
    for formula in formulas:
        for addend in sp.Add.make_args(formula):
            _, rest = addend.as_coeff_Mul()
            if rest.free_symbols and (most_inputs is None or len(rest.free_symbols) <= most_inputs):
                found.setdefault(rest)
    return [Term(expr) for expr in found]


def model_of(formulas: Sequence[sp.Expr]) -> JointModel:
    """Return the model of formulas that are there, one for each output, to start a search from.

    Addends of more than two inputs are left out: the search fills what they leave.
    """
    terms = terms_of(formulas)
    places = {term.expr: k for k, term in enumerate(terms)}
    coefficients, bias = np.zeros((len(formulas), len(terms))), np.zeros(len(formulas))
    for output, formula in enumerate(formulas):
        for addend in sp.Add.make_args(formula):
            factor, rest = addend.as_coeff_Mul()
            if not addend.free_symbols:
                bias[output] += float(addend)
            elif rest in places:
                coefficients[output, places[rest]] += float(factor)
    return JointModel(tuple(terms), coefficients, bias)

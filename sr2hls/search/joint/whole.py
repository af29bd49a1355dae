"""Whole formulas of an output, as engines find them, in the place of a sum of terms."""

from dataclasses import dataclass, replace

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from sr2hls.search.joint.joint_model import Term
from sr2hls.search.joint.joint_state import Atom, JointState


@dataclass(frozen=True)
class WholeFormula:
    """A formula of all that an output should be.

    Attributes:
        output: index of the output.
        expr: sympy expression over x0, x1, ..., of any number of inputs. Its Floats are refitted; Integers,
            fractions and multiples of π are exact and stay.
        source: who found it.
    """

    output: int
    expr: sp.Expr
    source: str = ""


@dataclass(frozen=True, eq=False)
class WholeState:
    """A model in the search with a whole formula in it.

    Attributes:
        state: the model.
        exact: which of its parameters are exact and stay as they are, shape (parameters,).
    """

    state: JointState
    exact: NDArray[np.bool_]

    @classmethod
    def of(cls, formula: WholeFormula, state: JointState) -> "WholeState":
        """Put a formula in the place of all terms of its output; the other outputs stay as they are."""
        output = formula.output
        for owner, place in reversed(state.links()):
            if owner == output:
                state = state.removed(owner, place)
        addends = [addend for addend in sp.Add.make_args(formula.expr) if addend.free_symbols]
        constant = sp.Add(*(a for a in sp.Add.make_args(formula.expr) if not a.free_symbols))
        bias = state.bias.copy()
        bias[output] = float(constant)
        state = replace(state, bias=bias)
        exact: list[Atom] = []
        for addend in addends:
            factor, rest = addend.as_coeff_Mul()
            atom = Atom.of(Term(rest))
            state = state.added(atom, output, float(factor))
            exact += [] if factor.has(sp.Float) else [atom]
        mask = np.zeros(state.offsets[-1], dtype=bool)
        mask[output] = not constant.has(sp.Float)
        for owner, place, coefficient, _ in state.link_parameters():
            mask[coefficient] = owner == output and any(state.atoms[place].same(a) for a in exact)
        return cls(state, mask)

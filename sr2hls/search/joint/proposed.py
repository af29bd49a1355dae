"""What proposers have come up with so far: terms, and whole formulas of outputs."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.search.joint.joint_model import Term
from sr2hls.search.joint.joint_state import InputColumns, JointState
from sr2hls.search.joint.loss import JointLoss, RegressionLoss
from sr2hls.search.joint.proposals import Proposer, terms_of
from sr2hls.search.joint.template import Template
from sr2hls.search.joint.whole import WholeFormula

_LEAST_WEIGHT = 1e-4


class Proposed:
    """Asks proposers, for each function of the template with its inputs alone, and keeps what it allows.

    Attributes:
        terms: each of them once, in the order of their coming.
        formulas: whole formulas of outputs that have finite values on all rows; none of classifications.
    """

    def __init__(
        self,
        proposers: Sequence[Proposer],
        data: InputColumns,
        loss: JointLoss,
        template: Template,
        most_inputs: int | None,
        seed: int,
    ) -> None:
        self._proposers, self._data, self._loss = tuple(proposers), data, loss
        self._template, self._most_inputs, self._seed = template, most_inputs, seed
        self._known: dict[sp.Expr, Term] = {}
        self.formulas: list[WholeFormula] = []

    def __bool__(self) -> bool:
        return bool(self._proposers)

    @property
    def terms(self) -> list[Term]:
        """See above."""
        return list(self._known.values())

    def ask(self, state: JointState, *, whole: bool) -> None:
        """Let the proposers think of what outputs lack, or of all that the outputs of a regression should be.

        Args:
            state: the model so far.
            whole: whether to ask for whole formulas, where the loss has targets.
        """
        if not self._proposers:
            return
        holes = self._template.holes
        loss = self._loss if whole and len(holes) == 1 else None
        if whole := isinstance(loss, RegressionLoss):
            responses, weights = loss.target, np.broadcast_to(loss.weights[:, None], loss.shape)
        else:
            responses, weights = self._lacking(state)
        for proposer, hole in product(self._proposers, holes):
            X = self._data.X if len(hole) == self._data.X.shape[1] else self._data.X[:, hole]
            for found in proposer.propose(X, responses, weights, self._seed):
                self._keep(_over(found, hole), whole=whole)

    def _keep(self, found: Term | WholeFormula, *, whole: bool) -> None:
        terms = [found] if isinstance(found, Term) else terms_of([found.expr], None)
        allowed = [term for term in terms if self._allows(term)]
        for term in allowed:
            self._known.setdefault(term.expr, term)
        if whole and isinstance(found, WholeFormula) and len(allowed) == len(terms):
            self.formulas += [found] if self._is_finite(found) else []

    def _lacking(self, state: JointState) -> tuple[FloatArray, FloatArray]:
        slopes = self._loss.slopes(self._data.outputs(state))
        curvature = np.maximum(slopes.curvature, 0.0)
        weights = np.where(curvature > _LEAST_WEIGHT * curvature.max(axis=0), curvature, 0.0)
        return np.divide(-slopes.gradient, weights, out=np.zeros_like(weights), where=weights > 0), weights

    def _allows(self, term: Term) -> bool:
        few = self._most_inputs is None or len(term.inputs) <= self._most_inputs
        return few and self._template.allows(term.inputs)

    def _is_finite(self, formula: WholeFormula) -> bool:
        if not formula.expr.free_symbols:
            return True
        return bool(np.all(np.isfinite(Term(formula.expr).evaluate(self._data.X))))


def _over(found: Term | WholeFormula, inputs: Sequence[int]) -> Term | WholeFormula:
    """Return what was found over some inputs, x0 the first of them, as it is over all."""
    names: dict[sp.Basic, sp.Basic] = {
        sp.Symbol(f"x{k}"): sp.Symbol(f"x{i}") for k, i in enumerate(inputs) if k != i
    }
    return replace(found, expr=found.expr.xreplace(names)) if names else found

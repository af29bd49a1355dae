from dataclasses import replace

import numpy as np
import pytest

from sr2hls.search.eql.eql_engine import EQLEngine
from sr2hls.search.eql.training import SparsifyOptions
from sr2hls.search.joint.engines import eql_proposer, operon_proposer, pysr_proposer
from sr2hls.search.joint.joint_state import Atom, InputColumns, JointState
from sr2hls.search.joint.loss import regression_loss
from sr2hls.search.joint.newton_refit import refit
from sr2hls.search.joint.proposals import Proposer, terms_of
from sr2hls.search.pysr.julia import julia_status

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (3000, 3))
RESPONSE = 2 * X[:, 0] * X[:, 1] + np.where(X[:, 2] > 0, 50.0 * X[:, 2], 0.0)
WEIGHTS = (X[:, 2] <= 0) * 1.0
"""Rows that the formula x0*x1 does not hold for have no weight."""


def best_loss(proposer: Proposer) -> float:
    """Loss of the best single term that was proposed, on the rows that count."""
    counted = X[:, 2] <= 0
    loss, data = regression_loss(RESPONSE[counted, None]), InputColumns(X[counted])
    losses = []
    found = proposer.propose(X, RESPONSE[:, None], WEIGHTS[:, None], seed=3)
    for term in terms_of(formula.expr for formula in found):
        state = JointState.empty(loss.start()).added(Atom.of(term), 0, 0.0)
        losses.append(refit(state, data, loss, steps=5).loss)
    return min(losses)


def test_operon_fits_the_rows_that_count() -> None:
    assert best_loss(operon_proposer()) < 0.05


def test_eql_proposes_terms() -> None:
    small = EQLEngine(depths=(1,), rounds=1, restarts=2, polished=1, first_stage=SparsifyOptions(steps=300))
    assert best_loss(replace(eql_proposer(), engine=small, rows=500)) < 0.45


@pytest.mark.julia
@pytest.mark.skipif(not julia_status().ready, reason="needs Julia with SymbolicRegression.jl")
def test_pysr_takes_the_weights() -> None:
    assert best_loss(pysr_proposer()) < 0.05

"""PySR as a proposer of the joint search, with the stand-in for its process."""

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from sr2hls.search.joint import pysr_proposer
from sr2hls.search.joint.loss import regression_loss
from sr2hls.search.joint.search import JointData, JointOptions, search_jointly
from sr2hls.search.joint.select_terms import SelectionSteps

Standin = Callable[..., Callable[[], dict[str, Any]]]
X = np.random.default_rng(0).uniform(0.5, 2, (300, 2))


def test_all_responses_and_weights_reach_pysr_in_one_call(standin: Standin) -> None:
    told = standin("finish")
    responses = np.stack([X[:, 0] ** 2, X[:, 1], X[:, 0]], axis=1)
    weights = np.stack([X[:, 0] > 1, np.zeros(300), X[:, 0] > 1.5], axis=1) * 2.0
    terms = pysr_proposer().propose(X, responses, weights, seed=3)
    call, known = told(), int(weights[:, 0].astype(bool).sum())
    assert call["y"] == [known, 2], "rows and outputs of no weight are left out"
    least, largest, shape = call["weights"]
    assert shape == [known, 2] and 0 < least < 1e-6 and largest > 1
    assert call["keyword"]["complexity_of_operators"]["exp"] == 3, "clock cycles"
    assert sp.Symbol("x0") ** 2 + 0.5 in {formula.expr for formula in terms}


def test_the_joint_search_takes_up_what_pysr_proposes(standin: Standin) -> None:
    told = standin("finish")
    outputs = np.stack([X[:, 0] ** 2, 3 - 2 * X[:, 0] ** 2], axis=1)
    loss = regression_loss(outputs)
    data = JointData(X, loss, X, loss, lambda found: -float(np.mean((found - outputs) ** 2)))
    options = JointOptions(
        max_nodes=20, beams=(1.0,), proposers=(pysr_proposer(),), steps=SelectionSteps(tried=2)
    )
    front = search_jointly(data, options)
    assert told()["y"][1] == 2
    assert max(scored.score for scored in front.models) > -1e-4

import numpy as np
import pytest

from sr2hls.search.joint.joint_state import Atom, InputColumns, JointState
from sr2hls.search.joint.shapes import make_shape


def test_a_term_that_turns_out_constant_joins_the_bias() -> None:
    tent, plain = make_shape("min(abs(u - p0), p1)"), make_shape("u")
    state = JointState.empty(np.array([1.0, 2.0]))
    state = state.added(Atom(tent, (0,), np.array([0.5, -1.25])), 0, 3.0)
    state = state.added(Atom(plain, (1,), np.array([])), 1, 4.0)
    X = np.random.default_rng(0).normal(size=(20, 2))
    model = state.model()
    assert [str(t.expr) for t in model.terms] == ["x1"]
    assert model.predict(X) == pytest.approx(InputColumns(X).outputs(state))

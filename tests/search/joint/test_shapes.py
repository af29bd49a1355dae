import numpy as np
import pytest
import sympy as sp

from sr2hls.costs import Hardware, Operator, Operators
from sr2hls.errors import InputError
from sr2hls.search.joint.dictionary import (
    Range,
    mixed_entries,
    one_input_entries,
    product_shape,
    user_entries,
)
from sr2hls.search.joint.joint_model import Term
from sr2hls.search.joint.printing import count_nodes
from sr2hls.search.joint.shapes import Shape, make_shape

RNG = np.random.default_rng(0)
U, V = RNG.uniform(0.2, 2, 30), RNG.uniform(0.3, 1.5, 30)


def all_shapes() -> list[tuple[Shape, np.ndarray]]:
    found = []
    for entry in one_input_entries():
        found += [(entry.shape, np.array(c)) for c in list(entry.start(Range.of(U)))[:1]]
    for mixed in mixed_entries():
        found += [(mixed.shape, np.array(c)) for c in list(mixed.start(Range.of(U), Range.of(V)))[:1]]
    return found


@pytest.mark.parametrize(("shape", "constants"), all_shapes(), ids=lambda s: str(getattr(s, "expr", "")))
def test_derivatives_are_those_of_the_values(shape: Shape, constants: np.ndarray) -> None:
    columns = [U, V][: shape.arity]
    values, slopes = shape.derivatives(columns, constants)
    assert values == pytest.approx(shape.evaluate(columns, constants))
    for k in range(shape.constants):
        moved, back = constants.copy(), constants.copy()
        moved[k] += 1e-7
        back[k] -= 1e-7
        numeric = (shape.evaluate(columns, moved) - shape.evaluate(columns, back)) / 2e-7
        assert slopes[:, k] == pytest.approx(numeric, abs=1e-5)


@pytest.mark.parametrize(("shape", "constants"), all_shapes(), ids=lambda s: str(getattr(s, "expr", "")))
def test_nodes_are_those_of_the_printed_term(shape: Shape, constants: np.ndarray) -> None:
    term = shape.term((3, 7)[: shape.arity], [0.37 + 1.1 * k for k in range(len(constants))])
    assert shape.nodes == count_nodes(sp.Float(2.5) * term.expr)


def test_a_term_is_taken_apart_and_put_together() -> None:
    term = Term(sp.tanh(sp.Float(2.5) * sp.Symbol("x4") - sp.Float(0.75)) * sp.Symbol("x1"))
    shape, inputs, constants = Shape.of(term)
    assert inputs == (1, 4)
    assert sorted(constants) == [-0.75, 2.5]
    assert shape.term(inputs, constants).expr == term.expr


def test_product_keeps_the_constants_of_both() -> None:
    shape = product_shape(make_shape("max(u, p0)"), make_shape("tanh(p0*u)"))
    assert shape.evaluate([U, V], np.array([0.7, 2.0])) == pytest.approx(np.maximum(U, 0.7) * np.tanh(2 * V))


def test_the_users_operators_are_shapes() -> None:
    own = Operator("lorentz", 1, Hardware.TABLE, parameters=("x",), definition="1/(1.5 + x^2)")
    entries = user_entries(Operators().extend([own]))
    assert entries[0].shape.evaluate([U], np.array([])) == pytest.approx(1 / (1.5 + U**2))
    assert len(entries) == 2


def test_other_variables_are_refused() -> None:
    with pytest.raises(InputError, match="is no formula over u, v and the constants"):
        make_shape("u*w")

"""Ends around logic that was made elsewhere: the same bits as the program with its ends."""

import numpy as np
import pytest

from sr2hls.baseline.alkaid import to_alkaid
from sr2hls.baseline.program import network_program
from sr2hls.baseline.quantised_network import QuantizedLayer, QuantizedNetwork
from sr2hls.circuit import run_logic
from sr2hls.data import InputFormat
from sr2hls.errors import LoweringError
from sr2hls.program.ends import Ends
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.rtl.join import around, joined

HIDDEN = FixedType(False, 5, 3, Rounding.RND, Overflow.SAT)
ARGUMENT = FixedType(True, 5, 3, Rounding.RND, Overflow.SAT)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("argmax", [False, True])
def test_a_network_with_its_ends_is_its_program_with_its_ends(activation: str, argmax: bool) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3)) * [1.0, 30.0, 0.02] + [0.3, 100.0, 0.0]
    inputs = InputFormat.fit(X, width=6).with_raw(X, 9, {})
    argument = None if activation == "relu" else ARGUMENT
    hidden = QuantizedLayer(
        rng.integers(-7, 8, (3, 4)), 2, rng.integers(-9, 9, 4), activation, argument, HIDDEN
    )
    last = QuantizedLayer(rng.integers(-7, 8, (4, 3)), 2, rng.integers(-9, 9, 3), "linear", None, None)
    network = QuantizedNetwork(inputs.types, (hidden, last), ("a", "b", "c"), 4, 5)
    program = network_program(network, ("x0", "x1", "x2"))
    ends = Ends(inputs.maps, argmax)
    built = ends.around(program)
    assert built.n_outputs == 3 + argmax
    raw = np.stack(
        [rng.integers(t.raw_min, t.raw_max, 300, endpoint=True) for t in built.input_types], axis=1
    )
    logic = around(ends, program, to_alkaid(network))
    found = Interpreter(built).run(raw)
    assert np.array_equal(run_logic(logic, built, raw), found)
    assert len(np.unique(found[:, -1])) > 2
    if argmax:
        assert np.array_equal(found[:, 3], found[:, :3].argmax(axis=1))


def test_a_negated_output_is_no_wire() -> None:
    network = QuantizedNetwork(
        (ARGUMENT,),
        (QuantizedLayer(np.array([[1]]), 0, np.array([0]), "linear", None, None),),
        ("y",),
        2,
        2,
    )
    logic = to_alkaid(network)
    with pytest.raises(LoweringError, match="negated value"):
        joined(logic._replace(out_negs=[True]), logic)

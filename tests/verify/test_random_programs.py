import numpy as np
import pytest

from sr2hls.program import ops
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.serialize import digest
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.verify.random_programs import corner_inputs, random_program, random_type


def test_same_seed_same_program() -> None:
    assert random_program(5) == random_program(5)
    assert digest(random_program(5)) != digest(random_program(6))
    program = random_program(5)
    np.testing.assert_array_equal(corner_inputs(program, 50, 1), corner_inputs(program, 50, 1))
    assert not np.array_equal(corner_inputs(program, 50, 1), corner_inputs(program, 50, 2))


def test_two_hundred_programs_cover_everything() -> None:
    """The battery that executors are compared on: every operation with every mode and sign."""
    seen = set()
    for seed in range(200):
        program = random_program(seed)
        seen |= {(type(op), op.type.signed, op.type.rounding) for op in program}
        seen |= {(type(op), op.type.signed, op.type.overflow) for op in program}
        seen |= {op.predicate for op in program if isinstance(op, ops.Compare)}
    for kind in ops.OPERATIONS:
        for signed in (True, False):
            for mode in (*Rounding, *Overflow):
                assert (kind, signed, mode) in seen
    assert set(ops.Predicate) <= seen


def test_widths_up_to_64_bits() -> None:
    rng = np.random.default_rng(0)
    types = [random_type(rng, 64) for _ in range(2000)]
    assert max(t.width for t in types if t.signed) == 64
    assert max(t.width for t in types if not t.signed) == 63
    assert min(t.width for t in types) == 1


@pytest.mark.parametrize("kind", ops.OPERATIONS[2:])
def test_kinds_are_chosen(kind: type[ops.Operation]) -> None:
    program = random_program(1, kinds=(kind,))
    assert {type(op) for op in program} == {ops.Input, kind}


def test_corners_are_among_the_inputs() -> None:
    program = random_program(1, max_width=14)
    raw = corner_inputs(program, 400, 0)
    assert raw.shape == (400, program.n_inputs)
    for column, type_ in zip(raw.T, program.input_types, strict=True):
        assert column.min() == type_.raw_min
        assert column.max() == type_.raw_max
        assert 0 in column


def test_outputs_are_not_all_constant() -> None:
    """A battery of constants would prove nothing: most outputs change with the inputs."""
    varying = total = 0
    for seed in range(40):
        program = random_program(seed)
        outputs = Interpreter(program).run(corner_inputs(program, 300, seed))
        varying += int((outputs.min(axis=0) != outputs.max(axis=0)).sum())
        total += program.n_outputs
    assert varying > 0.6 * total


def test_width_of_one() -> None:
    program = random_program(2, max_width=1)
    assert all(op.type.width == 1 for op in program)
    assert FixedType(True, 1, 1).raw_min == -1

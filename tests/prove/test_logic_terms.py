import numpy as np
import pytest
from numpy.typing import NDArray

from sr2hls.program import ops
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.prove.aig import Aig, Word, extended
from sr2hls.prove.gates import written
from sr2hls.prove.logic_terms import Terms
from sr2hls.prove.of_logic import LogicTerms
from sr2hls.prove.of_program import Scaled, operation_term
from sr2hls.rtl.lower_program import to_alkaid
from sr2hls.verify.random_programs import corner_inputs, random_program

_ROWS = 256


class _Case:
    """A random program's inputs as terms and as bits, with values."""

    def __init__(self, seed: int) -> None:
        self.program = random_program(seed, n_operations=16, max_width=10)
        self.raw = corner_inputs(self.program, _ROWS, seed)
        self.expected = Interpreter(self.program).run(self.raw)
        self.terms, self.aig = Terms(), Aig()
        self.inputs: list[Scaled] = []
        self.words: dict[int, Word] = {}
        self.bits: dict[int, NDArray[np.uint64]] = {}
        for k, t in enumerate(self.program.input_types):
            variable = self.terms.variable(k, t.raw_min, t.raw_max)
            self.inputs.append(Scaled(variable, t.frac))
            word = [self.aig.variable((k, bit)) for bit in range(t.width)]
            self.words[variable] = word if t.signed else [*word, 0]
            for bit, literal in enumerate(word):
                column = ((self.raw[:, k] >> bit) & 1).astype(np.uint8)
                self.bits[literal >> 1] = np.packbits(column, bitorder="little").view(np.uint64)

    def outputs(self, program: Program) -> list[Scaled]:
        steps: list[Scaled] = []
        for op in program.ops:
            if isinstance(op, ops.Input):
                steps.append(self.inputs[op.index])
            else:
                types = [program.ops[a].type for a in op.args]
                steps.append(operation_term(self.terms, op, [steps[a] for a in op.args], types))
        return [steps[k] for k in program.outputs]

    def values(self, scaled: Scaled, frac: int) -> NDArray[np.int64]:
        term = self.terms.shift_right(scaled.term, scaled.frac - frac)
        columns = {s.term: self.raw[:, k] for k, s in enumerate(self.inputs)}
        return np.broadcast_to(self.terms.evaluate([term], columns)[0], (_ROWS,))

    def simulated(self, scaled: Scaled, frac: int) -> NDArray[np.int64]:
        term = self.terms.shift_right(scaled.term, scaled.frac - frac)
        word = extended(written(self.aig, self.terms, [term], self.words)[0], 62)
        rows = self.aig.simulate(word, self.bits)
        bits = np.stack([np.unpackbits(r.view(np.uint8), bitorder="little") for r in rows]).astype(np.int64)
        weights = np.int64(1) << np.arange(62)
        weights[-1] = -weights[-1]
        total: NDArray[np.int64] = (bits * weights[:, None]).sum(axis=0)
        return total


@pytest.mark.parametrize("seed", range(8))
def test_terms_and_gates_compute_programs_and_their_logic(seed: int) -> None:
    case = _Case(seed)
    logic = to_alkaid(case.program)
    of_logic = LogicTerms(case.terms, logic, case.inputs)
    fracs = [t.frac for t in case.program.output_types]
    sides = (case.outputs(case.program), [of_logic.value(k, {}) for k in logic.out_idxs])
    for side in sides:
        for column, (scaled, frac) in enumerate(zip(side, fracs, strict=True)):
            assert (case.values(scaled, frac) == case.expected[:, column]).all()
            assert (case.simulated(scaled, frac) == case.expected[:, column]).all()


@pytest.mark.parametrize("seed", range(8))
def test_values_lie_in_the_intervals_of_their_terms(seed: int) -> None:
    case = _Case(seed)
    case.outputs(case.program)
    columns = {s.term: case.raw[:, k] for k, s in enumerate(case.inputs)}
    every = [k for k in range(len(case.terms.all)) if case.terms[k].width <= 62]
    for number, values in zip(every, case.terms.evaluate(every, columns), strict=True):
        assert case.terms[number].low <= values.min() and values.max() <= case.terms[number].high

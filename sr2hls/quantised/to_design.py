"""A quantised formula as a design: each value with its formula and type, and the program that computes it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.costs import tree_of
from sr2hls.design import Design, Proposal, feature_name
from sr2hls.errors import VerificationError
from sr2hls.lut_network import LossKind, samples_of
from sr2hls.problem import Problem
from sr2hls.program.builder import Builder
from sr2hls.program.lower_formulas import OutputError
from sr2hls.program.program import Program
from sr2hls.program.real import quantize_real
from sr2hls.program.types import FixedType, Overflow, Rounding, narrowest
from sr2hls.quantised.constants import printed_bias
from sr2hls.quantised.free_tables import MovedPart, shares_moved
from sr2hls.quantised.idle import without_idle_limits
from sr2hls.quantised.part import Part, grid
from sr2hls.quantised.reader import Reader
from sr2hls.quantised.shift import common_shift
from sr2hls.quantised.state import QuantisedState
from sr2hls.search.expressions import evaluate, exact_number

_ROWS = 12_000


def design_of(state: QuantisedState, problem: Problem) -> Design:
    """Return the design of a state.

    Its definitions are the inputs as they are read (u rounded, v the same back in its place) and the parts t,
    each with the type that states its rounding; outputs are sums of parts and a constant, rounded where the
    constant is no multiple of their step. The program is held against them on the training data. Where
    entries have moved from their formulas, the errors are the difference there, and notes say how many
    validation rows read such entries. It is written as it was trained: passes would join and split tables
    that sums take in.

    Raises:
        VerificationError: program and rounded formulas differ, and no entry has moved.
    """
    lines = _Lines(state, problem.output_names)
    formulas = {
        name: sp.Add(
            exact_number(lines.printed[k]),
            *(sp.Symbol(lines.names[part]) for part in state.of_output(k)),
        )
        for k, name in enumerate(problem.output_names)
    }
    program = _program(state, problem, lines)
    label = f"{len(state.parts)} tables of their printed formulas"
    proposal = Proposal("quantised", label, formulas, tuple(lines.definitions))
    design = Design(proposal, program, {}, value_types=lines.value_types)
    inputs = problem.train.inputs[:_ROWS]
    difference = design.predict(inputs) - design.float_outputs(inputs)
    errors = {
        name: OutputError(float(np.sqrt(np.mean(column**2))), float(np.abs(column).max()))
        for name, column in zip(problem.output_names, difference.T, strict=True)
    }
    moved = shares_moved(state, samples_of(problem, problem.validation))
    if not moved and np.any(difference):
        raise VerificationError(
            "a quantised formula's program does not compute what is printed on the training data: please "
            "report it; nothing was written"
        )
    notes = (
        f"{share:.1%} of the validation rows read an entry of {lines.names[part]} that moved from its formula"
        for part, share in moved.items()
    )
    return replace(design, errors=errors, notes=tuple(notes))


class _Lines:
    """What a state computes, line by line.

    Attributes:
        names: of readers and parts.
        inputs: what formulas call each input that is read, by its position.
        definitions: name and formula of each.
        value_types: name to type.
        bias: of each output in its steps; scores have a common shift, which decides nothing, so that
            constants take few LUTs and the least of a printed formula is near 0.
        printed: the same as it is printed, see `sr2hls.quantised.constants`.
    """

    def __init__(self, state: QuantisedState, outputs: Sequence[str]) -> None:
        self.names: dict[Reader | Part, str] = {}
        self.definitions: list[tuple[str, sp.Expr]] = []
        self.value_types: dict[str, FixedType] = {}
        lowest = 0
        if state.scale.kind is LossKind.CLASSES:
            lowest = common_shift(state, min(_total(state, k) for k in range(len(state.bias))))
        biases = [
            printed_bias([p.offset for p in state.of_output(k)], steps - lowest, state.scale.fracs[k])
            for k, steps in enumerate(state.bias)
        ]
        self.printed = tuple(printed for printed, _ in biases)
        self.bias = tuple(steps for _, steps in biases)
        self.inputs = self._inputs(state)
        read: dict[Reader, sp.Expr] = {}
        for reader in state.readers():
            symbol = sp.Symbol(self.inputs[reader.input])
            if reader.is_whole(state.grids[reader.input]):
                read[reader] = symbol
            else:
                expr = reader.expr().xreplace({sp.Symbol(f"x{reader.input}"): symbol})
                name = self._write(reader, f"u{len(self.names)}", expr, reader.type)
                back = f"v{name[1:]}"
                self.definitions.append((back, sp.Symbol(name) + exact_number(reader.low)))
                read[reader] = sp.Symbol(back)
        for number, part in enumerate(p for k in range(len(state.bias)) for p in state.of_output(k)):
            inputs = {sp.Symbol(f"x{r.input}"): read[r] for r in part.readers}
            values = {f"x{i}": v for i, v in grid(part.readers).items()}
            expr = without_idle_limits(part.read_expr(), values).xreplace(inputs)
            self._write(part, f"t{number}", expr, part.type)
        for k, name in enumerate(outputs):
            steps = self.printed[k] * 2.0 ** state.scale.fracs[k]
            if steps != self.bias[k]:
                largest = self.bias[k] + sum((1 << p.bits) - 1 for p in state.of_output(k))
                type_ = narrowest(min(0, self.bias[k]), max(0, largest), state.scale.fracs[k])
                self.value_types[name] = replace(type_, rounding=Rounding.RND, overflow=Overflow.SAT)

    def _inputs(self, state: QuantisedState) -> dict[int, str]:
        """Return what formulas call each input that is read, by its position."""
        called = {}
        for position in sorted({reader.input for reader in state.readers()}):
            called[position], zero = f"x{position}", state.grids[position].zero
            if zero:
                called[position] = feature_name(position)
                self.definitions.append((called[position], sp.Symbol(f"x{position}") + exact_number(zero)))
        return called

    def _write(self, value: Reader | Part, name: str, expr: sp.Expr, type_: FixedType) -> str:
        self.names[value] = name
        self.definitions.append((name, expr))
        self.value_types[name] = type_
        return name


def _total(state: QuantisedState, output: int) -> int:
    """Return the constant of an output's formula in steps: its bias and the offsets of its parts."""
    own = sum(part.offset for part in state.of_output(output))
    return state.bias[output] + round(own * 2.0 ** state.scale.fracs[output])


def _program(state: QuantisedState, problem: Problem, lines: _Lines) -> Program:
    builder = Builder(dict(problem.types))
    written = dict(lines.definitions)
    read: dict[Reader, int] = {}
    grids: dict[Reader, tuple[str, FloatArray]] = {}
    for reader in state.readers():
        seen = state.grids[reader.input]
        symbol, value = lines.inputs[reader.input], builder[list(problem.types)[reader.input]]
        inputs = {symbol: _values(seen.type) + seen.zero}
        if reader.is_whole(seen):
            read[reader], grids[reader] = value, (symbol, inputs[symbol])
            continue
        name = lines.names[reader]
        entries = _entries(written[name], inputs, reader.type)
        read[reader] = builder.table([value], entries, _plain(reader.type), name)
        back = f"v{name[1:]}"
        again = evaluate(tree_of(written[back]), {name: _values(reader.type)})
        grids[reader] = back, np.asarray(again, dtype=np.float64)
    outputs = {}
    for k, output in enumerate(problem.output_names):
        frac, added = state.scale.fracs[k], []
        for place, part in enumerate(state.of_output(k)):
            rows = np.array(list(product(*(grids[r][1] for r in part.readers))), dtype=np.float64)
            inputs = {grids[r][0]: rows[:, n] for n, r in enumerate(part.readers)}
            name = lines.names[part]
            # The first part takes the bias in.
            entries = _entries(written[name], inputs, part.type)
            if isinstance(part, MovedPart):
                entries = part.entries()[_index(part, [rows[:, n] for n in range(len(part.readers))])]
            entries = entries + (lines.bias[k] if place == 0 else 0)
            type_ = narrowest(int(entries.min()), int(entries.max()), frac)
            added.append(builder.table([read[r] for r in part.readers], entries, type_, name))
        outputs[output] = builder.sum(added) if added else builder.constant(lines.bias[k], frac)
    return builder.program(outputs)


def _index(part: Part, columns: Sequence[FloatArray]) -> IntArray:
    """Return which entry of a part's table belongs to the values that its readers read."""
    index = np.zeros(len(columns[0]), dtype=np.int64)
    for reader, column in zip(part.readers, columns, strict=True):
        index = (index << reader.bits) | np.rint((column - reader.low) / reader.step).astype(np.int64)
    return index


def _values(type_: FixedType) -> FloatArray:
    """Return the values of a type in the order of their bits as an unsigned number."""
    raw = np.arange(1 << type_.width)
    if type_.signed:
        raw = np.where(raw > type_.raw_max, raw - (1 << type_.width), raw)
    return np.asarray(raw * type_.step, dtype=np.float64)


def _entries(expr: sp.Expr, columns: Mapping[str, FloatArray], type_: FixedType) -> IntArray:
    return quantize_real(evaluate(tree_of(expr), columns), type_)


def _plain(type_: FixedType) -> FixedType:
    return FixedType(type_.signed, type_.width, type_.integer)

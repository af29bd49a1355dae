"""sympy formulas to the typed program, within an error budget."""

import math
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.errors import LoweringError
from sr2hls.program import ops
from sr2hls.program.decisions import decision_bits
from sr2hls.program.emit import EmitOptions, Emitter
from sr2hls.program.graph import Graph
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.node import NodeKind
from sr2hls.program.probes import Reach
from sr2hls.program.program import Program
from sr2hls.program.real import quantize_real
from sr2hls.program.sensitivity import bits_within, fractional_bits, sensitivities
from sr2hls.program.tabulation import Memory
from sr2hls.program.types import FixedType

_SAMPLES_FOR_SENSITIVITY = 2000
_LARGEST = 2.0**200
"""Values up to this have a mean square in floating point, and no type holds larger ones at any resolution."""


@dataclass(frozen=True)
class OutputError:
    """Difference of a program's output from its float formula on data."""

    rms: float
    largest: float


@dataclass(frozen=True)
class Lowered:
    """A program and how it was made from formulas.

    Attributes:
        program: the program.
        formulas: output name to formula.
        fracs: fractional bits of each node of the graph, where it was written.
        errors: output name to the difference from the formula on the data given.
        notes: what a user should know, e.g. where a formula is undefined.
        outputs: the program's outputs on the data given, shape (samples, outputs).
        options: the form.
    """

    program: Program
    formulas: Mapping[str, sp.Expr]
    fracs: Mapping[int, int]
    errors: Mapping[str, OutputError]
    notes: tuple[str, ...]
    outputs: FloatArray = field(repr=False, compare=False)
    options: EmitOptions = field(default=EmitOptions(), compare=False)


class Lowering:
    """Formulas, input types and data, ready to be written as programs of different precision.

    Args:
        formulas: output name to formula over the input names.
        types: input name to fixed-point type, in the order of the columns of ``X``.
        X: real inputs, shape (samples, inputs); they are quantised to the input types here.
        options: how subexpressions become tables.
        shown: input name to what the user calls it, for messages.

    Raises:
        LoweringError: a construct has no meaning in the program, or a formula is undefined on the data.
    """

    def __init__(
        self,
        formulas: Mapping[str, sp.Expr],
        types: Mapping[str, FixedType],
        X: FloatArray,
        options: EmitOptions | None = None,
        shown: Mapping[str, str] | None = None,
    ) -> None:
        self.formulas = dict(formulas)
        self.types = dict(types)
        self.options = options or EmitOptions()
        self.graph = Graph.of(formulas, types, shown)
        self.memory = Memory()
        self.X = _on_grid(types, X)
        self.values = self._evaluate(self.X)
        self.reached: Mapping[int, FloatArray] = self.values
        self.slopes: Mapping[str, FloatArray] = {}
        step = max(1, len(self.X) // _SAMPLES_FOR_SENSITIVITY)
        some = {k: np.broadcast_to(v, (len(self.X),))[::step] for k, v in self.values.items()}
        self.sensitivities = {
            name: sensitivities(self.graph, some, position) for name, position in self.graph.outputs.items()
        }

    @property
    def float_outputs(self) -> FloatArray:
        """Values of the formulas on the data, shape (samples, outputs)."""
        columns = [np.broadcast_to(self.values[i], (len(self.X),)) for i in self.graph.outputs.values()]
        return np.stack(columns, axis=1)

    def checked(self) -> "Lowering":
        """Return these formulas, all of which have values that can be measured.

        Raises:
            LoweringError: an output is too large for any fixed-point type, or so small that squares are 0.
        """
        for name, column in zip(self.formulas, self.float_outputs.T, strict=True):
            if 0 < np.abs(column).max() < 1 / _LARGEST:
                raise LoweringError(
                    f"the formula of '{name}' is at most {np.abs(column).max():.3g}, less than fixed point "
                    "can hold: scale it"
                )
            if not np.abs(column).max() < _LARGEST:
                raise LoweringError(
                    f"the formula of '{name}' reaches {np.abs(column).max():.3g}, more than fixed point "
                    "can hold: scale it, or restrict its inputs"
                )
        return self

    def reaching(self, reach: Reach) -> "Lowering":
        """Return these formulas with values that reach further, and act more, than those on the data."""
        other = copy(self)
        other.memory = Memory()
        other.slopes = reach.slopes
        other.reached = {
            position: np.concatenate([np.atleast_1d(value), reach.ranges.get(position, ())])
            for position, value in self.values.items()
        }
        return other

    def within(
        self,
        errors: Mapping[str, float],
        options: EmitOptions | None = None,
        largest: Mapping[str, float] | None = None,
    ) -> Lowered:
        """Return a program whose rounding errors are about ``errors`` (rms, in the outputs' units).

        What they are is measured on the data: see `Lowered.errors`, and `sr2hls.program.meet` where they
        must be kept.

        Args:
            errors: rms error of each output.
            options: how subexpressions become tables.
            largest: about the largest error of each output on any row, where `reaching` says how strongly
                nodes act; rows near a pole need bits that the rms error does not ask for.
        """
        sources = 1
        for _ in range(2):
            share = 1 / math.sqrt(sources)
            fracs = self._fracs({name: e * share for name, e in errors.items()})
            for name, bound in (largest or {}).items():
                for position, slope in enumerate(self.slopes.get(name, ())):
                    fracs[position] = max(fracs[position], bits_within(bound * share, float(slope)))
            lowered = self.with_fracs(fracs, options)
            sources = max(1, _rounding_sources(lowered.program) // len(self.formulas))
        return lowered

    def with_fracs(self, fracs: Mapping[int, int], options: EmitOptions | None = None) -> Lowered:
        """Return the program with the given fractional bits of each node."""
        options = options or self.options
        rounding: Mapping[int, int] = {}
        if options.segments:
            exact, rounding = decision_bits(self.graph, self.types, self.reached)
            fracs = {position: max(frac, exact.get(position, frac)) for position, frac in fracs.items()}
            _keep_common_parts(self.graph, fracs)
        emitter = Emitter(self.graph, self.types, fracs, self.reached, options, self.memory, rounding)
        program = emitter.program()
        outputs = Interpreter(program).predict(self.X)
        difference = outputs - self.float_outputs
        errors = {
            name: OutputError(
                float(np.sqrt(np.mean(difference[:, k] ** 2))), float(np.abs(difference[:, k]).max())
            )
            for k, name in enumerate(self.formulas)
        }
        notes = tuple(dict.fromkeys(emitter.notes))
        return Lowered(program, self.formulas, dict(fracs), errors, notes, outputs, options)

    def _fracs(self, errors: Mapping[str, float]) -> dict[int, int]:
        fracs: dict[int, int] = {}
        for position in range(len(self.graph.nodes)):
            fracs[position] = max(
                fractional_bits(errors[name], float(s[position])) for name, s in self.sensitivities.items()
            )
        for node, frac in zip(self.graph.nodes, list(fracs.values()), strict=True):
            # A bound that few rows reach hardly acts on the rms error, and is still what the formula says.
            for arg in node.args if node.kind in (NodeKind.MIN, NodeKind.MAX, NodeKind.SELECT) else ():
                if self.graph.nodes[arg].kind is NodeKind.CONSTANT:
                    fracs[arg] = max(fracs[arg], frac)
        return fracs

    def _evaluate(self, X: FloatArray) -> dict[int, FloatArray]:
        known: dict[int, FloatArray] = {}
        for position, node in enumerate(self.graph.nodes):
            if node.kind is NodeKind.INPUT:
                known[position] = X[:, list(self.types).index(node.name)]
        for name, position in self.graph.outputs.items():
            result = self.graph.evaluate(position, known)
            if not np.isfinite(result).all():
                row = int(np.flatnonzero(~np.isfinite(np.broadcast_to(result, (len(X),))))[0])
                raise LoweringError(
                    f"formula of '{name}' is not finite on row {row} of the data: "
                    f"{self._culprit(position, known, row)}"
                )
        return known

    def _culprit(self, position: int, known: Mapping[int, FloatArray], row: int) -> str:
        """Name the smallest subexpression that is not finite on a row."""
        for candidate in range(position + 1):
            value = known.get(candidate)
            if value is not None and not np.isfinite(np.broadcast_to(value, (len(self.X),))[row]):
                return f"'{self.graph.text(self.graph.nodes[candidate].expr)}' is undefined or infinite there"
        return "it overflows there"


def lower(
    formulas: Mapping[str, sp.Expr],
    types: Mapping[str, FixedType],
    X: FloatArray,
    *,
    error: float,
    options: EmitOptions | None = None,
) -> Lowered:
    """Compile formulas to a program with about the given error.

    Args:
        formulas: output name to formula over the input names.
        types: input name to fixed-point type, in the order of the columns of ``X``.
        X: real inputs, shape (samples, inputs).
        error: rms rounding error of an output as a share of its standard deviation on the data.
        options: how subexpressions become tables.

    Raises:
        LoweringError: a construct has no meaning in the program, or a formula is undefined on the data.
    """
    lowering = Lowering(formulas, types, X, options)
    return lowering.within(relative_errors(lowering, error))


def relative_errors(lowering: Lowering, error: float) -> dict[str, float]:
    """Return an error for each output: a share of its standard deviation (of its size, if constant)."""
    outputs = lowering.float_outputs
    scale = outputs.std(axis=0)
    scale = np.where(scale > 0, scale, np.maximum(np.abs(outputs).max(axis=0), 1e-9))
    return {name: error * float(s) for name, s in zip(lowering.formulas, scale, strict=True)}


def _keep_common_parts(graph: Graph, fracs: dict[int, int]) -> None:
    """Keep the terms of a sum as finely as the sum.

    What all outputs of a softmax share, say, does not act on them and would be rounded away; the sums that it
    is part of do.
    """
    for position in range(len(graph.nodes) - 1, -1, -1):
        node = graph.nodes[position]
        finer = 0
        if node.kind is NodeKind.MUL and graph.nodes[node.args[0]].kind is NodeKind.CONSTANT:
            finer = math.ceil(math.log2(max(abs(graph.nodes[node.args[0]].value), 1.0)))
        elif node.kind not in (NodeKind.ADD, NodeKind.MIN, NodeKind.MAX):
            continue
        for arg in node.args:
            fracs[arg] = max(fracs[arg], fracs[position] + finer)


def _on_grid(types: Mapping[str, FixedType], X: FloatArray) -> FloatArray:
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or X.shape[1] != len(types) or not len(X):
        raise LoweringError(
            f"the data have the shape {X.shape}; {len(types)} inputs need (samples, {len(types)})"
        )
    columns = [quantize_real(X[:, k], t) * t.step for k, t in enumerate(types.values())]
    return np.stack(columns, axis=1)


def _rounding_sources(program: Program) -> int:
    return sum(isinstance(op, ops.Table | ops.Mul | ops.Cast) for op in program.ops)

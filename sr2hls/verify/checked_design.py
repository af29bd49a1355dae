"""A design to be looked at: program, formulas and data, with what the rules need of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.errors import InputError
from sr2hls.program import ops
from sr2hls.program.graph import Graph
from sr2hls.program.interpreter import Interpreter, dequantize_outputs, quantize_inputs
from sr2hls.program.lower_formulas import OutputError
from sr2hls.program.node import NodeKind
from sr2hls.program.passes.base import PassManager
from sr2hls.program.passes.decide import SimplifyDecisions
from sr2hls.program.passes.fold_constants import FoldConstants
from sr2hls.program.passes.index import ReduceIndices
from sr2hls.program.passes.simplify import Simplify
from sr2hls.program.program import Program
from sr2hls.verify.random_programs import corner_inputs

_N_SAMPLES = 4096


@dataclass(frozen=True)
class CheckedDesign:
    """A program with what it is meant to compute.

    Attributes:
        program: the program.
        formulas: output name to formula over the input names; outputs without one are not compared.
        X: real inputs, shape (samples, inputs), that the design is for; random ones where there are none.
        bounds: output name to the stated largest difference from the formula on these data.
        seed: of random samples.

    Raises:
        InputError: data and program do not fit together.
    """

    program: Program
    formulas: Mapping[str, sp.Basic] = field(default_factory=dict)
    X: FloatArray | None = None
    bounds: Mapping[str, OutputError] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.X is not None and (np.ndim(self.X) != 2 or np.shape(self.X)[1] != self.program.n_inputs):
            raise InputError(
                f"the data have the shape {np.shape(self.X)}; "
                f"the program takes (samples, {self.program.n_inputs})"
            )
        for what, names in (("formulas", self.formulas), ("error bounds", self.bounds)):
            unknown = [name for name in names if name not in self.program.output_names]
            if unknown:
                raise InputError(
                    f"{what} are given for '{unknown[0]}', which is no output of the program; it has "
                    + ", ".join(self.program.output_names)
                )

    @cached_property
    def raw(self) -> IntArray:
        """Raw inputs: the data, or random ones with corners."""
        if self.X is not None and len(self.X):
            return quantize_inputs(self.program, self.X)
        return corner_inputs(self.program, _N_SAMPLES, self.seed)

    @cached_property
    def outputs(self) -> IntArray:
        """Raw outputs of the program for `raw`."""
        return Interpreter(self.program).run(self.raw)

    @cached_property
    def graph(self) -> Graph:
        """The formulas as a graph."""
        return Graph.of(self.formulas, self.program.input_names)

    @cached_property
    def values(self) -> dict[int, FloatArray]:
        """Float values of each node of the graph for `raw`."""
        return self.evaluated(self.raw)

    @cached_property
    def reduced(self) -> Program:
        """The program without the operations that are known to do nothing."""
        steps = (FoldConstants(), Simplify(), SimplifyDecisions(), ReduceIndices())
        return PassManager(steps).run(self.program)

    def evaluated(self, raw: IntArray) -> dict[int, FloatArray]:
        """Return float values, shape (samples,), of each node for raw inputs, shape (samples, inputs)."""
        steps = [t.step for t in self.program.input_types]
        known: dict[int, FloatArray] = {}
        for position, node in enumerate(self.graph.nodes):
            if node.kind is NodeKind.INPUT:
                k = self.program.input_names.index(node.name)
                known[position] = np.asarray(raw[:, k] * steps[k], dtype=np.float64)
        for position in self.graph.outputs.values():
            self.graph.evaluate(position, known)
        return {k: np.broadcast_to(v, (len(raw),)) for k, v in known.items()}

    def formula_values(self, output: str) -> FloatArray:
        """Return a formula's values for `raw`."""
        return self.values[self.graph.outputs[output]]

    def program_values(self, output: str) -> FloatArray:
        """Return an output's real values for `raw`."""
        at = self.program.output_names.index(output)
        return dequantize_outputs(self.program, self.outputs)[:, at]

    def allowed(self, output: str) -> float:
        """Return the rms difference that the design states for an output; 0 where it states none."""
        return self.bounds[output].rms if output in self.bounds else 0.0

    def nodes_of(self, origin: str) -> list[int]:
        """Return the nodes of the graph that an operation's origin names: one, or the terms of a sum."""
        parts = [origin] if origin in self._origins else origin.split(" + ")
        return [self._origins[p] for p in parts] if all(p in self._origins for p in parts) else []

    @cached_property
    def _origins(self) -> dict[str, int]:
        return {str(sp.sstr(node.expr)): k for k, node in enumerate(self.graph.nodes)}

    def where(self, position: int) -> str:
        """Return how messages name an operation."""
        op = self.program.ops[position]
        if isinstance(op, ops.Input):
            return f"input '{self.program.input_names[op.index]}'"
        return f"{op.name} %{position}" + (f" of '{op.origin}'" if op.origin else "")


NEGLIGIBLE = 1e-9
"""Share of a formula's size below which a change is rounding of floating point."""


def rms(values: FloatArray) -> float:
    """Return the root mean square of the finite values of any shape; 0 where there are none."""
    finite = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(np.square(finite)))) if finite.size else 0.0

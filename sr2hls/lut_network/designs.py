"""From a teacher to LUT networks with formulas: the cheapest first, each with its program."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.errors import InputError
from sr2hls.lut_network import (
    Grown,
    GrowOptions,
    LossKind,
    LutNetwork,
    Samples,
    finished,
    grown_to,
    number_scale,
    samples_of,
)
from sr2hls.lut_network.fold_constants import folded
from sr2hls.lut_network.symbolic import SymbolicNetwork, SymbolicOptions, let_move, loss_on, make_symbolic
from sr2hls.lut_network.table_formula import TableFormula
from sr2hls.lut_network.to_program import network_program, output_steps
from sr2hls.options import Tables
from sr2hls.problem import Problem, Split
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program

_STEP_LUTS = 30.0
_STEPS = (0.25, 0.7)
"""Step of the scores that suits so many LUTs, and its limits: tried with the jets of the example."""


@dataclass(frozen=True, slots=True)
class LutNetworkOptions:
    """How LUT networks are made.

    Attributes:
        grow: how they grow.
        symbolic: how tables become formulas.
        copies: samples between training rows, for each row.
        move_lambda: loss that a table's entry has to gain to move from its formula.
        move_sweeps: sweeps in which entries may move.
    """

    grow: GrowOptions = field(default_factory=GrowOptions)
    symbolic: SymbolicOptions = field(default_factory=SymbolicOptions)
    copies: int = 3
    move_lambda: float = 1.0
    move_sweeps: int = 3

    def growing(self, luts: int) -> GrowOptions:
        """Return how a LUT network of some LUTs grows: the fewer there are, the larger its scores' step."""
        return replace(self.grow, step=float(np.clip(_STEP_LUTS / luts, *_STEPS)))

    @classmethod
    def of_effort(cls, effort: str) -> "LutNetworkOptions":
        """Return the options of an effort: ``low``, ``medium`` or ``high``.

        Raises:
            InputError: there is no such effort.
        """
        if effort == "low":
            few = GrowOptions(
                scout_rows=8_000,
                trial_rows=4_000,
                rows=12_000,
                trials=2,
                width_rounds=1,
                finish_rows=25_000,
                finish_sweeps=4,
            )
            return cls(few, SymbolicOptions(rows=15_000, passes=2), copies=2)
        if effort == "medium":
            return cls()
        if effort == "high":
            many = GrowOptions(
                scout_rows=40_000,
                trial_rows=20_000,
                rows=80_000,
                trials=8,
                width_rounds=6,
                finish_rows=200_000,
                finish_sweeps=10,
            )
            return cls(many, SymbolicOptions(rows=80_000, passes=8, tolerance=5e-5), copies=5, move_sweeps=3)
        raise InputError(f"unknown effort '{effort}': give low, medium or high")


@dataclass(frozen=True)
class LutNetworkDesign:
    """A LUT network that is ready to be built.

    Attributes:
        symbolic: the LUT network and its formulas.
        tables: whether its entries are those of the formulas.
        program: what it computes, bit for bit.
        kind: what its outputs mean.
        moved: node symbol to the share of validation rows that read an entry that has moved from its formula.
    """

    symbolic: SymbolicNetwork
    tables: Tables
    program: Program
    kind: LossKind
    moved: Mapping[str, float]

    @property
    def luts(self) -> int:
        """About how many LUTs it takes; synthesis tells."""
        return self.symbolic.network.luts()

    def predict(self, inputs: FloatArray) -> FloatArray:
        """Return the circuit's outputs, shape (samples, outputs), for circuit inputs."""
        return Interpreter(self.program).predict(inputs)

    def definitions(self) -> tuple[tuple[str, sp.Expr], ...]:
        """Return the lines above the outputs: name and formula."""
        return tuple((symbol.name, expr) for symbol, expr in self.symbolic.definitions())

    def outputs(self, problem: Problem) -> dict[str, sp.Expr]:
        """Return output name to formula over the names of `definitions`, in the units of the program."""
        network, names = self.symbolic.network, self.symbolic.names()
        mean, unit = number_scale(problem)
        found: dict[str, sp.Expr] = {}
        for k, (name, total) in enumerate(zip(problem.output_names, network.outputs, strict=True)):
            step, offset = output_steps(network, k, self.kind, mean, unit)
            found[name] = sp.Float(step) * (sp.Symbol(names[total]) + sp.Integer(offset))
        return found

    def to_json(self) -> dict[str, Any]:
        """As plain numbers and text."""
        return {
            "tables": self.tables.value,
            "network": self.symbolic.network.to_json(),
            "formulas": {
                str(number): {
                    "exponents": [list(e) for e in formula.exponents],
                    "coefficients": list(formula.coefficients),
                    "largest": formula.largest,
                }
                for number, formula in self.symbolic.formulas.items()
            },
            "moved": dict(self.moved),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any], problem: Problem) -> "LutNetworkDesign":
        """Return a design from plain numbers.

        Raises:
            InputError: the content is not one of this problem.
        """
        network = LutNetwork.from_json(content["network"])
        if network.input_bits != tuple(t.width for t in problem.types.values()):
            raise InputError("the design was made for other inputs: explore again")
        try:
            formulas = {
                int(number): TableFormula(
                    tuple(tuple(int(p) for p in e) for e in formula["exponents"]),
                    tuple(float(c) for c in formula["coefficients"]),
                    int(formula["largest"]),
                )
                for number, formula in content["formulas"].items()
            }
            tables, moved = Tables(content["tables"]), {str(k): float(v) for k, v in content["moved"].items()}
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"not a design: {type(error).__name__} {error}") from error
        symbolic = SymbolicNetwork(network, formulas, problem.types)
        return cls(symbolic, tables, _program(symbolic, problem), kind_of(problem), moved)


def kind_of(problem: Problem) -> LossKind:
    """Return what the outputs of a problem mean to a LUT network."""
    if not problem.task.is_classification:
        return LossKind.NUMBERS
    return LossKind.LOGIT if problem.n_outputs == 1 else LossKind.CLASSES


def training_samples(
    problem: Problem, options: LutNetworkOptions, between: Callable[[int], Split] | None, seed: int = 0
) -> Samples:
    """Return what LUT networks learn: training rows and, with a teacher to ask, rows between them.

    Rows with weights are drawn in proportion to them, and there are none between: these would have no weight.

    Args:
        problem: what to copy.
        options: how many rows between training rows.
        between: so many rows for each training row, with the teacher's answers; ``None``: nobody to ask.
        seed: of the rows that are drawn.
    """
    samples = samples_of(problem, problem.train.drawn(seed))
    if between is None or options.copies < 1 or problem.train.weights is not None:
        return samples
    return samples.joined(samples_of(problem, between(options.copies)))


def grown(
    problem: Problem, samples: Samples, options: LutNetworkOptions, luts: int, seed: int,
    go_on: Callable[[int, float], bool] | None = None,
) -> Grown:  # fmt: skip
    """Grow a LUT network of at most a number of LUTs and train the widths of its values.

    Args:
        problem: what to copy.
        samples: of `training_samples`.
        options: see there.
        luts: most LUTs, by the network's own count.
        seed: of every random choice.
        go_on: told LUTs and loss now and then; it says whether to go on.
    """
    bits = tuple(t.width for t in problem.types.values())
    rng = np.random.default_rng([seed, luts])
    return grown_to(luts, samples, bits, options.growing(luts), rng, go_on or (lambda luts, loss: True))


def designs_of(
    problem: Problem, network: LutNetwork, samples: Samples, options: LutNetworkOptions,
    tables: Sequence[Tables], seed: int, deadline: float | None = None,
    report: Callable[[str], None] | None = None,
) -> list[LutNetworkDesign]:  # fmt: skip
    """Return a grown LUT network as designs: finished, with formulas, and with entries that moved from them.

    Args:
        problem: what it copies.
        network: from `grown`.
        samples: of `training_samples`.
        options: see there.
        tables: which designs are wanted.
        seed: of every random choice.
        deadline: of `time.monotonic`, after which no further pass begins.
        report: called with one line now and then.
    """
    rng = np.random.default_rng([seed, network.luts(), 1])
    tell = report or (lambda line: None)
    done = finished(network, samples, options.grow, rng, deadline, lambda loss: tell(f"loss {loss:.4f}"))
    symbolic = make_symbolic(
        done,
        problem.types,
        samples,
        options.symbolic,
        rng,
        deadline,
        lambda n, of: tell(f"formula {n} of {of}"),
    )
    found = []
    if Tables.SYMBOLIC in tables:
        found.append(_design(folded(symbolic), Tables.SYMBOLIC, problem))
    if Tables.FREE in tables:
        rows = options.grow.finish_rows
        moved = let_move(symbolic, samples, options.move_sweeps, options.move_lambda, rng, rows)
        # The tables that the formulas were made from, before rounding moved any, are free ones, too.
        before = SymbolicNetwork(done, symbolic.formulas, symbolic.types)
        best = min((moved, before), key=lambda s: loss_on(s.network, samples))
        found.append(_design(folded(best), Tables.FREE, problem))
    return found


def _design(symbolic: SymbolicNetwork, tables: Tables, problem: Problem) -> LutNetworkDesign:
    symbols = symbolic.names()
    moved = symbolic.moved(samples_of(problem, problem.validation)) if tables is Tables.FREE else {}
    return LutNetworkDesign(
        symbolic,
        tables,
        _program(symbolic, problem),
        kind_of(problem),
        {symbols[number]: share for number, share in moved.items()},
    )


def _program(symbolic: SymbolicNetwork, problem: Problem) -> Program:
    kind = kind_of(problem)
    mean, unit = number_scale(problem) if kind is LossKind.NUMBERS else (None, None)
    symbols = symbolic.names()
    origins = {number: symbols[number] for number in symbolic.network.order()}
    return network_program(symbolic.network, problem.types, problem.output_names, kind, origins, mean, unit)

"""Formulas for every table of a LUT network, fitted together to what the LUT network is for."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.lut_network.descent import Layout, improve
from sr2hls.lut_network.samples_and_loss import DECISIVE, SOFT, LossKind, Samples, Weights
from sr2hls.lut_network.table_formula import TableFormula, fit_table_formula
from sr2hls.lut_network.table_network import LutNetwork
from sr2hls.program.types import FixedType

_PIECE = 16_384


@dataclass(frozen=True, slots=True)
class SymbolicOptions:
    """How tables become formulas.

    Attributes:
        tolerance: mean loss that a simpler formula of one table may cost.
        rows: samples of each pass.
        passes: over all tables, after each has its formula.
        most_terms: of a polynomial.
    """

    tolerance: float = 5e-5
    rows: int = 30_000
    passes: int = 4
    most_terms: int = 15


@dataclass(frozen=True)
class SymbolicNetwork:
    """A LUT network and the formula of each of its tables.

    Attributes:
        network: the LUT network; its tables may have moved from their formulas.
        formulas: number of a node to its formula; its arguments are the node's children.
        types: input name to type.
    """

    network: LutNetwork
    formulas: Mapping[int, TableFormula]
    types: Mapping[str, FixedType]

    def moved(self, samples: Samples) -> dict[int, float]:
        """Return for each table the share of the samples that read an entry that is not the formula's."""
        layout = Layout(self.network, samples)
        result = {}
        for number, formula in self.formulas.items():
            node = self.network.nodes[number]
            cells = np.zeros(len(samples), np.int64)
            for child in node.children:
                cells = (cells << self.network.bits(child)) | layout.of(child)
            given = formula.entries(argument_values(self.network, number, self.types))
            result[number] = float(np.mean(given[cells] != layout.of(number)))
        return result

    def definitions(self) -> list[tuple[sp.Symbol, sp.Expr]]:
        """Return what the circuit computes, line by line: a symbol and its formula of what is above.

        Rounding and limits are written out (floor, Max, Min), so that the lines are what the circuit does to
        the last bit, where tables are those of their formulas.
        """
        symbols = self._symbols()
        lines = []
        for number in self.network.order():
            node = self.network.nodes[number]
            arguments = [symbols[c] for c in node.children]
            formula = self.formulas.get(number)
            lines.append(
                (symbols[number], sp.Add(*arguments) if formula is None else formula.exact(arguments))
            )
        return lines

    def names(self) -> dict[int, str]:
        """Return the name of each input and node: v0, v1, ... in the order of `definitions`."""
        names = dict(enumerate(self.types))
        taken = set(self.types)
        letter = next(c for c in ("v", "u", "w", "node_") if not any(t.startswith(c) for t in taken))
        return names | {number: f"{letter}{n}" for n, number in enumerate(self.network.order())}

    def _symbols(self) -> dict[int, sp.Symbol]:
        return {number: sp.Symbol(name) for number, name in self.names().items()}


def argument_values(network: LutNetwork, number: int, types: Mapping[str, FixedType]) -> FloatArray:
    """Return the values of a table's arguments for each of its entries, shape (entries, arguments).

    Inputs in their own units, nodes as the integers that they are.
    """
    grids = []
    listed = list(types.values())
    for child in network.nodes[number].children:
        if child < network.n_inputs:
            kind = listed[child]
            grids.append(np.arange(kind.raw_min, kind.raw_max + 1) * kind.step)
        else:
            grids.append(np.arange(1 << network.bits(child), dtype=np.float64))
    mesh = np.meshgrid(*grids, indexing="ij")
    return np.stack([m.ravel() for m in mesh], axis=1).astype(np.float64)


def make_symbolic(
    network: LutNetwork,
    types: Mapping[str, FixedType],
    samples: Samples,
    options: SymbolicOptions,
    rng: np.random.Generator,
    deadline: float | None = None,
    report: Callable[[int, int], None] | None = None,
) -> SymbolicNetwork:
    """Give every table a formula.

    Children before parents; the tables above one that has just become a formula adapt to it before it is
    their turn. Then all formulas are fitted again, in turn, with the loss of the whole LUT network for each.

    Args:
        network: a LUT network; it is not changed.
        types: of the inputs, by name.
        samples: what the LUT network is for.
        options: see there.
        rng: source of randomness.
        deadline: of `time.monotonic`; the passes after the first end there.
        report: called with how many tables are done, and of how many.
    """
    result = network.copy()
    result.drop_unused()
    weights = SOFT if samples.kind is LossKind.NUMBERS else DECISIVE
    written = [n for n in result.order() if result.nodes[n].entries is not None]
    formulas = {n: _slice_formula(result, n, types) for n in written if result.is_slice(n)}
    tables = [n for n in written if n not in formulas]
    layout = Layout(result, samples.batch(options.rows, rng))
    for done, number in enumerate(tables):
        layout.fit_scale(weights)
        formula, _ = _fitted(layout, number, types, weights, options, rng)
        formulas[number] = formula
        layout.replace(number, formula.entries(argument_values(result, number, types)))
        free = [p for p in tables if p not in formulas and number in result.nodes[p].children]
        improve(layout, free, weights)
        if report is not None:
            report(done + 1, len(tables))
    for _ in range(options.passes):
        if deadline is not None and time.monotonic() > deadline:
            break
        layout = Layout(result, samples.batch(options.rows, rng))
        layout.fit_scale(weights)
        _pass(layout, tables, formulas, types, weights, options, rng)
    return SymbolicNetwork(result, formulas, dict(types))


def let_move(
    symbolic: SymbolicNetwork,
    samples: Samples,
    sweeps: int,
    move_lambda: float,
    rng: np.random.Generator,
    rows: int,
) -> SymbolicNetwork:
    """Return the LUT network with its entries free to move from their formulas where that gains enough.

    Args:
        symbolic: a LUT network with formulas, which are kept for comparison.
        samples: what it is for.
        sweeps: over all tables.
        move_lambda: loss, summed over the samples that read an entry, that a move has to gain.
        rng: source of randomness.
        rows: samples of each sweep.
    """
    network = symbolic.network.copy()
    weights = SOFT if samples.kind is LossKind.NUMBERS else DECISIVE
    for _ in range(sweeps):
        layout = Layout(network, samples.batch(rows, rng))
        layout.fit_scale(weights)
        improve(layout, rng.permutation(network.order()).tolist(), weights, move_lambda)
    return SymbolicNetwork(network, symbolic.formulas, symbolic.types)


def loss_on(network: LutNetwork, samples: Samples) -> float:
    """Return the mean loss of a finished LUT network on samples, to which its step and offsets are fitted.

    Of all samples only the outputs are kept.
    """
    outputs = LutNetwork([network.bits(o) for o in network.outputs], len(network.outputs))
    outputs.outputs = list(range(outputs.n_inputs))
    outputs.scale, outputs.offsets = network.scale, network.offsets
    rows = np.arange(len(samples))
    pieces = (samples.take(rows[start : start + _PIECE]) for start in range(0, len(samples), _PIECE))
    values = np.concatenate([Layout(network, piece).outputs for piece in pieces])
    layout = Layout(outputs, Samples(values.astype(np.int16), samples.targets, samples.kind))
    weights = SOFT if samples.kind is LossKind.NUMBERS else DECISIVE
    layout.fit_scale(weights)
    network.scale, network.offsets = outputs.scale, outputs.offsets
    return layout.loss(weights)


def _pass(
    layout: Layout,
    tables: Sequence[int],
    formulas: dict[int, TableFormula],
    types: Mapping[str, FixedType],
    weights: Weights,
    options: SymbolicOptions,
    rng: np.random.Generator,
) -> None:
    for number in rng.permutation(tables).tolist():
        formula, losses = _fitted(layout, number, types, weights, options, rng)
        entries = formula.entries(argument_values(layout.network, number, types))
        now = layout.network.nodes[number].entries
        assert now is not None
        rows = np.arange(len(losses))
        if losses[rows, entries].sum() <= losses[rows, now].sum():
            formulas[number] = formula
            layout.replace(number, entries)


def _fitted(
    layout: Layout,
    number: int,
    types: Mapping[str, FixedType],
    weights: Weights,
    options: SymbolicOptions,
    rng: np.random.Generator,
) -> tuple[TableFormula, FloatArray]:
    losses = layout.entry_losses(number, weights)
    values = argument_values(layout.network, number, types)
    tolerance = options.tolerance * len(layout.samples)
    return fit_table_formula(values, losses, tolerance, rng, options.most_terms), losses


def _slice_formula(network: LutNetwork, number: int, types: Mapping[str, FixedType]) -> TableFormula:
    """Return the formula of the highest bits of a value: a line, half a step of the value off its ties."""
    node = network.nodes[number]
    (child,) = node.children
    low, step = 0, 1.0
    if child < network.n_inputs:
        type_ = list(types.values())[child]
        low, step = type_.raw_min, type_.step
    size = float(1 << (network.bits(child) - node.bits))
    constant = (0.5 - low) / size - 0.5
    return TableFormula(((0,), (1,)), (constant, 1 / (size * step)), (1 << node.bits) - 1)

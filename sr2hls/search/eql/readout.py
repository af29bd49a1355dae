"""From the weights of an equation learner to sympy."""

import sympy

from sr2hls.search.eql.architecture import Architecture, Weights
from sr2hls.search.expressions import exact_number


def read_out(arch: Architecture, weights: Weights, trial: int = 0) -> tuple[sympy.Expr, ...]:
    """Formulas of one trial over x0, x1, ..., one for each output.

    Args:
        arch: the architecture.
        weights: masked weights, shape (trials, fan-in + 1, fan-out) each.
        trial: which network of the batch.

    Returns:
        Expressions that hold every bit of the weights; nothing is rounded or left out.

    Raises:
        AssertionError: the architecture has no output map.
    """
    inputs = [sympy.Symbol(f"x{i}") for i in range(arch.n_inputs)]
    hidden = inputs
    for layer, weight in enumerate(weights):
        sums = _linear(weight[trial].tolist(), hidden)
        if layer == len(arch.layers):
            return tuple(sums)
        columns = arch.arguments(layer)
        hidden = [
            unit.sympy(*(sums[c] for c in column))
            for unit, column in zip(arch.layers[layer], columns, strict=True)
        ]
        if arch.skip:
            hidden = hidden + inputs
    raise AssertionError("an architecture has an output map")


def _linear(rows: list[list[float]], sources: list[sympy.Expr]) -> list[sympy.Expr]:
    with_bias = [*sources, sympy.Integer(1)]
    sums: list[sympy.Expr] = []
    for column in range(len(rows[0])):
        terms = [
            exact_number(row[column]) * source
            for row, source in zip(rows, with_bias, strict=True)
            if row[column] != 0
        ]
        sums.append(sympy.Add(*terms))
    return sums

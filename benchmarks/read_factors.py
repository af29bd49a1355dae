"""What a product loses where it reads few bits: of its inputs, or of its factors.

    python benchmarks/read_factors.py [--models benchmarks/results/readable_jets_lut.json]

The longest model of a front of the jets is taken as it is, nothing is trained again. Terms over two inputs
read each input in so many bits, or each factor where they are a product of functions of one input each, in
the uniform steps with the least squared error; all else stays in floating point. The loss is that of the
joint search on the training rows: the cross-entropy less the least that the targets allow.
"""

import argparse
from pathlib import Path

import numpy as np
import sympy as sp
from readable_bits import models_of
from readable_fronts import load, table_row

from sr2hls.arrays import FloatArray
from sr2hls.quantised.factor import factors_of
from sr2hls.search.expressions import evaluate_expr
from sr2hls.search.joint import JointModel
from sr2hls.search.joint.problem import joint_data

RESULTS = Path(__file__).resolve().parent / "results"
TAILS = (0.0, 0.01, 0.03, 0.08)
BITS = (3, 4, 5)


def read(values: FloatArray, bits: int) -> FloatArray:
    """Return values of shape (rows,) in 2^bits uniform steps, those of the least squared error."""
    steps = (1 << bits) - 1
    if len(np.unique(values)) <= steps + 1:
        return values
    found = []
    for low, high in ((np.quantile(values, a), np.quantile(values, 1 - b)) for a in TAILS for b in TAILS):
        step = (high - low) / steps
        if step > 0:
            found.append(low + step * np.clip(np.rint((values - low) / step), 0, steps))
    return min(found, key=lambda v: float(((v - values) ** 2).mean()))


def term_values(expr: sp.Expr, X: FloatArray, bits: int, factors: bool) -> FloatArray:
    """Return a term over two inputs, read in so many bits, on rows of shape (rows, inputs)."""
    product = factors_of(expr) if factors else None
    if product is not None:
        written, number = product
        read_factors = [read(np.asarray(evaluate_expr(f, X), dtype=np.float64), bits) for f in written]
        return np.asarray(number * read_factors[0] * read_factors[1])
    coarse = X.copy()
    for symbol in expr.free_symbols:
        position = int(symbol.name[1:])
        coarse[:, position] = read(X[:, position], bits)
    return np.asarray(evaluate_expr(expr, coarse), dtype=np.float64)


def outputs(model: JointModel, X: FloatArray, bits: int | None, factors: bool) -> FloatArray:
    """Return the model's outputs, shape (rows, outputs); with ``bits`` terms over two inputs read so many."""
    total = np.tile(model.bias, (len(X), 1))
    for term, coefficients in zip(model.terms, model.coefficients.T, strict=True):
        if bits is None or len(term.inputs) == 1:
            values = term.evaluate(X)
        else:
            values = term_values(term.expr, X, bits, factors)
        total = total + values[:, None] * coefficients
    return np.asarray(total, dtype=np.float64)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path, default=RESULTS / "readable_jets_lut.json")
    args = parser.parse_args()
    problem = load("jets", None, None)
    nodes, _, model = models_of(args.models, problem)[-1]
    data, X = joint_data(problem), problem.train.inputs
    pairs = sum(len(t.inputs) == 2 for t in model.terms)
    print(f"A model of {nodes} nodes: {len(model.terms)} terms, {pairs} of them over two inputs.\n")
    print(table_row(("read", "bits", "loss", "accuracy, train")))
    print(table_row(["---"] * 4))
    ways = [("as it is", None, False)]
    ways += [(name, bits, name == "factors") for name in ("inputs", "factors") for bits in BITS]
    for name, bits, factors in ways:
        found = outputs(model, X, bits, factors)
        score = problem.score(found, problem.train)
        print(table_row((name, bits or "–", f"{data.loss.value(found):.4f}", f"{score:.4f}")))


if __name__ == "__main__":
    main()

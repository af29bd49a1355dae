"""Programs that the model of area and delay is fitted to and judged on.

To fit: random formulas and programs with odd seeds, and sums of made-up tables. To judge, never fitted to:
random formulas and programs with even seeds, and real designs: additive models of the jet tagger at many
sizes, and the formulas of recorded PySR runs. All are optimised as every design is.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import sympy as sp
from numpy.random import Generator

from sr2hls.costs import area, estimated_luts
from sr2hls.data import InputFormat
from sr2hls.errors import InputError, LoweringError
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.lower_formulas import lower
from sr2hls.program.passes import optimize
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType
from sr2hls.search import read_hall_of_fame
from sr2hls.search.shape_model import (
    ShapeModel,
    classification_curvature,
    classification_loss,
    fit_shapes,
    logits_to_probabilities,
)
from sr2hls.verify.random_programs import random_program

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / "tests" / "search" / "data" / "pysr_runs"
JETS = ROOT / "examples" / "jet_tagger"
Named = Iterator[tuple[str, Program]]
_KINDS = ("add", "add", "sub", "mul", "mul", "max", "tanh", "exp", "sin", "square", "ratio")


def programs_to_fit() -> Named:
    """Programs for the fit."""
    yield from random_formulas(range(1, 260, 2))
    yield from random_operations(range(1, 100, 2))
    yield from random_sums(range(1, 120, 2))


def programs_to_judge() -> Named:
    """Programs that the fit never sees."""
    yield from random_formulas(range(0, 60, 2))
    yield from random_operations(range(0, 40, 2))
    yield from jets()
    yield from halls_of_fame()


def random_formulas(seeds: range) -> Named:
    """Random trees over 2 to 5 inputs of 4 to 10 bits, one to three outputs."""
    for seed in seeds:
        rng = np.random.default_rng([seed, 1])
        n_inputs, n_outputs = int(rng.integers(2, 6)), int(rng.integers(1, 4))
        types = {
            f"x{k}": FixedType(True, int(w), 2) for k, w in enumerate(rng.integers(4, 11, size=n_inputs))
        }
        X = np.stack([rng.uniform(-2, 2, 1500) for _ in types], axis=1)
        formulas = {f"y{k}": _tree(rng, list(types), int(rng.integers(2, 5))) for k in range(n_outputs)}
        try:
            lowered = lower(formulas, types, X, error=float(2 ** rng.uniform(-6, -3)))
            yield f"formula{seed}", optimize(lowered.program)
        except LoweringError:
            continue


def _tree(rng: Generator, names: list[str], depth: int) -> sp.Expr:
    if depth == 0 or rng.random() < 0.15:
        x = sp.Symbol(str(rng.choice(names)))
        return x if rng.random() < 0.6 else x * round(float(rng.normal(0, 1.5)), 3)
    kind = str(rng.choice(_KINDS))
    a = _tree(rng, names, depth - 1)
    if kind in ("tanh", "sin"):
        return getattr(sp, kind)(a)
    if kind == "exp":
        return sp.exp(-(a**2))
    if kind == "square":
        return a**2
    b = _tree(rng, names, depth - 1)
    if kind == "add":
        return a + b
    if kind == "sub":
        return a - b
    if kind == "mul":
        return a * b
    return sp.Max(a, b) if kind == "max" else a / (sp.Rational(3, 2) + b**2)


def random_operations(seeds: range) -> Named:
    """Random operations with every rounding and overflow mode, as the executors are compared on."""
    for seed in seeds:
        rng = np.random.default_rng([seed, 2])
        program = random_program(
            seed,
            n_inputs=int(rng.integers(3, 8)),
            n_operations=int(rng.integers(8, 26)),
            max_width=int(rng.integers(6, 13)),
            kinds=tuple(k for k in ops.OPERATIONS[1:] if k is not ops.Div or seed % 5 == 0),
        )
        yield f"operations{seed}", optimize(program)


def random_sums(seeds: range) -> Named:
    """Sums of tables of made-up curves, some of two inputs, with an argmax behind them now and then."""
    for seed in seeds:
        rng = np.random.default_rng([seed, 3])
        n_inputs, n_outputs, bits = int(rng.integers(3, 17)), int(rng.integers(1, 6)), int(rng.integers(4, 8))
        frac = int(rng.integers(1, 5))
        builder = Builder({f"x{k}": FixedType(True, bits, 1) for k in range(n_inputs)})
        sums = []
        for _ in range(n_outputs):
            count = int(rng.integers(2, 1 + n_inputs))
            chosen = rng.choice(n_inputs, size=count, replace=False)
            terms = [_curve(builder, rng, int(k), bits, frac) for k in chosen]
            terms += [builder.constant(int(rng.integers(1, 1 << frac)), frac)]
            sums.append(builder.sum(terms))
        outputs = {f"y{k}": v for k, v in enumerate(sums)}
        if n_outputs > 1 and rng.random() < 0.3:
            outputs = {"class": builder.argmax(sums)}
        yield f"sum{seed}", optimize(builder.program(outputs))


def _curve(builder: Builder, rng: Generator, k: int, bits: int, frac: int) -> int:
    at = np.linspace(-1, 1, 1 << bits)
    a, b, c = rng.normal(0, 1.5, 3)
    values = a * np.sin(3 * b * at + c) + rng.normal(0, 1) * at + rng.normal(0, 0.5) * at**2
    # From the codes' order to that of their bits: two's complement.
    return _table(builder, k, np.roll(np.rint(values * 2**frac), -(1 << (bits - 1))), frac)


def _table(builder: Builder, k: int, raws: np.ndarray, frac: int) -> int:
    low, high = int(raws.min()), int(raws.max())
    width = max((-low - 1).bit_length() if low < 0 else 0, high.bit_length(), 1) + int(low < 0)
    return builder.table([k], raws.astype(int), FixedType(low < 0, width, width - frac))


def jets() -> Named:
    """Additive models of the jet tagger's network, from all functions to a few."""
    with np.load(JETS / "jets.npz") as data:
        X, y, split = data["X"], data["y"], data["split"]
    X, y = X[split == 0][:8000], y[split == 0][:8000]
    logits = _network(X)
    for bits in (5, 6):
        inputs = InputFormat.fit(X, width=bits)
        steps = np.array([t.step for t in inputs.types])
        codes = np.rint(inputs.values(X) / steps).astype(np.int64) - [t.raw_min for t in inputs.types]
        models = fit_shapes(
            codes,
            [1 << bits] * X.shape[1],
            classification_loss(logits_to_probabilities(logits), y.astype(np.int64), 0.3),
            logits.shape[1],
            classification_curvature,
            shared=True,
        )
        for k, model in enumerate(models[1::2]):
            program = _additive(model, inputs, frac=2 + k % 2, argmax=k % 3 == 2)
            yield f"jets{bits}b{model.n_functions}", optimize(program)


def _network(X: np.ndarray) -> np.ndarray:
    from sr2hls.teacher import load_teacher

    return np.asarray(load_teacher(JETS / "jet_tagger.onnx").predict(X))


def _additive(model: ShapeModel, inputs: InputFormat, *, frac: int, argmax: bool) -> Program:
    builder = Builder({f"x{k}": t for k, t in enumerate(inputs.types)})
    sums = []
    for output, offset in enumerate(model.offsets):
        terms = [builder.constant(int(np.rint(offset * 2**frac)), frac)]
        for k, values in enumerate(model.values):
            if model.used[k, output]:
                half = -inputs.types[k].raw_min
                terms.append(_table(builder, k, np.roll(np.rint(values[:, output] * 2**frac), -half), frac))
        sums.append(builder.sum(terms))
    outputs = {"class": builder.argmax(sums)} if argmax else {f"y{k}": v for k, v in enumerate(sums)}
    return builder.program(outputs)


def halls_of_fame() -> Named:
    """Formulas that PySR found, lowered at 6, 8 and 10 bits."""
    cost = area(estimated_luts("ap_fixed<8,4>"))
    for folder in sorted(p for p in RUNS.iterdir() if (p / "data.npz").is_file()):
        with np.load(folder / "data.npz") as data:
            X, names = data["X"], [str(name) for name in data["names"]]
        try:
            frontier = read_hall_of_fame(next(iter(sorted(folder.glob("hall_of_fame*.csv")))), cost=cost)
        except InputError:
            # operators of the user's own, which are defined elsewhere
            continue
        columns = [names.index(name) for name in frontier.input_names]
        for number, front in enumerate(frontier.fronts):
            for k, candidate in enumerate(front.candidates[len(front.candidates) // 3 :: 3]):
                bits = (6, 8, 10)[(k + number) % 3]
                inputs = InputFormat.fit(X, width=bits)
                yield from _lowered(f"{folder.name}{number}k{k}b{bits}", candidate.expr, columns, inputs, X)


def _lowered(name: str, expr: sp.Expr, columns: list[int], inputs: InputFormat, X: np.ndarray) -> Named:
    used = sorted(int(str(s)[1:]) for s in expr.free_symbols)
    types = {f"x{k}": inputs.types[columns[k]] for k in used}
    rows = inputs.values(X)[:, [columns[k] for k in used]]
    try:
        yield name, optimize(lower({"y": expr}, types, rows, error=0.03).program)
    except LoweringError:
        return

"""Whether a formula is the right one up to its constants."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sympy
from numpy.typing import NDArray
from scipy.optimize import least_squares

from sr2hls.search.expressions import evaluate, evaluate_expr, tree_from_text

DATA = Path(__file__).parent / "data" / "empirical_bench"


@dataclass(frozen=True, slots=True)
class Law:
    """An empirical law.

    Attributes:
        name: name of its data file.
        inputs: names of its inputs.
        formula: the law over x0, x1, ... and constants c0, c1, ...
        constants: their true values.
        domain: for each input, lowest and highest value at which formulas are compared.
        published: how often of 5 PySR found it (arXiv 2305.01582, table 2).
    """

    name: str
    inputs: tuple[str, ...]
    formula: str
    constants: tuple[float, ...]
    domain: tuple[tuple[float, float], ...]
    published: int

    def data(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """X of shape (n, inputs) and y of shape (n,)."""
        table = np.loadtxt(DATA / f"{self.name}.csv", delimiter=",", skiprows=1, ndmin=2)
        return table[:, :-1], table[:, -1]


LAWS: tuple[Law, ...] = (
    Law("hubble", ("D",), "c0*x0", (475.0,), ((0.05, 3.0),), 5),
    Law("kepler", ("a",), "c0*x0**(3/2)", (365.0,), ((0.3, 20.0),), 5),
    Law(
        "newton",
        ("r", "m1", "m2"),
        "c0*x1*x2/x0**2",
        (6.67e-11,),
        ((1e8, 1e14), (1e24, 1e31), (1e24, 1e31)),
        5,
    ),
    Law(
        "planck",
        ("nu", "T"),
        "c0*x0**3/(exp(c1*x0/x1) - 1)",
        (1.5e-50, 4.8e-11),
        ((1e11, 1e15), (100.0, 1e4)),
        0,
    ),
    Law("leavitt", ("P",), "c0*log(x0) + c1", (-0.87, 15.6), ((1.0, 100.0),), 5),
    Law("schechter", ("L",), "c0*x0**c1*exp(-x0/c2)", (0.11, -1.21, 2.5e8), ((1e6, 5e9),), 5),
    Law("bode", ("n",), "c0 + c1*exp(c2*x0)", (0.4, 0.3, 0.693), ((-3.0, 8.0),), 5),
    Law("ideal_gas", ("n", "T", "V"), "c0*x0*x1/x2", (8.31,), ((1.0, 60.0), (200.0, 400.0), (1.0, 100.0)), 5),
    Law("rydberg", ("n_1", "n_2"), "c0/(1/x0**2 - 1/x1**2)", (9.1e-8,), ((1.0, 6.0), (7.0, 12.0)), 0),
)


def is_right(expr: sympy.Expr, law: Law, seed: int = 0) -> bool:
    """Whether a formula is the law for some values of the law's constants.

    The law's constants are fitted to the formula, not to the data, at random points of a domain wider than
    the data; they have to stay within three orders of magnitude of the true ones, and the two have to agree
    to a part in a million at other points. So a formula that is merely close to the law, a limit of it, or
    the law with a term too many, is wrong.
    """
    if {str(s) for s in expr.free_symbols} != {f"x{i}" for i in range(len(law.inputs))}:
        return False
    form = tree_from_text(law.formula)
    symbols = [f"c{k}" for k in range(len(law.constants))]
    points = [_points(law, seed + k) for k in range(2)]
    wanted = [evaluate_expr(expr, X) for X in points]
    if not all(np.isfinite(w).all() and np.any(w != 0) for w in wanted):
        return False

    def value(scale: NDArray[np.float64], X: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = {f"x{i}": X[:, i] for i in range(X.shape[1])}
        columns |= {s: np.array([c * f]) for s, c, f in zip(symbols, law.constants, scale, strict=True)}
        return np.broadcast_to(evaluate(form, columns), (len(X),)).astype(np.float64)

    def compare(k: int) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        def residual(scale: NDArray[np.float64]) -> NDArray[np.float64]:
            size = np.abs(wanted[k]) + 1e-300
            return np.clip(np.nan_to_num((value(scale, points[k]) - wanted[k]) / size, nan=1e3), -1e3, 1e3)

        return residual

    for start in (1.0, 0.5, 2.0, 0.1, 10.0):
        found = least_squares(
            compare(0), np.full(len(symbols), start), method="lm", xtol=1e-15, ftol=1e-15, max_nfev=400
        )
        scale = np.abs(found.x)
        if np.max(np.abs(compare(1)(found.x))) < 1e-6 and np.all((scale > 1e-3) & (scale < 1e3)):
            return True
    return False


def _points(law: Law, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    columns = []
    for low, high in law.domain:
        unit = rng.random(60)
        columns.append(low * (high / low) ** unit if low > 0 else low + (high - low) * unit)
    return np.column_stack(columns)

"""Units as a constraint: a pendulum's law found, one that fits as well but cannot be true rejected.

python examples/units/run.py            # five seeds
python examples/units/run.py --quick    # two seeds, smaller searches
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
from scipy.special import ellipk

from sr2hls.costs import Operators, node_count
from sr2hls.distil import elbow
from sr2hls.search import Candidate, Engine, OperonEngine, OperonSettings, SearchOptions
from sr2hls.search.expressions import expr_from_text
from sr2hls.search.similarity import DimensionalEngine
from sr2hls.search.units import Constants, Units

NAMES = ("L", "g", "m", "theta")
UNITS = Units(("m", "m/s^2", "kg", "rad"), "s")
COST = node_count(Operators())
MOON = 1.62


def period(X: np.ndarray) -> np.ndarray:
    """Period of a pendulum, 4 sqrt(L/g) K(sin²(θ/2)), with K the complete elliptic integral."""
    return 4 * np.sqrt(X[:, 0] / X[:, 1]) * ellipk(np.sin(X[:, 3] / 2) ** 2)


def pendulums(count: int, rng: np.random.Generator, gravity: tuple[float, float]) -> np.ndarray:
    """Length in m, gravity in m/s², mass in kg, amplitude in rad."""
    low, high = np.array([(0.3, 1.5), gravity, (0.1, 0.5), (0.05, 1.0)]).T
    return rng.uniform(low, high, (count, 4))


def search(engine: Engine, X: np.ndarray, y: np.ndarray, seed: int) -> Candidate:
    """The elbow of the front."""
    options = SearchOptions(operators=("+", "-", "*", "/", "sqrt"), max_size=14, input_names=NAMES)
    return elbow(engine.search(X, y, cost=COST, options=options, seed=seed)[0])


def one_seed(args: argparse.Namespace, seed: int) -> list[dict[str, Any]]:
    """Measured on Earth with 1 % of noise; both searches; their formulas on the Moon."""
    rng = np.random.default_rng(seed)
    X = pendulums(args.rows, rng, (9.78, 9.83))
    y = period(X) * (1 + 0.01 * rng.normal(size=len(X)))
    earth, moon = pendulums(2000, rng, (9.78, 9.83)), pendulums(2000, rng, (MOON, MOON))
    plain = OperonEngine(OperonSettings(restarts=args.restarts))
    rows = []
    for name, engine in (("without units", plain), ("with units", DimensionalEngine(plain, UNITS))):
        begin = time.perf_counter()
        found = search(engine, X, y, seed)
        checked = UNITS.check(found.expr)
        free = Units(UNITS.inputs, UNITS.output, Constants.FREE).check(found.expr)
        rows.append(
            {
                "search": name,
                "seed": seed,
                "formula": str(found.display(NAMES)),
                "consistent": checked.consistent,
                "reason": checked.reason,
                "units of its constants": [f"{v:.4g}: {d}" for v, d in free.constants if str(d) != "1"],
                "rms error on Earth": rms(found, earth),
                "rms error on the Moon": rms(found, moon),
                "seconds": round(time.perf_counter() - begin, 1),
            }
        )
    return rows


def rms(found: Candidate, X: np.ndarray) -> float:
    """Relative rms error against the exact period."""
    return float(np.sqrt(np.mean((found.predict(X) / period(X) - 1) ** 2)))


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: one line a search and seed."""
    lines = [
        "| search | seed | formula | can be true | hidden units of constants | error, Earth | error, Moon |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in sorted(rows, key=lambda r: (r["search"], r["seed"])):
        lines.append(
            f"| {r['search']} | {r['seed']} | `{_short(r['formula'])}` | "
            f"{'yes' if r['consistent'] else 'no'} | "
            f"{', '.join(r['units of its constants'])} | {r['rms error on Earth']:.1%} | "
            f"{r['rms error on the Moon']:.1%} |"
        )
    return "\n".join(lines) + "\n"


def _short(formula: str) -> str:
    expr = expr_from_text(formula)
    return str(expr.xreplace({f: sp.Float(float(f), 4) for f in expr.atoms(sp.Float)}))


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Errors on Earth and Moon."""
    figure, axis = plt.subplots(figsize=(4.6, 3.6))
    for name, marker in (("without units", "x"), ("with units", "o")):
        some = [r for r in rows if r["search"] == name]
        axis.loglog(
            [r["rms error on Earth"] for r in some],
            [r["rms error on the Moon"] for r in some],
            marker,
            label=name,
        )
    axis.set(xlabel="relative error on Earth", ylabel="relative error on the Moon")
    axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(argv: list[str] | None = None) -> list[dict[str, Any]]:
    """Run the example."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="two seeds, one restart")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=300, help="measurements")
    parser.add_argument("--restarts", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("runs/units"))
    args = parser.parse_args(argv)
    if args.quick:
        args.seeds, args.restarts = 2, 1
    args.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for seed in range(args.seeds):
        rows += one_seed(args, seed)
        for row in rows[-2:]:
            print(json.dumps(row, ensure_ascii=False), flush=True)
    (args.out / "results.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False))
    plot(rows, args.out / "units.png")
    print(table(rows))
    return rows


if __name__ == "__main__":
    main()

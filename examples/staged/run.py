"""Staged distillation: f, then g re-trained on the formula of f, then g, then g∘f; direct search as control.

python examples/staged/run.py            # the whole example
python examples/staged/run.py --quick    # a smaller network and search
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
import torch
from model import ELEMENTS, FEATURES, TwoLevels, data, inner_truth
from sklearn.linear_model import LinearRegression
from torch import Tensor

from sr2hls.costs import area, estimated_luts
from sr2hls.distil import FormulaLayer, compose, distil, fine_tune, record, replace_submodule
from sr2hls.search import OperonEngine, OperonSettings, SearchOptions
from sr2hls.search.expressions import evaluate_expr, expr_from_text

OPERATORS = ("+", "-", "*", "/", "cos", "exp")
OUTER = ("+", "-", "*", "/", "square", "exp")
"""Of g: with cos, a function of one number has too many good approximations."""
X = sp.symbols(f"x0:{ELEMENTS * FEATURES}")


def normalised(formula: sp.Expr) -> sp.Expr:
    """Fix what the network leaves free: no constant term, and 1 as the first coefficient."""
    terms = [t for t in sp.Add.make_args(sp.expand(formula)) if t.free_symbols]
    polynomial = sorted(terms, key=lambda t: (t.has(sp.cos, sp.exp), sp.count_ops(t)))
    scale = polynomial[0].as_coeff_Mul()[0]
    return sp.Add(*(t / scale for t in terms))


def train(
    model: TwoLevels, x: Tensor, y: Tensor, steps: int, seed: int, rate: float, **options: Any
) -> float:
    """Adam on batches of 500."""
    generator = torch.Generator().manual_seed(seed)

    def loss() -> Tensor:
        batch = torch.randint(len(x), (500,), generator=generator)
        return ((model(x[batch]) - y[batch]) ** 2).mean()

    return fine_tune(model, loss, steps=steps, learning_rate=rate, **options).after


def r2(values: np.ndarray, truth: np.ndarray) -> float:
    """Coefficient of determination."""
    return float(1 - ((values - truth) ** 2).mean() / truth.var())


def staged(args: argparse.Namespace) -> tuple[dict[str, Any], sp.Expr, list[np.ndarray]]:
    """The four stages; returns results, the composed formula and what the plot shows."""
    torch.manual_seed(args.seed)
    x, y = data(args.samples, args.seed)
    model = TwoLevels(args.width)
    clock = [time.perf_counter()]
    for rate in (5e-3, 1e-3):
        train(model, x, y, args.steps, args.seed, rate)
    clock.append(time.perf_counter())
    with torch.no_grad():
        network_r2 = r2(model(x).numpy(), y.numpy())
    heard = record(model, "f", x[:1000])
    true_f = inner_truth(heard.X)[:, None]

    engine = OperonEngine(OperonSettings(restarts=args.restarts, max_rows=500))
    inner = distil(
        record(model, "f", x[:1000]),
        engine=engine,
        options=SearchOptions(operators=OPERATORS, max_size=20),
        seed=args.seed,
    )
    f = FormulaLayer([normalised(inner.formulas[0])], FEATURES)
    clock.append(time.perf_counter())

    # g learns the formula's number anew, the formula's constants move along
    replace_submodule(model, "f", f)
    model.g = TwoLevels(args.width).g
    for rate in (5e-3, 1e-3):
        train(model, x, y, args.steps, args.seed + 1, rate)
    inner_formula = normalised(f.formulas()[0])
    f = FormulaLayer([inner_formula], FEATURES)
    f.round_constants(0.01)
    replace_submodule(model, "f", f)
    train(model, x, y, args.steps // 2, args.seed + 2, 1e-3, parameters=model.g.parameters())
    clock.append(time.perf_counter())

    outer = distil(
        record(model, "g", x),
        engine=engine,
        options=SearchOptions(operators=OUTER, max_size=15),
        seed=args.seed,
    )
    g = outer.put_back(model)
    train(model, x, y, args.steps // 4, args.seed + 3, 3e-3, parameters=[g.constants])
    g.round_constants(0.01)
    clock.append(time.perf_counter())

    elements = [X[FEATURES * k : FEATURES * (k + 1)] for k in range(ELEMENTS)]
    each = [f.formulas()[0].xreplace(dict(zip(X[:FEATURES], e, strict=True))) for e in elements]
    whole = compose(g.formulas(), [sp.Add(*each) / ELEMENTS])[0]
    s = sp.Symbol("x0")
    found_f, found_g = f.formulas()[0], g.formulas()[0]
    straight = LinearRegression().fit(true_f, heard.Y)
    results = {
        "R² of the network": network_r2,
        "latent against true f, R² of an affine map": straight.score(true_f, heard.Y),
        "f as found": str(inner.formulas[0]),
        "f": str(found_f),
        "g as found": str(outer.formulas[0]),
        "g": str(found_g),
        "f recovered": sp.simplify(sp.nsimplify(found_f) - (X[0] ** 2 + sp.cos(2 * X[2]))).is_number,
        "g recovered": sp.simplify(sp.nsimplify(found_g) - s / (1 + s**2)) == 0,
        "seconds": dict(
            zip(
                ("training", "search f", "re-training", "search g"),
                np.diff(clock).round(1).tolist(),
                strict=True,
            )
        ),
    }
    return results, whole, [heard.X, heard.Y]


def control(args: argparse.Namespace, seconds: float) -> dict[str, Any]:
    """The same engine on all inputs at once, for as long as everything above took."""
    x, y = data(args.samples, args.seed)
    begin = time.perf_counter()
    front = OperonEngine(OperonSettings(restarts=10_000, max_rows=500)).search(
        x.reshape(len(x), -1).numpy(),
        y.numpy(),
        cost=area(estimated_luts()),
        options=SearchOptions(operators=OPERATORS, max_size=60, max_depth=12),
        seed=args.seed,
        time_limit=seconds,
    )[0]
    best = front.select("loss")
    test, truth = data(5000, args.seed + 100)
    values = best.predict(test.reshape(len(test), -1).numpy())
    return {
        "formula": str(best.expr),
        "R² on new data": r2(values, truth[:, 0].numpy()),
        "seconds": round(time.perf_counter() - begin, 1),
    }


def table(results: dict[str, Any]) -> str:
    """Markdown."""
    s, c = results["staged"], results["control"]
    return "\n".join(
        [
            "| | staged | direct search of g∘f |",
            "|---|---|---|",
            f"| f | `{s['f']}`, {'recovered' if s['f recovered'] else 'not recovered'} | |",
            f"| g | `{s['g']}`, {'recovered' if s['g recovered'] else 'not recovered'} | |",
            f"| R² on 5,000 new samples | {s['R² on new data']:.6f} | {c['R² on new data']:.4f} |",
            f"| seconds | {sum(s['seconds'].values()):.0f} ({_parts(s['seconds'])}) | {c['seconds']:.0f} |",
            "",
            f"Network: R² {s['R² of the network']:.5f}; its latent is an affine map of the true f with R² "
            f"{s['latent against true f, R² of an affine map']:.5f}.",
            "",
        ]
    )


def _parts(seconds: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.0f}" for name, value in seconds.items())


def plot(heard: list[np.ndarray], whole: sp.Expr, results: dict[str, Any], path: Path) -> None:
    """The latent against the true f; both answers against the truth."""
    test, truth = data(2000, 7)
    flat = test.reshape(len(test), -1).numpy().astype(float)
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.8))
    axes[0].plot(inner_truth(heard[0]), heard[1][:, 0], ".", ms=2)
    axes[0].set(
        xlabel="true f", ylabel="output of the submodule f", title="The narrow middle, before any search"
    )
    direct = expr_from_text(results["control"]["formula"])
    axes[1].plot(truth[:, 0], evaluate_expr(direct, flat), ".", ms=2, color="C3", label="direct search")
    axes[1].plot(truth[:, 0], evaluate_expr(whole, flat), ".", ms=2, color="C0", label="staged")
    axes[1].set(xlabel="true y", ylabel="formula", title="New data")
    axes[1].legend(markerscale=5)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Run the example."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a small network, few steps, one restart")
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--width", type=int, default=48)
    parser.add_argument("--steps", type=int, default=1200, help="of each training")
    parser.add_argument("--restarts", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/staged"))
    args = parser.parse_args(argv)
    if args.quick:
        args.samples, args.width, args.steps, args.restarts = 2000, 24, 400, 1
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    stages, whole, heard = staged(args)
    test, truth = data(5000, args.seed + 100)
    stages["R² on new data"] = r2(
        evaluate_expr(whole, test.reshape(len(test), -1).numpy().astype(float)), truth[:, 0].numpy()
    )
    stages["g∘f"] = str(whole)
    print(json.dumps(stages, ensure_ascii=False), flush=True)
    results = {"staged": stages, "control": control(args, sum(stages["seconds"].values()))}
    (args.out / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False))
    plot(heard, whole, results, args.out / "staged.png")
    print(table(results))
    return results


if __name__ == "__main__":
    main()

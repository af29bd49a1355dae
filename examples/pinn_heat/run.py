"""The heat equation: a physics-informed network, its formula, noise, Burgers' shock, and the circuit.

python examples/pinn_heat/run.py            # everything
python examples/pinn_heat/run.py --quick    # a short run that shows the road, not the figures
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
import torch
from form import heat_form
from pinn import (
    BURGERS_PROBLEM,
    HEAT_PROBLEM,
    Training,
    burgers_solution,
    grid,
    heat_solution,
    network,
    train,
)

from sr2hls.costs import additive_cycles, published_cycles
from sr2hls.distil import Distilled, Recording, distil, elbow, record
from sr2hls.distil.choose_candidate import Choose
from sr2hls.flow.lower import lower_expressions
from sr2hls.search import Candidate, OperonEngine, OperonSettings, SearchOptions
from sr2hls.search.expressions import evaluate_expr, expr_from_text

COST = additive_cycles(published_cycles("ap_fixed<16,6>"))
NOISE = (0.0, 0.001, 0.01, 0.05)
BITS = (6, 8, 10, 12, 14)


def search(
    recording: Recording, operators: str, choose: Choose, args: argparse.Namespace, seed: int = 0
) -> Distilled:
    """Search with Operon; clock cycles at ap_fixed<16,6> are the cost."""
    settings = OperonSettings(
        restarts=1 if args.quick else 4, generations=25 if args.quick else 40, max_rows=500
    )
    return distil(
        recording,
        engine=OperonEngine(settings),
        options=SearchOptions(operators=tuple(operators.split()), max_size=20, input_names=("x", "t")),
        cost=COST,
        choose=choose,
        seed=seed,
    )


def loss_of(candidate: Candidate, recording: Recording) -> float:
    """Mean squared error on all points."""
    return float(np.mean((candidate.predict(recording.X) - recording.Y[:, 0]) ** 2))


def heat(args: argparse.Namespace) -> tuple[dict[str, Any], Recording, sp.Expr]:
    """Train the network, record it on a grid, find its formula."""
    begin = time.perf_counter()
    torch.manual_seed(args.seed)
    model = network(16) if args.quick else network(32, 32)
    training = Training(adam=200, lbfgs=400, collocation=300, boundary=100) if args.quick else Training()
    train(model, HEAT_PROBLEM, training, args.seed)
    trained = time.perf_counter()
    recording = record(model, "", grid(0, 1))
    found = search(recording, "+ - * / sin exp", elbow, args, args.seed)
    chosen = found.chosen[0]
    form = heat_form(chosen.expr)
    return (
        {
            "formula": str(found.named[0]),
            "form": None if form is None else form[0],
            "a - pi": None if form is None else form[1] - np.pi,
            "mse to network": loss_of(chosen, recording),
            "mse network to exact": float(np.mean((recording.Y[:, 0] - heat_solution(recording.X)) ** 2)),
            "mse formula to exact": float(
                np.mean((chosen.predict(recording.X) - heat_solution(recording.X)) ** 2)
            ),
            "training s": trained - begin,
            "search s": time.perf_counter() - trained,
        },
        recording,
        chosen.expr,
    )


def noise(recording: Recording, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Noise on the oracle, a share of the spread of u; chosen by description length where there is some."""
    rows = []
    for level in NOISE[::2] if args.quick else NOISE:
        for seed in range(1 if args.quick else 3):
            rng = np.random.default_rng([seed, round(1e6 * level)])
            spread = level * recording.Y.std()
            noisy = replace(recording, Y=recording.Y + spread * rng.normal(size=recording.Y.shape))
            found = search(noisy, "+ - * / sin exp", elbow, args, seed)
            row: dict[str, Any] = {"noise": level, "seed": seed}
            for rule, one in (("elbow", found), ("evidence", found.choose("evidence"))):
                form = heat_form(one.formulas[0])
                row[rule] = {
                    "form": None if form is None else form[0],
                    "a - pi": None if form is None else form[1] - np.pi,
                    "mse to network": loss_of(one.chosen[0], recording),
                    "formula": str(one.named[0]),
                }
            rows.append(row)
            print(json.dumps(rows[-1]), flush=True)
    return rows


def polynomials(recording: Recording, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Without sin: the front of polynomials."""
    found = search(recording, "+ - *", "loss", args)
    return [
        {"cycles": c.cost, "mse to network": loss_of(c, recording), "formula": str(c.display(("x", "t")))}
        for c in found.frontier[0].candidates
    ]


def burgers(args: argparse.Namespace) -> tuple[dict[str, Any], Recording, Candidate]:
    """Train on Burgers' equation and distil the shock, 0.5 <= t <= 1."""
    begin = time.perf_counter()
    torch.manual_seed(args.seed)
    # L-BFGS needs double precision to go on
    model = (network(16) if args.quick else network(20, 20, 20)).double()
    training = Training(adam=50, lbfgs=100, collocation=200, boundary=100)
    if not args.quick:
        training = Training(adam=1500, lbfgs=1200, collocation=2000, boundary=200)
    train(model, BURGERS_PROBLEM, training, args.seed)
    trained = time.perf_counter()
    points = grid(-1, 1, start=0.5)
    # more points where the shock is
    points[:, 0] = np.sign(points[:, 0]) * np.abs(points[:, 0]) ** 3
    recording = record(model, "", points)
    exact = burgers_solution(points)
    found = search(recording, "+ - * / tanh exp", elbow, args, args.seed)
    best = found.choose("loss").chosen[0]

    def relative(values: np.ndarray, truth: np.ndarray) -> float:
        return float(np.linalg.norm(values - truth) / np.linalg.norm(truth))

    said = recording.Y[:, 0]
    result: dict[str, Any] = {
        "network to exact": relative(said, exact),
        "training s": trained - begin,
        "search s": time.perf_counter() - trained,
    }
    for name, candidate in (("elbow", found.chosen[0]), ("least loss", best)):
        values = candidate.predict(points)
        result[name] = {
            "formula": str(candidate.display(("x", "t"))),
            "to network": relative(values, said),
            "to exact": relative(values, exact),
        }
    return result, recording, best


def hardware(formula: sp.Expr, recording: Recording, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Bits of the inputs against error and area; measured by Yosys, Verilog compared with the interpreter."""
    rows = []
    for bits in BITS[1:2] if args.quick else BITS:
        # The rounding of the inputs belongs to the error asked for: it is half of this.
        error, folder = 2.0 ** (2 - bits), args.out / f"circuit_{bits}"
        built = lower_expressions({"u": formula}, recording.X, folder, input_bits=bits, error=error)
        tool = built.circuit.hardware
        exact = np.asarray(recording.Y[:, 0])
        used = sorted(int(symbol.name.removeprefix("x")) for symbol in formula.free_symbols)
        values = built.predict(recording.X[:, used])[:, 0]
        real = evaluate_expr(formula, recording.X)
        rows.append(
            {
                "input bits": bits,
                "rms to formula": float(np.sqrt(np.mean((values - real) ** 2))),
                "rms to network": float(np.sqrt(np.mean((values - exact) ** 2))),
                "LUT": None if tool is None or tool.lut is None else tool.lut.value,
                "FF": None if tool is None or tool.ff is None else tool.ff.value,
                "stages": None if tool is None or tool.latency_cycles is None else tool.latency_cycles.value,
                "source": "" if tool is None or tool.lut is None else str(tool.lut.provenance),
                "verified": [f"{a.executor}: {a.values} values" for a in built.circuit.agreements],
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    return rows


def tables(results: dict[str, Any]) -> str:
    """Markdown of all results."""
    h, b = results["heat"], results["burgers"]
    lines = [
        "| | |",
        "|---|---|",
        f"| formula | `{h['formula']}` |",
        f"| form | {h['form']} |",
        f"| a - π | {_number(h['a - pi'])} |",
        f"| MSE to the network (2,500 points) | {h['mse to network']:.3g} |",
        f"| MSE of the network to the exact solution | {h['mse network to exact']:.3g} |",
        f"| MSE of the formula to the exact solution | {h['mse formula to exact']:.3g} |",
        f"| training, search | {h['training s']:.0f} s, {h['search s']:.0f} s |",
        "",
        "| noise | chosen by | seeds with the form | largest abs(a - π) | MSE to the network without noise |",
        "|---|---|---|---|---|",
    ]
    for level in NOISE:
        for rule in ("elbow", "evidence"):
            rows = [r[rule] for r in results["noise"] if r["noise"] == level]
            right = [r for r in rows if r["form"]]
            worst = max((abs(r["a - pi"]) for r in right), default=None)
            losses = ", ".join(f"{r['mse to network']:.2g}" for r in rows)
            lines.append(
                f"| {level:.1%} | {rule} | {len(right)} of {len(rows)} | {_number(worst)} | {losses} |"
            )
    lines += ["", "| cycles | MSE to the network | polynomial |", "|---|---|---|"]
    for row in results["polynomials"]:
        lines.append(f"| {row['cycles']:g} | {row['mse to network']:.3g} | `{_short(row['formula'])}` |")
    lines += [
        "",
        "| Burgers, 0.5 ≤ t ≤ 1 | relative L2 to the network | to the exact solution | formula |",
        "|---|---|---|---|",
        f"| network ({b['training s']:.0f} s) | | {b['network to exact']:.3g} | |",
    ]
    for name in ("elbow", "least loss"):
        row = b[name]
        lines.append(
            f"| {name} | {row['to network']:.3g} | {row['to exact']:.3g} | `{_short(row['formula'])}` |"
        )
    lines += [
        "",
        "| input bits | rms to the formula | rms to the network | LUT | FF | stages |",
        "|---|---|---|---|---|---|",
    ]
    for row in results["hardware"]:
        lines.append(
            f"| {row['input bits']} | {row['rms to formula']:.2g} | {row['rms to network']:.2g} | "
            f"{_count(row['LUT'])} | {_count(row['FF'])} | {_count(row['stages'])} |"
        )
    source = results["hardware"][0]["source"]
    return "\n".join([*lines, "", f"LUT and FF {source}; stages are alkaid's pipelining for 5 ns."]) + "\n"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _short(formula: str) -> str:
    expr = expr_from_text(formula)
    return str(expr.xreplace({f: sp.Float(float(f), 4) for f in expr.atoms(sp.Float)}))


def plot(results: dict[str, Any], shock: Recording, formula: Candidate, path: Path) -> None:
    """Formula against network, noise, shock, bits."""
    figure, axes = plt.subplots(1, 3, figsize=(12, 3.6))
    last = shock.X[:, 1] == 1
    x = shock.X[last, 0]
    axes[0].plot(x, burgers_solution(shock.X[last]), color="0.6", lw=3, label="exact")
    axes[0].plot(x, shock.Y[last, 0], "--", label="network")
    axes[0].plot(x, formula.predict(shock.X[last]), ":", color="C3", label="formula")
    axes[0].set(xlabel="x", ylabel="u(x, 1)", title="Burgers' shock")
    axes[0].legend()
    for rule, colour in (("elbow", "C0"), ("evidence", "C1")):
        for right, marker in ((True, "o"), (False, "x")):
            some = [r for r in results["noise"] if bool(r[rule]["form"]) is right]
            label = f"{rule}: {'the form' if right else 'another'}"
            losses = [r[rule]["mse to network"] for r in some]
            axes[1].plot([100 * r["noise"] for r in some], losses, marker, color=colour, label=label)
    axes[1].set(
        xlabel="noise on the oracle, % of the spread",
        ylabel="MSE to the network",
        yscale="log",
        title="Noise",
    )
    axes[1].set_xscale("symlog", linthresh=0.1)
    axes[1].legend()
    built = [r for r in results["hardware"] if r["LUT"] is not None]
    axes[2].loglog([r["LUT"] for r in built], [r["rms to formula"] for r in built], "o-")
    for r in built:
        axes[2].annotate(f" {r['input bits']} bits", (r["LUT"], r["rms to formula"]), fontsize=8)
    axes[2].set(xlabel="LUT (Yosys)", ylabel="rms error to the formula", title="The formula as a circuit")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Run the example."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a small network, one noise seed, one circuit")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/pinn_heat"))
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    begin = time.perf_counter()
    results: dict[str, Any] = {}
    results["heat"], recording, formula = heat(args)
    print(json.dumps(results["heat"]), flush=True)
    results["noise"] = noise(recording, args)
    results["polynomials"] = polynomials(recording, args)
    results["burgers"], shock, candidate = burgers(args)
    print(json.dumps(results["burgers"]), flush=True)
    results["hardware"] = hardware(formula, recording, args)
    results["seconds"] = round(time.perf_counter() - begin)
    (args.out / "results.json").write_text(json.dumps(results, indent=1))
    plot(results, shock, candidate, args.out / "pinn_heat.png")
    print(tables(results))
    return results


if __name__ == "__main__":
    main()

"""Pair forces from a graph network: narrow messages, their formulas, rollouts of more particles, the circuit.

python examples/graph_forces/run.py            # six laws
python examples/graph_forces/run.py --quick    # the spring, a smaller network
"""

import argparse
import copy
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
from network import GraphNetwork
from simulate import COLUMNS, FORCES, Acceleration, Force, rollout, snapshots, start, true_acceleration
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from torch import Tensor, nn

from sr2hls.distil import (
    OutputPenalty,
    distil,
    elbow,
    fine_tune,
    record,
)
from sr2hls.flow.lower import lower_expressions
from sr2hls.search import OperonEngine, OperonSettings, SearchOptions
from sr2hls.search.expressions import expr_from_text

FARTHER = 1.5
"""Formulas are tried at distances so many times the largest one of training: only the law itself goes on."""


def train(
    model: GraphNetwork, data: tuple[Tensor, Tensor, Tensor], steps: int, seed: int, rate: float
) -> float:
    """Adam on the mean absolute error, in units of the spread of the accelerations."""
    pairs, mass, target = data
    generator = torch.Generator().manual_seed(seed)
    unit = target.std()

    def loss() -> Tensor:
        some = torch.randint(len(pairs), (128,), generator=generator)
        return (model(pairs[some], mass[some]) - target[some]).abs().mean() / unit

    return fine_tune(model, loss, steps=steps, learning_rate=rate).after


def in_units_of_acceleration(model: GraphNetwork) -> None:
    """Fold the update into the message: its outputs are then pair accelerations, nothing else changes."""
    model.message = nn.Sequential(model.message, model.update)
    model.update = nn.Identity()


def errors(model: GraphNetwork, data: tuple[Tensor, Tensor, Tensor]) -> float:
    """Mean absolute error of accelerations in units of their spread."""
    with torch.no_grad():
        return float((model(data[0], data[1]) - data[2]).abs().mean() / data[2].std())


def pair_r2(message: nn.Module, pairs: Tensor, force: Force) -> float:
    """Least R² of the two components of an affine map from true pair accelerations to messages."""
    true = force.pair(pairs.double()) / pairs[..., 2:3].double()
    with torch.no_grad():
        said = message(pairs)
    fitted = LinearRegression().fit(true.numpy(), said.double().numpy()).predict(true.numpy())
    return float(r2_score(said.double().numpy(), fitted, multioutput="raw_values").min())


def one_force(force: Force, args: argparse.Namespace) -> tuple[dict[str, Any], tuple[sp.Expr, ...], Tensor]:
    """Train, distil, roll out; returns results, formulas and edges."""
    clock = [time.perf_counter()]
    torch.manual_seed(args.seed)
    data, test = snapshots(force, args.systems, args.seed), snapshots(force, 60, args.seed + 1)
    model = GraphNetwork(len(COLUMNS), args.width, 2)
    train(model, data, args.steps, args.seed, 5e-3)
    train(model, data, args.steps // 3, args.seed, 5e-4)
    network_error = errors(model, test)
    pairs = test[0].flatten(0, 2)
    network_r2 = pair_r2(model.message, pairs, force)
    in_units_of_acceleration(model)
    network = copy.deepcopy(model).double()
    clock.append(time.perf_counter())

    recording = record(model, "message", [(data[0], data[1])], max_rows=6000)
    found = distil(
        recording,
        engine=OperonEngine(OperonSettings(restarts=args.restarts, max_rows=1000)),
        options=SearchOptions(operators=("+", "-", "*", "/"), max_size=20, input_names=COLUMNS),
        seed=args.seed,
    )
    clock.append(time.perf_counter())
    # Two rules of choice; the data decide between their formulas, not the network.
    double = tuple(d.double() for d in data)
    tuned = []
    for rule in (elbow, "score"):
        trial = copy.deepcopy(model).double()
        layer = found.choose(rule).put_back(trial)
        if len(layer.constants):
            train(trial, double, args.steps // 10, args.seed, 3e-3)
        tuned.append((errors(trial, double), trial, layer))
    _, model, layer = min(tuned, key=lambda t: t[0])
    clock.append(time.perf_counter())

    far = pairs.clone()
    distance = pairs[:, 8].max() * torch.linspace(1, FARTHER, len(far))
    far[:, :2] *= (distance / pairs[:, 8])[:, None]
    far[:, 8] = distance
    formula_r2, far_r2 = (pair_r2(layer, p.double(), force) for p in (pairs, far))
    rolled = rollouts(force, network, model, args)
    return (
        {
            "force": force.name,
            "potential": force.potential,
            "error of network": network_error,
            "error of formula": errors(model, tuple(d.double() for d in test)),
            "R² of messages": network_r2,
            "formula": [str(f) for f in layer.formulas(COLUMNS)],
            "R² of formula": formula_r2,
            "R² of formula, farther": far_r2,
            "law found": bool(formula_r2 > 0.999 and far_r2 > 0.999),
            "rollout of network": rolled[0],
            "rollout of formula": rolled[1],
            "seconds": dict(
                zip(("training", "search", "fine-tuning"), np.diff(clock).round(1).tolist(), strict=True)
            ),
        },
        layer.formulas(),
        pairs,
    )


def rollouts(
    force: Force, network: nn.Module, formula: nn.Module, args: argparse.Namespace
) -> tuple[float | None, ...]:
    """Median distance from the true positions of 8 particles at t = 1; None: it diverges."""
    begin = start(args.rollouts, 8, args.seed + 2, size=2.5)
    steps = 100

    def end(acceleration: Acceleration) -> Tensor:
        with torch.no_grad():
            return rollout(begin, acceleration, steps)[-1][..., :2]

    true = end(true_acceleration(force))
    distances = [float((end(m) - true).norm(dim=-1).median()) for m in (network, formula)]
    return tuple(d if np.isfinite(d) else None for d in distances)


def sparse_messages(args: argparse.Namespace) -> dict[str, Any]:
    """Instead of the bottleneck: 16 channels under an L1 penalty; how many directions are left?"""
    torch.manual_seed(args.seed)
    pairs, mass, target = snapshots(FORCES["spring"], args.systems, args.seed)
    counts = {}
    for weight in (0.0, 1.0):
        torch.manual_seed(args.seed)
        model = GraphNetwork(len(COLUMNS), args.width, 16)
        generator = torch.Generator().manual_seed(args.seed)
        with OutputPenalty(model, "message") as penalty:

            def loss(
                model: GraphNetwork = model,
                generator: torch.Generator = generator,
                penalty: OutputPenalty = penalty,
                weight: float = weight,
            ) -> Tensor:
                some = torch.randint(len(pairs), (128,), generator=generator)
                error = (model(pairs[some], mass[some]) - target[some]).abs().mean() / target.std()
                return error + weight * penalty.take()

            fine_tune(model, loss, steps=args.steps, learning_rate=5e-3)
        said = record(model, "message", [(pairs, mass)], max_rows=5000).Y
        shares = PCA().fit(said).explained_variance_ratio_
        counts[f"L1 weight {weight:g}"] = {
            "directions for 99 % of the variance": int(np.searchsorted(np.cumsum(shares), 0.99) + 1),
            "share of the first two": float(shares[:2].sum()),
            "error": errors(model, (pairs, mass, target)),
        }
    return counts


def hardware(formulas: tuple[sp.Expr, ...], pairs: Tensor, args: argparse.Namespace) -> dict[str, Any]:
    """The edge function as a circuit, from the columns that it uses; r is computed from dx and dy."""
    dx, dy, r = (sp.Symbol(f"x{COLUMNS.index(n)}") for n in ("dx", "dy", "r"))
    whole = [f.xreplace({r: sp.sqrt(dx**2 + dy**2)}) for f in formulas]
    used = sorted({int(str(s)[1:]) for f in whole for s in f.free_symbols})
    renamed = {sp.Symbol(f"x{c}"): sp.Symbol(f"x{k}") for k, c in enumerate(used)}
    built = lower_expressions(
        {name: f.xreplace(renamed) for name, f in zip(("ax", "ay"), whole, strict=True)},
        pairs[:20_000, used].numpy(),
        args.out / "circuit",
    )
    tool = built.circuit.hardware
    figures = {} if tool is None else {k: f.value for k, f in tool.figures().items()}
    return {
        "inputs": [COLUMNS[c] for c in used],
        "LUT": figures.get("lut"),
        "FF": figures.get("ff"),
        "DSP": figures.get("dsp"),
        "stages": figures.get("latency_cycles"),
        "source": "" if tool is None or tool.lut is None else str(tool.lut.provenance),
        "verified": [f"{a.executor}: {a.values} values" for a in built.circuit.agreements],
    }


def table(results: dict[str, Any]) -> str:
    """Markdown."""
    lines = [
        "| force | potential | R² of messages | formula of the x message | R² | farther | law found | "
        "rollout: network | formula | s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for r in results["forces"]:
        cells = (
            r["force"],
            r["potential"],
            f"{r['R² of messages']:.4f}",
            f"`{_short(r['formula'][0])}`",
            f"{r['R² of formula']:.5f}",
            f"{r['R² of formula, farther']:.4f}",
            "yes" if r["law found"] else "no",
            _distance(r["rollout of network"]),
            _distance(r["rollout of formula"]),
            f"{sum(r['seconds'].values()):.0f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    if "hardware" not in results:
        return "\n".join(lines) + "\n"
    lines += [
        "",
        "| 16 channels, spring | directions for 99 % | share of the first two | error |",
        "|---|---|---|---|",
    ]
    for name, row in results["sparse messages"].items():
        count = row["directions for 99 % of the variance"]
        lines.append(f"| {name} | {count} | {row['share of the first two']:.4f} | {row['error']:.3f} |")
    h = results["hardware"]
    lines += [
        "",
        f"Edge function of the spring as a circuit, inputs {', '.join(h['inputs'])} of 10 bits: "
        f"{h['LUT']:.0f} LUT, {h['FF']:.0f} FF, {h['stages']:.0f} stages of 5 ns ({h['source']}); "
        f"{'; '.join(h['verified'])} agree.",
    ]
    return "\n".join(lines) + "\n"


def _distance(value: float | None) -> str:
    return "diverges" if value is None else f"{value:.2g}"


def _short(formula: str) -> str:
    expr = expr_from_text(formula)
    return str(expr.xreplace({f: sp.Float(float(f), 4) for f in expr.atoms(sp.Float)}))


def plot(results: dict[str, Any], path: Path) -> None:
    """Rollout errors of network and formula."""
    rows = results["forces"]
    at = np.arange(len(rows))
    figure, axis = plt.subplots(figsize=(6.4, 3.4))
    axis.bar(at - 0.2, [r["rollout of network"] or np.nan for r in rows], 0.4, label="network")
    axis.bar(at + 0.2, [r["rollout of formula"] or np.nan for r in rows], 0.4, label="formula")
    axis.set_xticks(at, [r["force"] for r in rows])
    axis.set(yscale="log", ylabel="median distance at t = 1", title="8 particles, trained on 4")
    axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Run the example."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the spring, a small network, few steps")
    parser.add_argument("--forces", nargs="+", choices=list(FORCES), default=list(FORCES))
    parser.add_argument("--systems", type=int, default=300, help="simulations for training")
    parser.add_argument("--width", type=int, default=48)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--rollouts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/graph_forces"))
    args = parser.parse_args(argv)
    if args.quick:
        args.forces, args.systems, args.width, args.steps, args.restarts, args.rollouts = (
            ["spring"],
            40,
            24,
            500,
            1,
            4,
        )
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {"forces": []}
    spring = None
    for name in args.forces:
        row, formulas, pairs = one_force(FORCES[name], args)
        print(json.dumps(row, ensure_ascii=False), flush=True)
        results["forces"].append(row)
        if name == "spring":
            spring = formulas, pairs
    if spring is not None:
        results["sparse messages"] = sparse_messages(args)
        results["hardware"] = hardware(*spring, args)
    (args.out / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False))
    plot(results, args.out / "graph_forces.png")
    print(table(results))
    return results


if __name__ == "__main__":
    main()

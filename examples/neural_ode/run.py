"""A neural ODE becomes its equations: train, distil the field, put it back, fine-tune, round.

python examples/neural_ode/run.py            # five seeds
python examples/neural_ode/run.py --quick    # one seed, fewer steps
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import sympy as sp
import torch
from flow import Field, NeuralODE, Segments, segment_loss, trajectories

from sr2hls.distil import Distilled, distil, fine_tune, record
from sr2hls.search import OperonEngine, OperonSettings, SearchOptions

X, Y = sp.symbols("x0 x1")
TRUTH = (Y / (1 + Y), -X / (1 + X))
GRID = 0.01


def learn(args: argparse.Namespace, seed: int) -> tuple[NeuralODE, Segments]:
    """Train the network on pieces of trajectories, short ones first."""
    torch.manual_seed(seed)
    segments = Segments(trajectories(args.paths, seed).float(), seed)
    model = NeuralODE(Field(args.width))
    for steps, share, rate in ((1, 1.0, 1e-2), (5, 0.2, 1e-3)):
        fine_tune(
            model,
            lambda steps=steps: segment_loss(model, segments, 256, steps),
            steps=round(share * args.steps),
            learning_rate=rate,
        )
    return model, segments


def search(model: NeuralODE, segments: Segments, args: argparse.Namespace, seed: int) -> Distilled:
    """Search both outputs of the field on what it sees when the model runs along trajectories."""
    start, _ = segments.draw(200, 0)
    return distil(
        record(model, "field", lambda: model(start, 20), features=lambda columns: columns[:, 1:]),  # no time
        engine=OperonEngine(OperonSettings(restarts=args.restarts, max_rows=1000)),
        options=SearchOptions(operators=("+", "-", "*", "/"), max_size=15, input_names=("x", "y")),
        seed=seed,
    )


def one_seed(args: argparse.Namespace, seed: int) -> tuple[dict[str, Any], NeuralODE]:
    """The whole road for one seed; returns its row and the model with the formula inside."""
    begin = time.perf_counter()
    model, segments = learn(args, seed)
    trained = time.perf_counter()
    with torch.no_grad():
        network_loss = float(segment_loss(model, segments, 500, 10))
    found = search(model, segments, args, seed)
    searched = time.perf_counter()
    layer = found.put_back(model)
    model.double()
    exact = Segments(segments.paths.double(), seed)
    tuned = fine_tune(
        model,
        lambda: segment_loss(model, exact, 64, 10),
        steps=args.tune,
        learning_rate=3e-3,
        parameters=[layer.constants],
    )
    before = layer.formulas(("x", "y"))
    rounded = layer.round_constants(GRID)
    with torch.no_grad():
        rounded_loss = float(segment_loss(model, exact, 500, 10))
    row = {
        "seed": seed,
        "found": [str(f) for f in found.named],
        "fidelity (R²)": found.fidelity,
        "fine-tuned": [str(f) for f in before],
        "rounded": [str(sp.together(f)) for f in layer.formulas(("x", "y"))],
        "exact": all(sp.simplify(sp.nsimplify(f) - t) == 0 for f, t in zip(rounded, TRUTH, strict=True)),
        "loss of network": network_loss,
        "loss before fine-tuning": tuned.before,
        "loss after fine-tuning": tuned.after,
        "loss after rounding": rounded_loss,
        "training s": trained - begin,
        "search s": searched - trained,
        "fine-tuning s": time.perf_counter() - searched,
    }
    return row, model


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown."""
    lines = [
        "| seed | dx/dt, dy/dt after rounding | exact | loss: network | formula | fine-tuned | rounded | s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        seconds = r["training s"] + r["search s"] + r["fine-tuning s"]
        lines.append(
            f"| {r['seed']} | `{r['rounded'][0]}`, `{r['rounded'][1]}` | {'yes' if r['exact'] else 'no'} | "
            f"{r['loss of network']:.1e} | {r['loss before fine-tuning']:.1e} | "
            f"{r['loss after fine-tuning']:.1e} | {r['loss after rounding']:.1e} | {seconds:.0f} |"
        )
    return "\n".join(lines) + f"\n\n{sum(r['exact'] for r in rows)} of {len(rows)} seeds exact.\n"


def plot(model: NeuralODE, path: Path) -> None:
    """The last seed's equations beside the truth, far beyond the length of training."""
    true = trajectories(6, 99, end=30.0)
    with torch.no_grad():
        found = model(true[0], len(true) - 1)
    figure, axis = plt.subplots(figsize=(4.6, 4.2))
    for k in range(true.shape[1]):
        axis.plot(*true[:, k].T, color="0.7", lw=3, label="truth" if k == 0 else None)
        axis.plot(*found[:, k].T, "--", color="C0", lw=1, label="rounded formula" if k == 0 else None)
    axis.set(xlabel="x", ylabel="y", title="30 time units, trained on pieces of 0.1 to 1")
    axis.legend(loc="upper right")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(argv: list[str] | None = None) -> list[dict[str, Any]]:
    """Run the example."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one seed, a small network, few steps")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=2500, help="training steps, one step of the solver each")
    parser.add_argument("--tune", type=int, default=500, help="steps of fine-tuning")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--paths", type=int, default=256)
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("runs/neural_ode"))
    args = parser.parse_args(argv)
    if args.quick:
        args.seeds, args.steps, args.tune, args.width, args.paths, args.restarts = 1, 400, 60, 32, 64, 1
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for seed in range(args.seeds):
        row, model = one_seed(args, seed)
        rows.append(row)
        print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
    plot(model, args.out / "neural_ode.png")
    (args.out / "results.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False))
    print(table(rows))
    return rows


if __name__ == "__main__":
    main()

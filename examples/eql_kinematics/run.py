"""Kinematics and simple harmonic oscillator: an encoder and a recurrent equation learner, end to end.

python examples/eql_kinematics/run.py                        # kinematics, half a minute of one core
python examples/eql_kinematics/run.py --quick                # a short run: the road, not the figures
python examples/eql_kinematics/run.py --system oscillator    # some minutes
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
from data import SYSTEMS, System, Trajectories, trajectories
from law import Law, law_of, rounded
from model import Model
from torch import Tensor

from sr2hls.search.eql.joint import JointPruning, prune_jointly, refine_jointly, train_jointly
from sr2hls.search.eql.training import SparsifyOptions


@dataclass(frozen=True)
class Training:
    """Settings of the training for one system.

    Attributes:
        train: pairs of trajectories.
        horizon: steps ahead in the first stage.
        trials: models trained in one batch.
        penalty: weight of the sparsity penalty.
        slack: how far the loss may rise when weights go.
        refit: L-BFGS iterations of the last refit.
    """

    train: int
    horizon: int
    trials: int
    penalty: float
    slack: float
    refit: int


# An oscillator shows its frequency only over many steps.
TRAINING = {
    "kinematics": Training(128, 5, 4, 2e-3, 2.0, 200),
    "oscillator": Training(512, 25, 4, 2e-3, 2.0, 200),
}


@dataclass(frozen=True)
class Result:
    """One line of the table; ``seconds`` are of one core."""

    system: str
    propagator: str
    formulas: tuple[str, ...]
    recovered: bool | None
    largest_coefficient_error: float | None
    latent_correlation: float
    errors: dict[int, float]
    seconds: float


def losses(model: Model, data: Trajectories, steps: int) -> Tensor:
    """Mean squared error of each trial, in units of the variance of position and velocity."""
    true = data.path[:, :steps]
    error = ((model(data.seen, data.start, steps) - true) ** 2).mean((1, 2))
    return (error / true.var((0, 1))).mean(1)


def train(system: System, relu: bool, args: argparse.Namespace) -> tuple[Model, Law | None]:
    """Two stages: sparse training of all trials, then pruning and refitting of the best."""
    fit = trajectories(system, args.train, system.train_steps, args.seed)
    held_out = trajectories(system, args.validation, system.train_steps, args.seed + 1)
    model = Model(args.trials, system, relu, args.seed)
    single = fit.to(torch.float32)

    def loss(step: int) -> Tensor:
        # one step first, then ever further ahead
        ahead = 1 + int((min(system.train_steps, args.horizon) - 1) * min(1.0, 2 * step / args.steps))
        return losses(model, single, ahead)

    options = SparsifyOptions(
        steps=args.steps, penalty=args.penalty, threshold=0.01, final_penalty=0.1, penalty_spread=3.0
    )
    if relu:
        optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
        for step in range(args.steps):
            for group in optimizer.param_groups:
                group["lr"] = 0.2 * options.learning_rate_at(step)
            optimizer.zero_grad()
            loss(step).sum().backward()
            optimizer.step()
        model.eval()
    else:
        train_jointly(model, [model.propagator], loss, options)
    with torch.no_grad():
        score = losses(model, held_out.to(torch.float32), system.train_steps)
    if not relu:
        # at equal loss the sparser: three weights count as much as a factor of 2
        score = torch.log2(score.clamp(min=1e-12)) + model.propagator.active() / 3
    best = model.best(int(torch.nan_to_num(score, nan=torch.inf).argmin()))

    def whole() -> Tensor:
        return losses(best, fit, system.train_steps).sum()

    if relu:
        refine_jointly(best, whole, args.refit)
        return best, None
    pruning = JointPruning(slack=args.slack, floor=args.floor, refit_steps=args.refit // 5)
    prune_jointly(best, [best.propagator], whole, pruning)
    refine_jointly(best, whole, args.refit)
    return best, law_of(best.propagator.formulas(), system)


@torch.no_grad()
def errors(model: Model, data: Trajectories, steps: int) -> np.ndarray:
    """Median over trajectories of |d - d_true| at each step, in units of the spread of d in training."""
    path = model(data.seen, data.start, steps)[0]
    return torch.nan_to_num((path - data.path)[..., 0].abs(), nan=1e30).median(0).values.numpy()


def run(system: System, args: argparse.Namespace) -> tuple[list[Result], dict[str, np.ndarray]]:
    """Train EQL and the control, and test both far beyond the horizon of training."""
    test = trajectories(system, 200, args.test_steps or system.test_steps, args.seed + 2)
    results: list[Result] = []
    curves: dict[str, np.ndarray] = {}
    for relu in (False, True):
        begin = time.process_time()
        model, law = train(system, relu, args)
        seconds = time.process_time() - begin
        with torch.no_grad():
            z = model.encoder(test.seen)[0, :, 0]
        steps = test.path.shape[1]
        curve = errors(model, test, steps)
        name = "ReLU network" if relu else "EQL"
        curves[name] = curve
        marks = [m for m in (1, system.train_steps, 2 * system.train_steps, steps) if m <= steps]
        result = Result(
            system.name,
            name,
            () if law is None else tuple(rounded(f) for f in law.formulas),
            None if law is None else law.recovered,
            None if law is None else law.error,
            abs(float(np.corrcoef(z.numpy(), test.parameter.numpy())[0, 1])),
            {m: float(curve[m - 1]) for m in sorted(set(marks))},
            round(seconds, 1),
        )
        print(json.dumps(asdict(result), ensure_ascii=False), flush=True)
        results.append(result)
    return results, curves


def completed(args: argparse.Namespace, system: System) -> argparse.Namespace:
    """The arguments with the settings of a system where none are given."""
    chosen = argparse.Namespace(**vars(args))
    quick = {"trials": 1, "refit": 40, "train": 128} if args.quick else {}
    for name, value in (asdict(TRAINING[system.name]) | quick).items():
        if getattr(args, name) is None:
            setattr(chosen, name, value)
    return chosen


def plot(system: System, curves: dict[str, np.ndarray], path: Path) -> None:
    """Error against the number of predicted steps."""
    figure, axis = plt.subplots(figsize=(5.2, 3.8))
    for (label, curve), style in zip(curves.items(), ("-", "--"), strict=True):
        axis.plot(np.arange(1, len(curve) + 1), np.clip(curve, 1e-12, 1e6), style, label=label)
    axis.axvline(system.train_steps, color="0.6", lw=1)
    axis.annotate(
        "end of training", (system.train_steps, 1.02), xycoords=("data", "axes fraction"), fontsize=8
    )
    axis.set(yscale="log", xlabel="predicted steps", ylabel="median |d - true d|")
    axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def table(results: list[Result]) -> str:
    """Markdown."""
    lines = [
        "| system | propagator | error after steps: median abs(d - true d) | correlation of latent | CPU s |"
    ]
    lines.append("|---|---|---|---|---|")
    for r in results:
        marks = ", ".join(f"{step}: {value:.1e}" for step, value in r.errors.items())
        lines.append(
            f"| {r.system} | {r.propagator} | {marks} | {r.latent_correlation:.4f} | {r.seconds:.0f} |"
        )
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> list[Result]:
    """Run the example."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--system", choices=[*SYSTEMS, "both"], default="kinematics")
    parser.add_argument("--quick", action="store_true", help="a short run")
    parser.add_argument("--steps", type=int, default=None, help="Adam steps of the first stage")
    for field in fields(Training):
        kind = float if field.name in ("penalty", "slack") else int
        parser.add_argument(f"--{field.name}", type=kind, default=None, help="default: as the system needs")
    parser.add_argument("--validation", type=int, default=64)
    parser.add_argument("--floor", type=float, default=1e-7, help="losses below count as zero")
    parser.add_argument("--test-steps", type=int, default=None)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    args = parser.parse_args(argv)
    args.steps = args.steps or (250 if args.quick else 1500)
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []
    for system in SYSTEMS.values() if args.system == "both" else [SYSTEMS[args.system]]:
        found, curves = run(system, completed(args, system))
        results += found
        plot(system, curves, args.out / f"{system.name}.png")
        text = json.dumps([asdict(r) for r in found], indent=1, ensure_ascii=False)
        (args.out / f"{system.name}.json").write_text(text + "\n", encoding="utf-8")
    print(table(results))
    return results


if __name__ == "__main__":
    main()

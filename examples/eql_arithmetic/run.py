"""The sum of two pictures of digits: a convolutional encoder and an equation learner, trained end to end.

python examples/eql_arithmetic/run.py            # everything
python examples/eql_arithmetic/run.py --quick    # a short run that shows the road, not the figures
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import sympy
import torch
from data import Pairs, Pictures, pairs, pictures
from model import SCALE, Model
from torch import Tensor

from sr2hls.search.eql.joint import JointPruning, prune_jointly, train_jointly
from sr2hls.search.eql.training import SparsifyOptions

HERE = Path(__file__).parent
KINDS = ("seen", "new pairs", "new sums")


@dataclass(frozen=True)
class Result:
    """One line of the table.

    Attributes:
        head: equation learner or control.
        formula: sum over the codes z1, z2 of the pictures; empty for the control.
        in_digits: the same with the code of a picture as a linear function of its digit.
        linear: whether the formula is linear in both codes, with equal slopes to 5 %.
        accuracy: share of the test pairs whose sum, rounded, is right, by kind of pair.
        error: mean absolute error on test pairs, by kind.
        seconds: CPU seconds for training.
    """

    head: str
    formula: str
    in_digits: str
    linear: bool | None
    accuracy: dict[str, float]
    error: dict[str, float]
    seconds: float


def squared_error(model: Model, source: Pictures, some: Pairs) -> Tensor:
    """Mean squared error in units of `SCALE`."""
    return ((model(source.images, some.first, some.second) - some.total) ** 2).mean() / SCALE**2


def train(relu: bool, source: Pictures, args: argparse.Namespace) -> Model:
    """First train everything with the sparsity penalty, then prune the head and refit everything."""
    model = Model(relu, args.seed)
    random = np.random.default_rng(args.seed + 1)
    noise = torch.Generator().manual_seed(args.seed)

    def loss(step: int) -> Tensor:
        rows = torch.from_numpy(random.permutation(len(source.digits))[:256])
        noisy = source.images[rows] + 0.1 * torch.randn(len(rows), 1, 8, 8, generator=noise)
        some = Pictures(noisy, source.digits[rows])
        return squared_error(model, some, pairs(some, 1024, "seen", random))

    options = SparsifyOptions(steps=args.steps, learning_rate=2e-3, penalty=args.penalty, final_penalty=0.3)
    if relu:
        optimizer = torch.optim.Adam(model.parameters())
        for step in range(args.steps):
            for group in optimizer.param_groups:
                group["lr"] = options.learning_rate_at(step)
            optimizer.zero_grad()
            loss(step).backward()
            optimizer.step()
        return model.eval()
    train_jointly(model, [model.head], loss, options)
    model.double()
    exact = Pictures(source.images.double(), source.digits)
    many = pairs(source, args.pairs, "seen", random)

    def whole() -> Tensor:
        return squared_error(model, exact, many)

    pruning = JointPruning(slack=2.0, floor=args.floor, refit_steps=args.refit, tries=3)
    prune_jointly(model, [model.head], whole, pruning)
    return model.float().eval()


@torch.no_grad()
def judge(model: Model, relu: bool, source: Pictures, args: argparse.Namespace, seconds: float) -> Result:
    """Score on pairs of test pictures, and write the formula in digits."""
    random = np.random.default_rng(args.seed + 2)
    accuracy, error = {}, {}
    for kind in KINDS:
        some = pairs(source, 2000, kind, random)
        difference = model(source.images, some.first, some.second) - some.total
        accuracy[kind] = float((difference.abs() < 0.5).float().mean())
        error[kind] = float(difference.abs().mean())
    if relu:
        return Result("ReLU network", "", "", None, accuracy, error, seconds)
    z1, z2, d1, d2 = sympy.symbols("z1 z2 d1 d2")
    x0, x1 = sympy.symbols("x0 x1")
    formula = sympy.expand(SCALE * model.head.formulas()[0]).subs({x0: z1, x1: z2})
    slope, offset = np.polyfit(source.digits.numpy(), model.codes(source.images).numpy(), 1)
    in_digits = sympy.expand(formula.subs({z1: slope * d1 + offset, z2: slope * d2 + offset}))
    linear = False
    if formula.is_polynomial(z1, z2) and sympy.Poly(formula, z1, z2).total_degree() == 1:
        a, b = (float(formula.coeff(z)) for z in (z1, z2))
        linear = a != 0 and abs(a - b) < 0.05 * abs(a)
    return Result("EQL", rounded(formula), rounded(in_digits), bool(linear), accuracy, error, seconds)


def rounded(expr: sympy.Expr) -> str:
    """For reading."""
    return str(expr.xreplace({n: sympy.Float(round(float(n), 3)) for n in expr.atoms(sympy.Float)}))


@torch.no_grad()
def plot(models: dict[str, Model], source: Pictures, seed: int, path: Path) -> None:
    """Predicted against true sum on test pictures."""
    figure, axes = plt.subplots(1, len(models), figsize=(4.6 * len(models), 3.8), sharey=True)
    for axis, (name, model) in zip(axes, models.items(), strict=True):
        random = np.random.default_rng(seed)
        for kind, colour in zip(KINDS, ("0.6", "tab:blue", "tab:red"), strict=True):
            some = pairs(source, 400, kind, random)
            predicted = model(source.images, some.first, some.second).numpy()
            jitter = random.uniform(-0.25, 0.25, len(predicted))
            axis.plot(some.total.numpy() + jitter, predicted, ".", ms=2.5, color=colour, label=kind)
        axis.plot([0, 18], [0, 18], "k-", lw=0.7)
        axis.set(xlabel="true sum", title=name)
    axes[0].set_ylabel("predicted sum")
    axes[0].legend(markerscale=4)
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    plt.close(figure)


def table(results: list[Result]) -> str:
    """Markdown."""
    lines = [
        "| head | " + " | ".join(f"{k}: right, mean error" for k in KINDS) + " | CPU s |",
        "|---|---|---|---|---|",
    ]
    for r in results:
        cells = [f"{r.accuracy[k]:.3f}, {r.error[k]:.2f}" for k in KINDS]
        lines.append(f"| {r.head} | " + " | ".join(cells) + f" | {r.seconds:.0f} |")
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> list[Result]:
    """Run the example."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a short run")
    parser.add_argument("--steps", type=int, default=None, help="Adam steps of the first stage")
    parser.add_argument("--train", type=int, default=1300, help="pictures for training")
    parser.add_argument("--pairs", type=int, default=5000, help="pairs for training")
    parser.add_argument("--penalty", type=float, default=3e-3)
    parser.add_argument("--floor", type=float, default=2e-3, help="losses below count as zero")
    parser.add_argument("--refit", type=int, default=20, help="L-BFGS iterations after a removal")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE / "results")
    args = parser.parse_args(argv)
    args.steps = args.steps or (300 if args.quick else 1200)
    torch.set_num_threads(1)
    source, test = pictures(args.train, args.seed)
    results: list[Result] = []
    models: dict[str, Model] = {}
    for relu in (False, True):
        begin = time.process_time()
        model = train(relu, source, args)
        result = judge(model, relu, test, args, round(time.process_time() - begin, 1))
        print(json.dumps(asdict(result)), flush=True)
        results.append(result)
        models[result.head] = model
    args.out.mkdir(parents=True, exist_ok=True)
    plot(models, test, args.seed, args.out / "sums.png")
    (args.out / "results.json").write_text(json.dumps([asdict(r) for r in results], indent=1) + "\n")
    print(table(results))
    return results


if __name__ == "__main__":
    main()

"""The first stage as hardware: f a formula, g still a network, in one hls4ml project; beside all-network.

python examples/staged/hybrid.py            # the comparison
python examples/staged/hybrid.py --quick    # fewer steps
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp
import torch
from model import ELEMENTS, FEATURES, TwoLevels, data
from numpy.typing import NDArray
from torch import nn

from sr2hls.baseline.alkaid import to_alkaid as network_logic
from sr2hls.baseline.quantised_network import FloatLayer
from sr2hls.baseline.train import TrainingOptions, train_quantized
from sr2hls.distil import distil, fine_tune, record
from sr2hls.hls.compiled import CompiledProgram
from sr2hls.hls.hybrid import ProgramModule, write_hybrid
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.lower_formulas import Lowering, relative_errors
from sr2hls.program.passes import optimize
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.rtl.lower_program import to_alkaid as program_logic
from sr2hls.search import OperonEngine, OperonSettings, SearchOptions
from sr2hls.target import Target

INPUTS = ELEMENTS * FEATURES
INPUT = FixedType(True, 10, 3, Rounding.RND, Overflow.SAT)
PRECISION = "ap_fixed<18,8>"
BITS = 8
"""Weights and values of the networks whose area is estimated."""


def train(model: nn.Module, steps: int, seed: int, rate: float) -> None:
    """Adam on fresh batches of 500."""
    x, y = data(8000, seed)
    generator = torch.Generator().manual_seed(seed)

    def loss() -> torch.Tensor:
        batch = torch.randint(len(x), (500,), generator=generator)
        return ((model(x[batch]) - y[batch]) ** 2).mean()

    fine_tune(model, loss, steps=steps, learning_rate=rate)


def flattened(model: TwoLevels) -> nn.Sequential:
    """The whole network as a chain: f once for each element, their mean, g."""
    a, b, c = (model.f[k] for k in (0, 2, 4))
    chain: list[nn.Module] = [_blocks(a), nn.ReLU(), _blocks(b), nn.ReLU()]
    mean = nn.Linear(ELEMENTS * c.in_features, 1)
    with torch.no_grad():
        mean.weight.copy_(c.weight.repeat(1, ELEMENTS) / ELEMENTS)
        mean.bias.copy_(c.bias)
    return nn.Sequential(*chain, mean, *model.g)


def _blocks(layer: nn.Linear) -> nn.Linear:
    wide = nn.Linear(ELEMENTS * layer.in_features, ELEMENTS * layer.out_features)
    with torch.no_grad():
        wide.weight.copy_(torch.block_diag(*[layer.weight] * ELEMENTS))
        wide.bias.copy_(layer.bias.repeat(ELEMENTS))
    return wide


def formula_program(formula: sp.Expr, x: NDArray[np.float64]) -> Program:
    """The mean of the formula over the elements, as a program of all inputs."""
    symbols = sp.symbols(f"x0:{INPUTS}")
    each = [
        formula.xreplace(
            dict(zip(symbols[:FEATURES], symbols[FEATURES * k : FEATURES * (k + 1)], strict=True))
        )
        for k in range(ELEMENTS)
    ]
    types = {str(s): INPUT for s in symbols}
    lowering = Lowering({"s": sp.Add(*each) / ELEMENTS}, types, x)
    return optimize(lowering.within(relative_errors(lowering, 0.002)).program)


def estimated_luts(chain: nn.Sequential, inputs: FixedType, x: NDArray[np.float64]) -> float:
    """Area of a dense network trained at `BITS` bits, by alkaid's model."""
    layers = []
    for k, layer in enumerate(chain):
        if isinstance(layer, nn.Linear):
            activation = "relu" if k + 1 < len(chain) else "linear"
            weights = layer.weight.detach().double().numpy().T
            layers.append(FloatLayer(weights, layer.bias.detach().double().numpy(), activation))
    with torch.no_grad():
        wanted = chain(torch.as_tensor(x, dtype=torch.float32)).double().numpy()
    network = train_quantized(
        layers,
        [inputs] * x.shape[1],
        np.round(x / inputs.step) * inputs.step,
        wanted,
        lambda a, b: ((a - b) ** 2).mean(),
        weight_bits=BITS,
        activation_bits=BITS,
        output_names=["y"],
        options=TrainingOptions(epochs=1),
    )
    return float(network_logic(network).cost)


def r2(values: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Coefficient of determination."""
    return float(1 - ((values - truth) ** 2).mean() / truth.var())


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Run the example."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer steps, one restart")
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/hybrid"))
    args = parser.parse_args(argv)
    if args.quick:
        args.width, args.steps = 12, 500
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)
    model = TwoLevels(args.width, nn.ReLU)
    train(model, args.steps, args.seed, 1e-2)
    whole = flattened(model)
    f, x = model.f, data(500, args.seed)[0]
    found = distil(
        record(model, "f", x),
        engine=OperonEngine(OperonSettings(restarts=1 if args.quick else 6, max_rows=500)),
        options=SearchOptions(operators=("+", "-", "*", "/", "cos"), max_size=20),
        seed=args.seed,
    )
    layer = found.put_back(model)
    # g is trained on behind the formula, whose constants move with it
    train(model, args.steps, args.seed + 1, 3e-3)

    test, truth = data(4000, args.seed + 100)
    flat = test.reshape(len(test), INPUTS).double().numpy()
    raw = np.clip(np.floor(flat / INPUT.step + 0.5), INPUT.raw_min, INPUT.raw_max).astype(np.int64)
    program = formula_program(layer.formulas()[0], flat)
    shared = {"target": Target(), "precision": PRECISION}
    hybrid = write_hybrid(
        nn.Sequential(ProgramModule(program), *model.g),
        args.out / "hybrid",
        n_inputs=INPUTS,
        input_type=INPUT,
        name="hybrid",
        **shared,
    )
    network = write_hybrid(
        whole, args.out / "network", n_inputs=INPUTS, input_type=INPUT, name="network", **shared
    )
    alone = write_hybrid(
        nn.Sequential(*model.g),
        args.out / "g",
        n_inputs=1,
        input_type=program.output_types[0],
        name="g",
        **shared,
    )
    said, said_network = CompiledProgram(hybrid).run(raw), CompiledProgram(network).run(raw)
    middle = Interpreter(program).run(raw)
    differences = int((CompiledProgram(alone).run(middle) != said).sum())
    wanted = truth[:, 0].double().numpy()
    with torch.no_grad():
        floats = {"network": whole(torch.as_tensor(flat).float()), "hybrid": model(test)}
    luts_f = estimated_luts(f, INPUT, flat[:, :FEATURES])
    steps = np.array([t.step for t in program.output_types])
    luts_g = estimated_luts(model.g, program.output_types[0], middle * steps)
    luts_formula = float(program_logic(program).cost)
    results = {
        "f": str(layer.formulas()[0]),
        "R² of f": found.fidelity[0],
        "R² in float": {k: r2(v[:, 0].double().numpy(), wanted) for k, v in floats.items()},
        "R² of the C++": {
            "network": r2(said_network[:, 0] * network.output_types[0].step, wanted),
            "hybrid": r2(said[:, 0] * hybrid.output_types[0].step, wanted),
        },
        "values compared with formula and g apart": len(raw),
        "differences": differences,
        "estimated LUT": {
            "four f": ELEMENTS * luts_f,
            "mean of the formula": luts_formula,
            "g": luts_g,
            "network": ELEMENTS * luts_f + luts_g,
            "hybrid": luts_formula + luts_g,
        },
    }
    (args.out / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False))
    print(table(results))
    return results


def table(results: dict[str, Any]) -> str:
    """Markdown."""
    luts = results["estimated LUT"]
    lines = ["| | all network | f a formula |", "|---|---|---|"]
    for name in ("R² in float", "R² of the C++"):
        lines.append(f"| {name} | {results[name]['network']:.4f} | {results[name]['hybrid']:.4f} |")
    lines += [
        f"| LUT of f (four copies), estimated | {luts['four f']:.0f} | {luts['mean of the formula']:.0f} |",
        f"| LUT in all, estimated | {luts['network']:.0f} | {luts['hybrid']:.0f} |",
        "",
        f"f is `{results['f']}`. The C++ of the hybrid project and formula and network apart differ in "
        f"{results['differences']} of {results['values compared with formula and g apart']} values.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

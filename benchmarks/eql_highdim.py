"""Many inputs and outputs: digits (64 to 10) and jets (16 to 5) by equation learners under LUT budgets.

python benchmarks/eql_highdim.py                          # both, some minutes on one core
python benchmarks/eql_highdim.py --sets jets --budgets 1000

Each design is compiled, compared bit for bit as C++ and as Verilog with the interpreter, and synthesised.
"""

import argparse
import copy
import datetime
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import sympy
import torch
from eql_highdim_page import page
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

from sr2hls.circuit import build_circuit
from sr2hls.costs import area, estimated_luts
from sr2hls.design import ROWS, Design, Proposal, check_design, optimised
from sr2hls.options import CompileOptions, Synthesis
from sr2hls.prepare import prepare
from sr2hls.problem import Problem, Split
from sr2hls.program.lower_formulas import Lowering
from sr2hls.program.precision import PrecisionOptions, fit_precision
from sr2hls.program.types import FixedType
from sr2hls.progress import SilentProgress
from sr2hls.search.eql.compact import CompactOptions, train_compact
from sr2hls.search.eql.eql_network import EQLNetwork
from sr2hls.search.eql.primitives import Primitive, units
from sr2hls.search.eql.pruning import StructureCost, used_inputs
from sr2hls.store.files import write_text
from sr2hls.target import Target
from sr2hls.teacher.task import Task

ROOT = Path(__file__).parents[1]
JETS = ROOT / "examples" / "jet_tagger"


def limit_fan_in(network: EQLNetwork, count: int, generator: torch.Generator) -> None:
    """Leave each argument of the first hidden layer only ``count`` inputs, dealt out evenly.

    A function of one or two inputs of few bits is a table of a few LUTs, whatever the function.
    """
    arch = network.architecture
    arguments = arch.fan_out[0]
    rounds = -(-arguments * count // arch.n_inputs)
    deck = torch.cat([torch.randperm(arch.n_inputs, generator=generator) for _ in range(rounds)])
    hands = deck[: arguments * count].view(arguments, count)
    masks = [m.clone() for m in network.masks]
    seen = torch.zeros(arguments, arch.n_inputs, dtype=torch.bool).scatter(1, hands, True)
    masks[0][:, :-1] &= seen.T
    network.set_masks(masks)


@dataclass(frozen=True)
class Kind:
    """A kind of network.

    Attributes:
        units: operators of the hidden layer and how many of each.
        fan_in: most inputs of a unit; ``None`` for any number.
        budgets: LUTs by the cost model that are pruned down to, one after the other.
    """

    units: tuple[tuple[str, int], ...]
    fan_in: int | None
    budgets: tuple[int, ...]


FREE = (("square", 4), ("tanh", 8), ("relu", 12), ("*", 4))
KINDS: dict[str, dict[str, Kind]] = {
    "jets": {
        "any number of inputs a unit": Kind(FREE, None, (6000, 3000, 1500)),
        "one input a unit": Kind((("square", 16), ("sin", 16), ("tanh", 48)), 1, (6000, 3000, 1500)),
    },
    "digits": {"any number of inputs a unit": Kind(FREE, None, (6000, 3500, 2000))},
}


@dataclass(frozen=True)
class Row:
    """A design."""

    data: str
    kind: str
    budget: int
    steps: int
    weights: int
    inputs: int
    operators: int
    accuracy_teacher: float
    accuracy_network: float
    accuracy: float
    agreement: float
    lut: float | None
    ff: float | None
    dsp: float | None
    cycles: float | None
    latency_ns: float | None
    compared: int
    train_cpu_s: float
    seconds: float
    tool: str
    date: str


def jets() -> tuple[Problem, Tensor]:
    """The jets, 6 bits a feature; what is learned are the probabilities of the network."""
    options = CompileOptions(
        checkpoint=JETS / "jet_tagger.onnx", data=JETS / "jets.npz", output=Path(tempfile.gettempdir())
    )
    problem = prepare(options, SilentProgress()).problem
    return problem, torch.softmax(torch.from_numpy(problem.train.outputs), 1).float()


def digits() -> tuple[Problem, Tensor]:
    """scikit-learn's digits, 4 bits a pixel, and a network 64-32-10 trained here; labels are learned."""
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    pixel = FixedType(False, 4, 0)
    X = np.minimum(data.images[order].reshape(-1, 64), 15) / 16
    y = data.target[order]
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3, weight_decay=0.05)
    inputs, labels = torch.from_numpy(X).float(), torch.from_numpy(y)
    for _ in range(300):
        optimizer.zero_grad()
        functional.cross_entropy(network(inputs[:1100]), labels[:1100]).backward()
        optimizer.step()
    with torch.no_grad():
        outputs = network(inputs).double().numpy()
    names = [f"x{i}" for i in range(64)]
    parts = [slice(0, 1100), slice(1100, 1400), slice(1400, None)]
    splits = [Split(X[s], outputs[s], y[s]) for s in parts]
    shown = tuple(f"pixel{i}" for i in range(64))
    classes = tuple(str(i) for i in range(10))
    return Problem(
        Task.LOGITS, dict.fromkeys(names, pixel), tuple(f"y{k}" for k in range(10)), shown, classes, *splits
    ), labels[:1100]


SETS: dict[str, Callable[[], tuple[Problem, Tensor]]] = {"jets": jets, "digits": digits}


def designs(name: str, kind: str, args: argparse.Namespace) -> list[Row]:
    """One network, pruned from budget to budget; a design at each."""
    problem, wanted = SETS[name]()
    spec = KINDS[name][kind]
    x = torch.from_numpy(problem.train.inputs).float()
    network = EQLNetwork(
        x.shape[1], problem.n_outputs, n_layers=1, layer_units=_layer(spec), skip=spec.fan_in is None,
        init_std=0.3, seed=args.seed,
    )  # fmt: skip
    with torch.no_grad():
        # units look at different places from the start
        network.weights[0][:, -1].normal_(0, 0.3, generator=torch.Generator().manual_seed(args.seed))
    if spec.fan_in is not None:
        limit_fan_in(network, spec.fan_in, torch.Generator().manual_seed(args.seed))
    cost = StructureCost.of(network.architecture, area(estimated_luts("ap_fixed<8,3>")))
    rows: list[Row] = []
    for budget in args.budgets or spec.budgets:
        begin = time.process_time()
        training = CompactOptions(args.steps, digits=None, prune_from=0.1 if rows else 0.25, prune_until=0.8,
                                  round_from=0.9)  # fmt: skip
        train_compact(network, x, wanted, cost, budget, training, args.seed)
        rounded = copy.deepcopy(network)
        finish = CompactOptions(args.steps // 2, 2e-3, prune_from=0.0, prune_until=0.01, round_from=0.1,
                                digits=args.digits)  # fmt: skip
        train_compact(rounded, x, wanted, cost, budget, finish, args.seed)
        spent = time.process_time() - begin
        print(
            f"{name}, {kind}, {budget}: trained in {spent:.0f} CPU s, {int(rounded.active())} weights",
            flush=True,
        )
        rows.append(design(name, kind, budget, problem, rounded, spent, args))
        print(json.dumps(asdict(rows[-1])), flush=True)
        _keep(args.out, rows[-1])
    return rows


def _layer(spec: Kind) -> tuple[Primitive, ...]:
    """Steep units tell nearby values apart: tanh(5z)."""
    return tuple(replace(u, scale=5.0) if u.operator == "tanh" else u for u in units(spec.units))


def compiled(problem: Problem, formulas: dict[str, sympy.Expr], max_loss: float) -> Design:
    """`make_design` without its last step, which takes single bits away: too slow for hundreds of values."""
    some = problem.train.first(ROWS)
    lowering = Lowering(formulas, problem.types, some.inputs)
    lowered, _ = fit_precision(
        lowering, lambda outputs: problem.score(outputs, some), PrecisionOptions(max_loss, trim=False)
    )
    return optimised(Proposal("eql", "equation learner", formulas), lowered, some.inputs)


def design(
    name: str, kind: str, budget: int, problem: Problem, network: EQLNetwork, spent: float,
    args: argparse.Namespace,
) -> Row:  # fmt: skip
    """Compile, check and synthesise what the network has learned, as `sr2hls compile` does."""
    begin = time.perf_counter()
    formulas = dict(zip(problem.output_names, network.formulas(), strict=True))
    made = compiled(problem, formulas, args.max_loss)
    check_design(made, problem.train.first(ROWS).inputs)
    test = problem.test
    with tempfile.TemporaryDirectory() as folder:
        circuit = build_circuit(
            made.program, Path(folder), test.inputs, target=Target(), synthesis=Synthesis.YOSYS,
            progress=SilentProgress(),
        )  # fmt: skip
    hardware = circuit.hardware
    assert hardware is not None
    outputs = made.predict(test.inputs)
    with torch.no_grad():
        float_outputs = network(torch.from_numpy(test.inputs).float()).double().numpy()
    figures = {k: None if f is None else f.value for k, f in hardware.figures().items()}
    arch = network.architecture
    operators = int(network.masks[1][:, : len(arch.layers[0])].any(2).sum())
    return Row(
        name, kind, budget, args.steps,
        int(network.active()), int(used_inputs(arch, network.masks).sum()), operators,
        problem.score(test.outputs, test), problem.score(float_outputs, test), problem.score(outputs, test),
        problem.fidelity(outputs, test), figures.get("lut"), figures.get("ff"), figures.get("dsp"),
        figures.get("latency_cycles"), figures.get("latency_ns"),
        sum(a.values for a in circuit.agreements),
        round(spent, 1), round(time.perf_counter() - begin, 1), f"{hardware.tool} {hardware.version}",
        datetime.date.today().isoformat(),
    )  # fmt: skip


def _keep(path: Path, row: Row) -> None:
    """Add a row to the file, in the place of one of the same name."""
    rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    new = asdict(row)
    rows = [r for r in rows if any(r[k] != new[k] for k in ("data", "kind", "budget"))]
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.append(new)
    write_text(path, json.dumps(rows, indent=1) + "\n")
    write_text(path.with_suffix(".md"), page(rows))


def main() -> None:
    """Run the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--kinds", nargs="+", default=None, help="of networks; default: all of a set")
    parser.add_argument("--budgets", type=int, nargs="+", default=None)
    parser.add_argument("--steps", type=int, default=1000, help="Adam steps for each budget")
    parser.add_argument("--digits", type=int, default=3, help="significant binary digits of the weights")
    parser.add_argument("--max-loss", type=float, default=0.004, help="score that rounding may cost")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "eql_highdim.json")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name in args.sets:
        for kind in KINDS[name]:
            if args.kinds is None or kind in args.kinds:
                designs(name, kind, args)


if __name__ == "__main__":
    main()

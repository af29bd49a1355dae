"""The page of `eql_highdim.py`: designs by equation learners, of the other engines, and what is published."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPORTS = Path(__file__).parents[1] / "hw_reports"

Record = dict[str, Any]


@dataclass(frozen=True)
class Published:
    """A design of somebody else, as it was published; ``None`` is what the source does not say.

    Attributes:
        name: what it is.
        data: data set, inputs and classes.
        accuracy: on the test rows.
        figures: what else is said.
        source: where it stands.
    """

    name: str
    data: str
    accuracy: float | None
    figures: str
    source: str


SYMBOLNET = (
    Published(
        "SymbolNet",
        "MNIST, 784 inputs, 10 classes",
        0.8483,
        "0.984 of the weights and 0.849 of the inputs pruned; 142.7 nodes an expression on average; exp, "
        "sin, cos, squares and products",
        "recorded output of SymbolNet.ipynb in github.com/hftsoi/SymbolNet at d64b1d5",
    ),
    Published(
        "SymbolNet",
        "LHC jets (public set), 16 inputs, 5 classes",
        None,
        "works with it",
        "arXiv 2401.09949, abstract",
    ),
    Published("SymbolNet", "SVHN, 3,072 inputs", None, "works with it", "arXiv 2401.09949, abstract"),
)
"""What could be read of SymbolNet; the LUT, DSP and latency in the body of arXiv 2401.09949 could not."""


def page(rows: Sequence[Record]) -> str:
    """Markdown: the designs, the committed designs of the other engines, what is published."""
    return (
        f"{_HEAD}\n{_designs(rows)}\n## Jets: beside the designs of the other engines\n\n{_FRONTIER}\n"
        f"{_frontier(rows)}\n## What is published of SymbolNet\n\n{_PUBLISHED}\n{_published()}"
    )


def _designs(rows: Sequence[Record]) -> str:
    head = (
        "data", "kind, budget", "steps", "weights", "inputs", "operators",
        "accuracy in float", "of the circuit", "of the network", "agrees with it", "LUT", "FF",
        "DSP", "cycles", "values compared", "training, CPU s", "measured",
    )  # fmt: skip
    lines = [_line(head), "|---" * len(head) + "|"]
    for r in rows:
        accuracies = (r["accuracy_network"], r["accuracy"], r["accuracy_teacher"], r["agreement"])
        cells = (
            r["data"], f"{r['kind']}, {r['budget']}", r["steps"], r["weights"], r["inputs"], r["operators"],
            *(f"{a:.3f}" for a in accuracies), *(_number(r[k]) for k in ("lut", "ff", "dsp", "cycles")),
            f"{r['compared']:,}", f"{r['train_cpu_s']:.0f}", r["date"],
        )  # fmt: skip
        lines.append(_line(cells))
    return "\n".join(lines) + "\n"


def _frontier(rows: Sequence[Record]) -> str:
    """All designs of the jets, the smallest first; in bold those that nothing smaller beats."""
    head = ("design", "engine", "LUT", "FF", "DSP", "cycles", "accuracy, test", "of the network's")
    lines = [_line(head), "|---" * len(head) + "|"]
    best = 0.0
    found = [*_of_eql(rows), *_of_report(), *_of_exploration()]
    designs = [d for d in found if d[2].get("lut") is not None]
    for name, engine, figures, accuracy, teacher in sorted(designs, key=lambda d: (d[2]["lut"], -d[3])):
        shown = f"**{name}**" if accuracy > best else name
        best = max(best, accuracy)
        numbers = (_number(figures.get(k)) for k in ("lut", "ff", "dsp", "cycles"))
        lines.append(_line((shown, engine, *numbers, f"{accuracy:.4f}", f"{accuracy / teacher:.3f}")))
    return "\n".join(lines) + "\n"


_Named = tuple[str, str, Record, float, float]


def _of_eql(rows: Sequence[Record]) -> Iterator[_Named]:
    for r in rows:
        if r["data"] == "jets" and r["lut"] is not None:
            yield f"{r['kind']}, budget {r['budget']}", "eql", r, r["accuracy"], r["accuracy_teacher"]


def _of_report() -> Iterator[_Named]:
    report = json.loads((REPORTS / "jet_tagger" / "report.json").read_text(encoding="utf-8"))
    teacher = _exploration()["teacher_test"]
    for entry in report["hardware"]:
        engine = "default of `sr2hls compile`" if entry["subject"] == "design" else "the original network"
        yield entry["label"], engine, _figures(entry), entry["accuracy"], teacher


def _of_exploration() -> Iterator[_Named]:
    frontier = _exploration()
    for point in frontier["points"]:
        figures = _figures(point["hardware"])
        yield point["label"], "`sr2hls explore`", figures, point["test"], frontier["teacher_test"]


def _exploration() -> Record:
    loaded: Record = json.loads((REPORTS / "jet_frontier" / "frontier.json").read_text(encoding="utf-8"))
    return loaded


def _figures(entry: Record) -> Record:
    values = {k: f["value"] for k, f in entry["figures"].items() if f is not None}
    return {**values, "cycles": values.get("latency_cycles")}


def _published() -> str:
    head = ("design", "data", "accuracy", "what else is said", "source (`published`)")
    lines = [_line(head), "|---" * len(head) + "|"]
    for p in SYMBOLNET:
        accuracy = "–" if p.accuracy is None else f"{p.accuracy:.4f}"
        lines.append(_line((p.name, p.data, accuracy, p.figures, p.source)))
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(c) for c in cells) + " |"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


_HEAD = """# Many inputs and outputs: equation learners under LUT budgets

    python benchmarks/eql_highdim.py

Digits: scikit-learn's 8 × 8 pictures at 4 bits a pixel (1,100 to train, 300 to validate, 397 to test); the
network beside them is 64-32-10. Jets: `examples/jet_tagger`, 6 bits a feature, 9,400 to test. The budget, in
LUTs of the cost model (`estimated`, `ap_fixed<8,3>`), is what weights, inputs and operators are pruned to
while the network trains; LUT, FF and DSP are `measured`: Yosys for xcvu9p, after synthesis; cycles at 5 ns by
alkaid's delay model (`estimated`). Every design was compared bit for bit as C++ and as Verilog with the
interpreter on the test rows.
"""

_FRONTIER = """The smallest first, beside `hw_reports/jet_frontier` and `hw_reports/jet_tagger`; in bold what
no smaller design beats. All are of the same network and data, synthesised by the same tool.
"""

_PUBLISHED = """Other data and other tools: to be set beside nothing above. The resources and latencies in the
body of arXiv 2401.09949 could not be looked up from here and are left out.
"""

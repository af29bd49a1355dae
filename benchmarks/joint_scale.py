"""How the joint search scales with the rows: CPU seconds and memory for 100 inputs and 20 outputs.

    python benchmarks/joint_scale.py --output benchmarks/results/joint_scale.json

The problem is made: 20 classes, each with a score of two terms over inputs of six bits. A search looks at
30,000 rows at most; the models that it keeps are fitted to all rows, batch by batch. Each size runs in a
process of its own; memory is the largest that the system counted for that process (ru_maxrss), before the
search with the data alone, and in the end.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from sr2hls.search.joint import JointData, JointOptions, SelectionSteps, classification_loss, search_jointly

INPUTS, OUTPUTS, MOST_NODES, MODELS = 100, 20, 80, 1
SIZES = (10_000, 100_000, 1_000_000)
VALIDATION = 10_000
TITLES = (
    "rows", "steps", "search, CPU s", "fit to all rows, CPU s", "of it a model and 100,000 rows, CPU s",
    "memory before, GiB", "most memory, GiB", "nodes", "agreement",
)  # fmt: skip
GIB = 2.0**20
"""KiB, as the system counts."""


def made(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs of six bits, shape (rows, inputs), and logits, shape (rows, outputs)."""
    X = np.random.default_rng(seed).integers(-32, 32, (rows, INPUTS), dtype=np.int8) / 32
    logits = np.empty((rows, OUTPUTS))
    for k in range(OUTPUTS):
        logits[:, k] = 3 * X[:, k] + 4 * X[:, 20 + k] * X[:, 40 + k]
    return X, logits


def peak() -> float:
    """Return the most memory that this process has had, GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB


def measure(rows: int) -> dict[str, float]:
    """Search a made problem once in this process."""
    X, logits = made(rows, 0)
    validation, wanted = made(VALIDATION, 1)
    decided = wanted.argmax(axis=1)
    data = JointData(
        X,
        classification_loss(logits, None),
        validation,
        classification_loss(wanted, None),
        lambda outputs: float(np.mean(outputs.argmax(axis=1) == decided)),
    )
    del logits
    with_data, began, marks = peak(), time.process_time(), []
    options = JointOptions(
        max_nodes=MOST_NODES,
        models=MODELS,
        beams=(1.0,),
        most_pairs=100,
        steps=SelectionSteps(tried=4, swaps=1),
    )
    front = search_jointly(data, options, progress=lambda now: marks.append(time.process_time() - began))
    best = front.best()
    return {
        "rows": rows,
        "steps": len(marks),
        "search_cpu_s": marks[-1],
        "finish_cpu_s": time.process_time() - began - marks[-1],
        "models": len(front.models),
        "data_gib": with_data,
        "peak_gib": peak(),
        "nodes": best.nodes,
        "agreement": best.score,
    }


def page(found: list[dict[str, float]]) -> str:
    """Return the figures as Markdown."""
    lines = [
        "# How the joint search scales\n",
        f"Made by `benchmarks/joint_scale.py`: {INPUTS} inputs, {OUTPUTS} outputs, models of up to",
        f"{MOST_NODES} nodes, of which at most {MODELS} are fitted to all rows and rounded. CPU seconds of",
        "one thread on a busy machine. Agreement is the share of decisions that are the teacher's.\n",
        f"| {' | '.join(TITLES)} |",
        "|" + "---|" * len(TITLES),
    ]
    for f in found:
        each = f["finish_cpu_s"] / f["models"] / f["rows"] * 1e5
        cells = [
            f"{f['rows']:,}", f["steps"], f"{f['search_cpu_s']:.0f}", f"{f['finish_cpu_s']:.1f}",
            f"{each:.2f}", f"{f['data_gib']:.2f}", f"{f['peak_gib']:.2f}", f["nodes"],
            f"{f['agreement']:.3f}",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure every size in a process of its own, write JSON and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, help="measure this size alone, in this process")
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    if args.rows is not None:
        print(json.dumps(measure(args.rows)))
        return
    found = []
    for rows in SIZES:
        run = subprocess.run(
            [sys.executable, __file__, "--rows", str(rows)], check=True, capture_output=True, text=True
        )
        found.append(json.loads(run.stdout))
        print(found[-1], file=sys.stderr, flush=True)
        if args.output is not None:
            args.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if args.output is not None:
        args.output.with_suffix(".md").write_text(page(found), encoding="utf-8")
    print(page(found))


if __name__ == "__main__":
    main()

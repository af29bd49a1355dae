"""Memory and time of a LUT network's compilation against the number of training jets.

    python benchmarks/rows_and_memory.py JETS.npz MORE.npz ... [--rows 28200,88200,300000] [--luts 100]

The files are what `examples/jet_tagger/generate.py` writes. More jets than their training rows are rows close
to them: what they hold does not matter here, their number does. Each number of jets is a process of its own,
which reads them from a file, asks the network, grows a LUT network at low effort and gives it formulas; its
peak memory is that of the whole process. Run it with another version on PYTHONPATH to compare: the last
column is the same where the designs are.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
NETWORK = ROOT / "examples" / "jet_tagger" / "jet_tagger.onnx"


def write_rows(files: Sequence[Path], jets: int, path: Path) -> None:
    """Write a file with so many training jets, and the validation and test rows of the first file."""
    X, parts = [], []
    for file in files:
        with np.load(file) as data:
            X.append(np.asarray(data["X"], dtype=np.float32))
            parts.append(np.asarray(data["split"]))
    train = np.concatenate([x[split == 0] for x, split in zip(X, parts, strict=True)])
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, len(train), (2, max(0, jets - len(train))))
    train = np.concatenate([train, train[one] + np.float32(0.1) * (train[other] - train[one])])[:jets]
    rest = parts[0] != 0
    split = np.concatenate([np.zeros(jets, parts[0].dtype), parts[0][rest]])
    with np.load(files[0]) as data:
        names = {key: data[key] for key in ("names", "split_names") if key in data.files}
    np.savez(path, X=np.concatenate([train, X[0][rest]]), split=split, **names)


def child(path: Path, luts: int) -> dict[str, object]:
    """Compile to a LUT network in this process and return what it took."""
    from sr2hls.lut_network.designs import LutNetworkOptions, designs_of, grown, training_samples
    from sr2hls.options import CompileOptions, Tables
    from sr2hls.prepare import prepare
    from sr2hls.progress import SilentProgress

    start = _peak_mb()
    options = CompileOptions(checkpoint=NETWORK, data=path, output=path.parent / "unused")
    prepared = prepare(options, SilentProgress())
    read = _peak_mb()
    how = LutNetworkOptions.of_effort("low")
    samples = training_samples(prepared.problem, how, lambda copies: prepared.between(copies, 0))
    found = grown(prepared.problem, samples, how, luts, 0)
    assert found.network is not None
    designs = designs_of(prepared.problem, found.network, samples, how, list(Tables), 0)
    used = resource.getrusage(resource.RUSAGE_SELF)
    text = json.dumps([design.to_json() for design in designs])
    return {
        "jets": len(prepared.problem.train),
        "samples": len(samples),
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "imports_mb": start,
        "read_mb": read,
        "peak_mb": _peak_mb(),
        "designs": hashlib.sha256(text.encode()).hexdigest()[:12],
    }


def _peak_mb() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    """Run a process for each number of jets and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--rows", default="28200,88200,300000")
    parser.add_argument("--luts", type=int, default=100)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(child(args.files[0], args.luts)))
        return
    print("| jets | samples | CPU s | imports, MB | data read, MB | peak, MB | designs |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for jets in map(int, args.rows.split(",")):
            path = Path(folder) / f"jets_{jets}.npz"
            write_rows(args.files, jets, path)
            command = [sys.executable, __file__, str(path), "--luts", str(args.luts), "--child"]
            ended = subprocess.run(command, check=True, capture_output=True, text=True)
            row = json.loads(ended.stdout)
            print("| " + " | ".join(f"{v:,}" if isinstance(v, int) else str(v) for v in row.values()) + " |")


if __name__ == "__main__":
    main()

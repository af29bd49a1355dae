"""Bit-exactness at scale: random programs through every executor, every bit compared.

    python benchmarks/bit_exactness.py [--programs 200] [--vectors 5000] [--batch 10] [--seed 0]

Each program draws its operations, widths, rounding and overflow modes at random; a share of the vectors lies
at corners of the types. The interpreter is what the others are compared with: the C++ of the HLS project, the
Verilog under Verilator and, on the first vectors of each program, the reference in unbounded integers.
Programs are built in batches, one compiler run for each executor and batch. Batches are kept in ``--kept``
and not run again, as long as the sources of the executors are the same.
"""

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from program_coverage import coverage_tables

from sr2hls.errors import VerificationError
from sr2hls.program.program import Program
from sr2hls.store.files import write_text
from sr2hls.templates import template_path
from sr2hls.verify.executors import EXECUTORS, compare_all, run_reference
from sr2hls.verify.random_programs import corner_inputs, random_program

HERE = Path(__file__).resolve().parent
REFERENCE = "reference"
REFERENCE_VECTORS = 200
"""The reference takes about 0.1 ms a sample and operation."""
WIDTHS = (14, 6, 20, 10, 14, 28, 14, 40, 10, 64)
"""Widest type drawn, one program after the other."""


@dataclass(frozen=True)
class Batch:
    """What a batch compared.

    Attributes:
        vectors: for each executor.
        values: output values, for each executor.
        failures: differences, one sentence each.
    """

    vectors: dict[str, int]
    values: dict[str, int]
    failures: list[str]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--vectors", type=int, default=5000, help="for each program")
    parser.add_argument("--batch", type=int, default=10, help="programs built together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kept", type=Path, help="JSON file of the batches that are done")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "bit_exactness.md", help="the tables")
    options = parser.parse_args()
    batches = list(run_all(options))
    programs = [program_of(options.seed + n) for n in range(options.programs)]
    text = page(programs, batches, options)
    write_text(options.out, text)
    print(text)
    raise SystemExit(any(batch.failures for batch in batches))


def program_of(number: int) -> Program:
    """Return the random program with a number."""
    return random_program(number, max_width=WIDTHS[number % len(WIDTHS)])


def run_all(options: argparse.Namespace) -> Iterator[Batch]:
    """Run the batches that are not kept; return all of them."""
    asked = [sources_digest(), options.vectors, options.batch, options.seed, options.programs]
    kept: dict[str, dict[str, object]] = {}
    if options.kept and options.kept.is_file():
        content = json.loads(options.kept.read_text(encoding="utf-8"))
        if content["asked"] == asked:
            kept = content["batches"]
    started = time.perf_counter()
    for first in range(0, options.programs, options.batch):
        if str(first) not in kept:
            numbers = range(first, min(first + options.batch, options.programs))
            kept[str(first)] = asdict(run_batch([options.seed + n for n in numbers], options.vectors))
            if options.kept:
                write_text(options.kept, json.dumps({"asked": asked, "batches": kept}, indent=1))
            print(f"{numbers.stop} programs, {time.perf_counter() - started:.0f} s", flush=True)
        yield Batch(**kept[str(first)])  # type: ignore[arg-type]


def run_batch(numbers: Sequence[int], n_vectors: int) -> Batch:
    """Compare the programs with these numbers."""
    programs = [program_of(n) for n in numbers]
    raws = [corner_inputs(p, n_vectors, n) for n, p in zip(numbers, programs, strict=True)]
    batch = Batch({}, {}, [])
    for name, run in {**EXECUTORS, REFERENCE: run_reference}.items():
        given = [raw[:REFERENCE_VECTORS] for raw in raws] if name == REFERENCE else raws
        with tempfile.TemporaryDirectory() as work:
            try:
                agreements = compare_all(programs, given, {name: run}, Path(work))
            except VerificationError as error:
                batch.failures.append(f"programs {numbers[0]} to {numbers[-1]}: {error}")
                agreements = []
        batch.vectors[name] = sum(a.vectors for a in agreements)
        batch.values[name] = sum(a.values for a in agreements)
    return batch


def sources_digest() -> str:
    """Return the SHA-256 of everything that decides what executors do and what they are tried on."""
    package = HERE.parent / "sr2hls"
    folders = [*(package / name for name in ("program", "hls", "rtl", "verify")), template_path(".")]
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in files:
        if path.suffix in (".py", ".h", ".j2", ".cpp", ".v"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def page(programs: Sequence[Program], batches: Sequence[Batch], options: argparse.Namespace) -> str:
    """Return the tables as Markdown."""
    failures = [failure for batch in batches for failure in batch.failures]
    lines = [
        "# Bit-exactness at scale",
        "",
        f"`python benchmarks/bit_exactness.py --programs {options.programs} --vectors {options.vectors} "
        f"--batch {options.batch} --seed {options.seed}`, {date.today()}.",
        "",
        f"{len(programs)} random programs of {sum(len(p) for p in programs):,} operations and "
        f"{sum(p.n_outputs for p in programs):,} outputs; each executor against the integer interpreter,",
        "every bit of every output. Outputs are the values that no other operation reads. About a quarter of",
        "all inputs lie at corners of their types.",
        "",
        "| executor | vectors | output values compared | batches with differences |",
        "|---|---|---|---|",
    ]
    for name in (*EXECUTORS, REFERENCE):
        wrong = sum(f": {name}, " in failure for failure in failures)
        vectors = sum(batch.vectors[name] for batch in batches)
        values = sum(batch.values[name] for batch in batches)
        lines.append(f"| {name} | {vectors:,} | {values:,} | {wrong} |")
    lines += ["", *(f"- {failure}" for failure in failures), *([""] if failures else [])]
    return "\n".join(lines) + "\n" + coverage_tables(programs) + "\n"


if __name__ == "__main__":
    main()

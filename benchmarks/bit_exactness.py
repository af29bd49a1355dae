"""Bit-exactness at scale: random programs through every executor, every bit compared.

    python benchmarks/bit_exactness.py [--programs 200] [--vectors 5000] [--batch 10] [--seed 0]

Each program draws its operations, widths, rounding and overflow modes at random; a share of the vectors lies
at corners of the types. The interpreter is what the others are compared with. Programs are built in batches,
one compiler run for each executor and batch.
"""

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from sr2hls.errors import VerificationError
from sr2hls.verify.executors import EXECUTORS, compare_all
from sr2hls.verify.random_programs import corner_inputs, random_program


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--vectors", type=int, default=5000)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--executors", nargs="+", choices=list(EXECUTORS), default=list(EXECUTORS))
    options = parser.parse_args()
    executors = {name: EXECUTORS[name] for name in options.executors}
    vectors: Counter[str] = Counter()
    values: Counter[str] = Counter()
    operations: Counter[str] = Counter()
    modes: Counter[tuple[str, str]] = Counter()
    failures: list[str] = []
    started = time.perf_counter()
    for first in range(0, options.programs, options.batch):
        numbers = range(first, min(first + options.batch, options.programs))
        programs = [random_program(options.seed + n) for n in numbers]
        raws = [
            corner_inputs(p, options.vectors, options.seed + n)
            for n, p in zip(numbers, programs, strict=True)
        ]
        for program in programs:
            operations.update(op.name for op in program.ops)
            modes.update((op.type.rounding.value, op.type.overflow.value) for op in program.ops)
        for name, run in executors.items():
            with tempfile.TemporaryDirectory() as work:
                try:
                    for agreement in compare_all(programs, raws, {name: run}, Path(work)):
                        vectors[name] += agreement.vectors
                        values[name] += agreement.values
                except VerificationError as error:
                    failures.append(f"programs {numbers.start} to {numbers.stop - 1}: {error}")
        print(f"{numbers.stop} programs, {time.perf_counter() - started:.0f} s", flush=True)
    print(f"\noperations: {', '.join(f'{k} {n}' for k, n in sorted(operations.items()))}")
    print(f"rounding and overflow modes together: {len(modes)} of 28")
    print("\n| executor | programs | vectors | values compared | differences |\n|---|---|---|---|---|")
    for name in executors:
        wrong = sum(f": {name}," in f for f in failures)
        print(f"| {name} | {options.programs} | {vectors[name]:,} | {values[name]:,} | {wrong or 0} |")
    print(f"\n{sum(vectors.values()):,} comparisons of all outputs, {len(failures)} batches with differences")
    for failure in failures:
        print(failure)
    raise SystemExit(bool(failures))


if __name__ == "__main__":
    main()

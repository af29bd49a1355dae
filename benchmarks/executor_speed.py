"""How fast the executors run one program: interpreter, C++ in batches, hls4ml's own predict.

    python benchmarks/executor_speed.py [--samples 1000000] [--threads 2] [--skip-hls4ml]

All run the same samples in one process; every bit is compared. Goals for 1,000,000 samples of 22 operations:
interpreter at most 0.05 s after warm-up, C++ at most 1 s. hls4ml makes one call a sample. Times are wall and
CPU seconds, the shortest of some runs: on a machine that does other work, too, the CPU time of one thread
says more.
"""

import argparse
import contextlib
import io
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import numba
import numpy as np

from sr2hls.hls.compiled import CompiledProgram
from sr2hls.hls.project import formula_graph, write_hls
from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.ops import Predicate
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.store.files import write_text
from sr2hls.target import Target
from sr2hls.verify.random_programs import corner_inputs

REPEATS = 15


def jet_like_program(rounding: Rounding, overflow: Overflow) -> Program:
    """22 operations as formulas have them: products, sums, tables, a comparison."""
    given = FixedType(True, 10, 4, rounding, overflow)
    held = FixedType(True, 12, 6, rounding, overflow)
    index = FixedType(True, 6, 3, rounding, overflow)
    b = Builder({f"x{k}": given for k in range(6)})
    rng = np.random.default_rng(0)

    def table(value: int) -> int:
        entries = rng.integers(-100, 100, 64)
        return b.table([b.cast(value, index)], entries, FixedType(True, 8, 4))

    products = [b.mul(k, k + 1, held) for k in range(5)]
    sums = [b.add(products[k], products[k + 1], held) for k in range(4)]
    functions = [table(k) for k in range(3)]
    first = b.sub(sums[0], functions[0], held)
    second = b.max(sums[1], functions[1], held)
    third = b.abs(b.sub(sums[2], sums[3], held), held)
    total = b.add(second, third, held)
    chosen = b.select(b.compare(Predicate.LT, first, second), third, functions[2], held)
    return b.program({"y0": total, "y1": chosen, "y2": first})


@dataclass(frozen=True)
class Timing:
    """Shortest of some runs."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.3f} / {self.cpu:.3f}"


def timed(run: Callable[[], np.ndarray], repeats: int = REPEATS) -> tuple[Timing, np.ndarray]:
    """Return the shortest wall and CPU times, in seconds, and the result."""
    wall = cpu = float("inf")
    for _ in range(repeats):
        start, cpu_start = time.perf_counter(), time.process_time()
        result = run()
        cpu = min(cpu, time.process_time() - cpu_start)
        wall = min(wall, time.perf_counter() - start)
    return Timing(wall, cpu), result


def run_all(program: Program, samples: int, threads: int, with_hls4ml: bool) -> tuple[list[str], int]:
    """Return the times of the executors and the number of values in which they differ."""
    raw = corner_inputs(program, samples, 0)
    interpreter = Interpreter(program)
    interpreter.run(raw[:1000])
    seconds, want = timed(lambda: interpreter.run(raw))
    times, wrong = [str(seconds)], 0
    with tempfile.TemporaryDirectory() as directory:
        project = write_hls(program, Path(directory) / "project", target=Target())
        for count in (1, threads):
            compiled = CompiledProgram(project, threads=count)
            compiled.run(raw[:1000])
            seconds, got = timed(partial(compiled.run, raw))
            times.append(str(seconds))
            wrong += int((got != want).sum())
        if with_hls4ml:
            with contextlib.redirect_stdout(io.StringIO()):
                graph = formula_graph(program, Path(directory) / "hls4ml", target=Target())
                graph.compile()
            real = np.ascontiguousarray(raw * np.array([t.step for t in program.input_types]))
            seconds, outputs = timed(partial(graph.predict, real), repeats=1)
            times.append(str(seconds))
            wrong += int((outputs != want * np.array([t.step for t in program.output_types])).sum())
    return times, wrong


NAMES = ("interpreter", "C++, 1 thread", "C++, threads", "hls4ml's predict")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--skip-hls4ml", action="store_true")
    parser.add_argument("--out", type=Path, help="write the table into this Markdown file")
    options = parser.parse_args()
    threads = min(options.threads, numba.config.NUMBA_NUM_THREADS)
    numba.set_num_threads(threads)
    lines = [
        "# Speed of the executors",
        "",
        f"`python benchmarks/executor_speed.py --samples {options.samples} --threads {options.threads}`, "
        f"{date.today()}; {threads} thread{'s' * (threads > 1)}, load of the machine at the start "
        f"{os.getloadavg()[0]:.1f}.",
        "",
        f"A program of 22 operations (products, sums, tables, a comparison), {options.samples:,} samples.",
        f"Wall and CPU seconds, the shortest of {REPEATS} runs after warm-up (hls4ml's predict: of one).",
        "",
        "| modes | " + " | ".join(NAMES) + " | differences |",
        "|---|" + "---|" * (len(NAMES) + 1),
    ]
    for rounding, overflow in ((Rounding.TRN, Overflow.WRAP), (Rounding.RND, Overflow.SAT)):
        program = jet_like_program(rounding, overflow)
        times, wrong = run_all(program, options.samples, threads, not options.skip_hls4ml)
        times += ["–"] * (len(NAMES) - len(times))
        lines.append(f"| {rounding.value}, {overflow.value} | {' | '.join(times)} | {wrong} |")
    text = "\n".join(lines) + "\n"
    print(text)
    if options.out:
        write_text(options.out, text)


if __name__ == "__main__":
    main()

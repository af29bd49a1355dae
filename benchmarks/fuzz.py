"""Malformed files against every loader: no crash, no hang, no flood of memory, always a clean message.

    python benchmarks/fuzz.py --seed 1 -o benchmarks/results/fuzz.md

A property fuzzer. Good files of every kind are spoilt in ways that fit the kind (bytes; members of archives
with checksums made to fit; shapes, types and operators of ONNX graphs; values of JSON; words in texts) and
loaded in a process of its own. The property: each input either loads or is refused by an `Sr2hlsError` whose
message is one printable line, within 5 s of CPU (60 s of wall time) and 2 GiB of memory. Input N of a kind is
made from the seed, the kind and N alone, so each can be made again: ``--only KIND --first N --count 1 --keep
DIR``.
"""

import argparse
import contextlib
import mmap
import multiprocessing
import os
import random
import resource
import signal
import struct
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import torch
from fuzz_inputs import GOOD, SPOIL, network

from sr2hls.cli.main import run as run_command
from sr2hls.costs import area, estimated_luts, load_table
from sr2hls.costs.operators_toml import load_operators
from sr2hls.data import InputFormat, load_dataset, load_scaler
from sr2hls.errors import Sr2hlsError
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.serialize import load as load_program
from sr2hls.report.frontier import load_frontier, markdown
from sr2hls.report.markdown import to_markdown
from sr2hls.report.store import load_report
from sr2hls.search import Frontier, read_formulas, read_hall_of_fame
from sr2hls.teacher import load_teacher

COUNTS = {
    "onnx": 20_000, "state_dict": 2_000, "torchscript": 1_000, "exported": 1_000, "npz": 10_000, "npy": 6_000,
    "csv": 12_000, "parquet": 5_000, "h5": 5_000, "scaler": 8_000, "report": 8_000, "hall of fame": 10_000,
    "formulas": 10_000, "operators": 5_000, "config": 10_000, "program": 3_000,
    "search": 3_000, "exploration": 3_000, "cost table": 3_000,
}  # fmt: skip
CPU_S, WALL_S, MEMORY = 5.0, 60.0, 2 << 30
"""What one input may take; wall time is for waiting for ever, on a machine that is busy with other things."""
COST = area(estimated_luts("ap_fixed<10,4>"))


def build() -> torch.nn.Module:
    """Return the network of a fuzzed state_dict (named by ``--model``)."""
    return network()


class UncleanError(Exception):
    """A message that is not one printable line, or a command that failed in another way than it should."""


def _weights(path: Path) -> object:
    return load_teacher(path, model=f"{Path(__file__)}:build")


def _scaler(path: Path) -> None:
    for load in (load_scaler, InputFormat.load):
        with contextlib.suppress(Sr2hlsError):
            load(path)
    InputFormat.load(path)


def _config(path: Path) -> None:
    # The checkpoint that the file names does not exist, so that a file without a mistake is refused for that.
    with tempfile.TemporaryFile("w+") as err, contextlib.redirect_stderr(err):
        code = run_command(["compile", "--config", str(path)])
        err.seek(0)
        said = err.read().rstrip("\n")
    last = [line for line in said.splitlines() if not line.startswith("Try 'sr2hls")][-1:]
    if code != 2 or "should not have happened" in said or not last:
        raise UncleanError(f"exit code {code}: {said}")
    raise Sr2hlsError(last[0])


def _report(path: Path) -> None:
    to_markdown(load_report(path))


def _program(path: Path) -> None:
    program = load_program(path)
    Interpreter(program)


LOADERS: dict[str, Callable[[Path], object]] = {
    **dict.fromkeys(("onnx", "torchscript", "exported"), load_teacher),
    "state_dict": _weights,
    **dict.fromkeys(("npz", "npy", "csv", "parquet", "h5"), load_dataset),
    "scaler": _scaler,
    "report": _report,
    "hall of fame": lambda path: read_hall_of_fame(path, cost=COST),
    "formulas": lambda path: read_formulas(path, cost=COST),
    "operators": load_operators,
    "config": _config,
    "program": _program,
    "search": lambda path: Frontier.load(path).save(path.with_suffix(".again")),
    "exploration": lambda path: markdown(load_frontier(path.parent)),
    "cost table": load_table,
}


@dataclass(slots=True)
class Tally:
    """What became of the inputs of one kind.

    Attributes:
        inputs: how many were tried.
        refused: with a clean message.
        findings: number of an input to what was wrong with it.
        slowest_s: most CPU seconds that one took.
        peak_mb: most memory of the process, MiB.
        seconds: wall time.
    """

    inputs: int = 0
    refused: int = 0
    findings: dict[int, str] = field(default_factory=dict)
    slowest_s: float = 0.0
    peak_mb: float = 0.0
    seconds: float = 0.0

    @property
    def loaded(self) -> int:
        """Inputs that are still good files, or good enough."""
        return self.inputs - self.refused - len(self.findings)


def spoilt(kind: str, good: bytes, number: int, seed: int) -> bytes:
    """Return input ``number`` of a kind."""
    return SPOIL[kind](good, random.Random(f"{seed}/{kind}/{number}"))


def try_one(kind: str, path: Path) -> str | None:
    """Load a file; returns what is wrong with how it went, ``""`` if it was refused, else ``None``."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            LOADERS[kind](path)
    except Sr2hlsError as error:
        text = str(error)
        return "" if text.isprintable() and len(text) > 10 else f"unclean message {text!r}"
    except (Exception, RecursionError, SystemExit, UncleanError) as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {str(error)[:300]} ({Path(where.filename).name}:{where.lineno})"
    return None


_STATE = struct.Struct("qqd")
"""Next input, inputs refused, most CPU seconds: what a worker leaves behind when it dies."""


def _work(kind: str, path: Path, good: bytes, start: int, stop: int, seed: int, shared: mmap.mmap) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    refused, slowest = 0, 0.0
    for number in range(start, stop):
        _STATE.pack_into(shared, 0, number, refused, slowest)
        path.write_bytes(spoilt(kind, good, number, seed))
        # The default action ends the process even where no Python code runs.
        signal.setitimer(signal.ITIMER_PROF, CPU_S)
        signal.setitimer(signal.ITIMER_REAL, WALL_S)
        began = time.process_time()
        wrong = try_one(kind, path)
        slowest = max(slowest, time.process_time() - began)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        refused += wrong == ""
        if wrong:
            _STATE.pack_into(shared, 0, number, refused, slowest)
            shared[_STATE.size :] = wrong.encode("utf-8", "replace")[:1000].ljust(
                len(shared) - _STATE.size, b"\0"
            )
            os._exit(3)
    _STATE.pack_into(shared, 0, stop, refused, slowest)
    os._exit(0)


def fuzz(kind: str, folder: Path, *, first: int = 0, count: int, seed: int, most: int = 50) -> Tally:
    """Try ``count`` inputs of a kind, in processes that may die.

    Args:
        kind: key of `GOOD`.
        folder: for the files; those of findings stay there.
        first: number of the first input.
        count: how many.
        seed: of all inputs.
        most: findings after which to stop.
    """
    name, write = GOOD[kind]
    good_path = folder / "good" / name
    good_path.parent.mkdir(exist_ok=True)
    write(good_path)
    if try_one(kind, good_path) is not None and kind != "config":
        raise RuntimeError(f"the good file of the kind {kind} does not load")
    good = good_path.read_bytes()
    tally, at, stop = Tally(), first, first + count
    began = time.monotonic()
    path = folder / name
    context = multiprocessing.get_context("fork")
    while at < stop and len(tally.findings) < most:
        shared = mmap.mmap(-1, 2000)
        worker = context.Process(
            target=_work, args=(kind, path, good, at, min(stop, at + 2000), seed, shared)
        )
        worker.start()
        worker.join()
        number, refused, slowest = _STATE.unpack_from(shared)
        tally.refused += refused
        tally.slowest_s = max(tally.slowest_s, slowest)
        if worker.exitcode != 0:
            if worker.exitcode == 3:
                wrong = shared[_STATE.size :].rstrip(b"\0").decode("utf-8", "replace")
            elif worker.exitcode == -signal.SIGPROF:
                wrong = f"more than {CPU_S:g} s"
            elif worker.exitcode == -signal.SIGALRM:
                wrong = f"nothing for {WALL_S:g} s"
            else:
                wrong = f"the process died (exit code {worker.exitcode})"
            tally.findings[number] = wrong
            path.replace(folder / f"finding_{number}_{name}")
            number += 1
        tally.inputs += number - at
        at = number
    tally.peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    tally.seconds = time.monotonic() - began
    return tally


def table(tallies: dict[str, Tally], seed: int) -> str:
    """Return the counts as a Markdown page."""
    total = sum(t.inputs for t in tallies.values())
    findings = sum(len(t.findings) for t in tallies.values())
    lines = [
        "# Malformed files against every loader",
        "",
        f"`python benchmarks/fuzz.py --seed {seed}`, {date.today().isoformat()}: {total:,} inputs, "
        f"{findings} findings. A finding is anything but a file that loads or a clean message: another "
        f"exception, a message that is not one printable line, a crash, more than {CPU_S:g} s of CPU, more "
        f"than {MEMORY >> 30} GiB over what the imports take. Peak memory is that of the whole process, its "
        "imports included.",
        "",
        "| kind | inputs | cleanly refused | loaded | findings | slowest, s | peak memory, MiB | time, s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kind, t in tallies.items():
        lines.append(
            f"| {kind} | {t.inputs:,} | {t.refused:,} | {t.loaded:,} | {len(t.findings)} | "
            f"{t.slowest_s:.2f} | {t.peak_mb:.0f} | {t.seconds:.0f} |"
        )
    for kind, t in tallies.items():
        lines += [f"\n- {kind}, input {n}: {text}" for n, text in t.findings.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fuzz all loaders, or one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=list(COUNTS), action="append")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, help="inputs of each kind; the default is 125,000 in all")
    parser.add_argument("--keep", type=Path, help="folder for the files of findings")
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    tallies: dict[str, Tally] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for kind in given.only or COUNTS:
            folder = (given.keep or Path(scratch)) / kind.replace(" ", "_")
            folder.mkdir(parents=True, exist_ok=True)
            count = given.count or COUNTS[kind]
            tallies[kind] = fuzz(kind, folder, first=given.first, count=count, seed=given.seed)
            print(table({kind: tallies[kind]}, given.seed).splitlines()[-1], flush=True)
            for number, text in tallies[kind].findings.items():
                print(f"  {number}: {text}", flush=True)
    page = table(tallies, given.seed)
    if given.output is not None:
        given.output.parent.mkdir(parents=True, exist_ok=True)
        given.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()

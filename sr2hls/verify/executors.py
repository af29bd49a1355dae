"""Executors: ways to run programs that must agree on every bit.

An executor takes many programs at once, so that one that has to compile does so once. `compare_all` holds any
set of them against the integer interpreter.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.hls.batch import compile_programs
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.reference import evaluate
from sr2hls.rtl.project import write_rtl
from sr2hls.rtl.simulate import simulate_many
from sr2hls.target import Target
from sr2hls.verify.agree import Agreement, check_agreement

BatchExecutor = Callable[[Sequence[Program], Sequence[IntArray], Path], list[IntArray]]
"""Takes programs, raw inputs of shape (samples, inputs) for each, and an empty directory to work in; returns
raw outputs of shape (samples, outputs) for each."""


def run_interpreter(programs: Sequence[Program], raws: Sequence[IntArray], work: Path) -> list[IntArray]:
    """Run the integer interpreter on raws of shape (samples, inputs); it needs no directory."""
    del work
    return [Interpreter(program).run(raw) for program, raw in zip(programs, raws, strict=True)]


def run_reference(programs: Sequence[Program], raws: Sequence[IntArray], work: Path) -> list[IntArray]:
    """Run the reference in unbounded integers on raws of shape (samples, inputs); it needs no directory."""
    del work
    results = []
    for program, raw in zip(programs, raws, strict=True):
        rows = [evaluate(program, row) for row in raw.tolist()]
        results.append(np.array(rows, dtype=np.int64).reshape(len(raw), program.n_outputs))
    return results


def run_cpp(programs: Sequence[Program], raws: Sequence[IntArray], work: Path) -> list[IntArray]:
    """Write every program as C++ and compile all into one library; raws have the shape (samples, inputs).

    Raises:
        ToolError: there is no C++ compiler, or it fails.
    """
    compiled = compile_programs(programs, work)
    return [formula.run(raw) for formula, raw in zip(compiled, raws, strict=True)]


def run_verilog(programs: Sequence[Program], raws: Sequence[IntArray], work: Path) -> list[IntArray]:
    """Write every program as Verilog and simulate all in one build; raws have the shape (samples, inputs).

    Raises:
        ToolError: Verilator or a C++ compiler is missing or fails.
    """
    projects = [
        write_rtl(program, work / f"p{k}", target=Target(), name=f"p{k}", vectors=raw[:1])
        for k, (program, raw) in enumerate(zip(programs, raws, strict=True))
    ]
    return simulate_many(projects, raws)


def compare_all(
    programs: Sequence[Program],
    raws: Sequence[IntArray],
    executors: Mapping[str, BatchExecutor],
    work: Path,
) -> list[Agreement]:
    """Compare executors with the integer interpreter over programs, each with its own samples.

    Args:
        programs: what to run.
        raws: for each, raw inputs, shape (samples, inputs).
        executors: by name.
        work: directory to work in.

    Returns:
        One agreement for each executor and program, the executors in their order.

    Raises:
        VerificationError: an output differs; the executor, the program's number and the output are named.
    """
    expected = run_interpreter(programs, raws, work)
    agreements = []
    for number, (name, run) in enumerate(executors.items()):
        place = work / f"executor{number}"
        place.mkdir()
        found = run(programs, raws, place)
        for k, (program, raw) in enumerate(zip(programs, raws, strict=True)):
            known: Callable[[IntArray], IntArray] = partial(_given, found[k])
            agreements.append(check_agreement(program, f"{name}, program {k}", known, raw, expected[k]))
    return agreements


def _given(outputs: IntArray, raw: IntArray) -> IntArray:
    del raw
    return outputs


EXECUTORS: Mapping[str, BatchExecutor] = {"C++": run_cpp, "Verilog": run_verilog}
"""What has to agree with the integer interpreter, by name; the vendors' simulations join where installed."""

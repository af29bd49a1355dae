"""Proofs of a circuit as the report shows them, and what happens to a counter-example."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sr2hls.data.inputs import InputFormat
from sr2hls.errors import InputError, ToolError, VerificationError
from sr2hls.program.size import same_bits
from sr2hls.program.types import FixedType
from sr2hls.prove.confirm import differences
from sr2hls.prove.proof import Counterexample, Outcome, Proof
from sr2hls.prove.rtl import LIBRARIES, NETLIST, ProofSubject, prove_rtl
from sr2hls.rtl.icarus import find_icarus, run_testbench
from sr2hls.rtl.project import RtlProject
from sr2hls.store.directory import Directory
from sr2hls.verify.agree import Agreement

_KEPT, _INPUTS = "counterexamples.csv", "inputs.json"


def netlist_of(project: RtlProject) -> Path | None:
    """Return the mapped netlist beside a project's Verilog, None where no tool left one."""
    places = (project.directory / "netlist" / f"{library}.v" for library in LIBRARIES)
    return next((place for place in places if place.is_file()), None)


def prove_circuit(
    subject: ProofSubject, tested: tuple[Agreement, ...], limit_s: float
) -> tuple[tuple[Agreement, ...], tuple[Proof, ...]]:
    """Prove a circuit and say so in the rows of its executors.

    Args:
        subject: program, project, logic and netlist.
        tested: what was compared on vectors before; rows of the Verilog begin so.
        limit_s: seconds for each claim; 0 proves nothing.

    Returns:
        The rows, with one for the netlist, and the proofs.

    Raises:
        VerificationError: a claim is refuted; the input is named, and kept with the project's vectors.
    """
    if limit_s <= 0:
        return tested, ()
    proofs = tuple(_confirmed(subject, proof) for proof in prove_rtl(subject, limit_s))
    verilog = proofs[0]
    rows = [
        replace(row, proof=_how(verilog)) if row.executor.startswith("Verilog") and verilog.proven else row
        for row in tested
    ]
    for proof in proofs:
        # A netlist that could not be read was not tested either.
        if proof.claim == NETLIST and proof.vectors and subject.netlist is not None:
            values = proof.vectors * subject.program.n_outputs
            how = _how(proof) if proof.proven and verilog.proven else ""
            name = f"mapped netlist ({subject.netlist.stem} cells)"
            rows.append(Agreement(name, proof.vectors, values, how, "corners and random"))
    return tuple(rows), proofs


def _how(proof: Proof) -> str:
    return f"{proof.solver}, {proof.seconds:.1f} s"


def _confirmed(subject: ProofSubject, proof: Proof) -> Proof:
    """Return a proof, open where a simulator does not show its counter-example; raise where one does."""
    found = proof.counterexample
    if proof.outcome is not Outcome.REFUTED or found is None:
        return proof
    netlist = subject.netlist if proof.claim == NETLIST else None
    try:
        wrong = differences(subject.project, subject.program, found, netlist)
    except ToolError as error:
        wrong = [f"it could not be simulated: {error}"]
    said = _in_features(subject.project, found) or found.describe(subject.project.inputs)
    if not wrong:
        # A simulator takes a wire that nothing drives for 0; synthesis may take it for anything.
        note = f"for the input {said} it rests on a wire that nothing drives, which the simulator takes for 0"
        return replace(proof, outcome=Outcome.OPEN, note=note, counterexample=None)
    keep_vectors(subject.project, found.rows)
    side = "the mapped netlist" if netlist else "the Verilog"
    raise VerificationError(f"{side} differs from the program for the input {said}: {'; '.join(wrong)}")


def _in_features(project: RtlProject, found: Counterexample) -> str:
    """Return a counter-example in the features' names and units; empty where the folder does not say them."""
    types = tuple(port.type for port in project.inputs)
    for place in (project.directory.parent, project.directory.parent.parent):
        try:
            format_ = InputFormat.load(place / _INPUTS)
        except InputError:
            continue
        values = found.rows[found.at] * np.array([t.step for t in types])
        if _same(types, format_.types):
            values = format_.scaler.inverse_transform(values[None])[0]
        elif not _same(types, format_.raw_types or ()):
            continue
        return ", ".join(f"{n} = {v:.6g}" for n, v in zip(format_.names.display, values, strict=True))
    return ""


def _same(types: tuple[FixedType, ...], others: tuple[FixedType, ...]) -> bool:
    """Return whether types have the same numbers, however what comes to them is rounded."""
    return len(types) == len(others) and all(map(same_bits, types, others))


def keep_vectors(project: RtlProject, rows: NDArray[np.int64]) -> None:
    """Add raw inputs (rows, inputs) to the counter-examples that are kept with a project's vectors."""
    every = np.concatenate([kept_vectors(project), rows])
    lines = [
        ",".join(port.name for port in project.inputs),
        *(",".join(map(str, row)) for row in every.tolist()),
    ]
    Directory.at(project.directory).write(f"vectors/{_KEPT}", "\n".join(lines) + "\n")


def kept_vectors(project: RtlProject) -> NDArray[np.int64]:
    """Return the raw inputs of counter-examples that were found before, shape (samples, inputs)."""
    return _read_vectors(project, _KEPT)


def _read_vectors(project: RtlProject, name: str) -> NDArray[np.int64]:
    path = project.directory / "vectors" / name
    if not path.is_file():
        return np.zeros((0, len(project.inputs)), dtype=np.int64)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [[int(cell) for cell in row] for row in list(csv.reader(file))[1:]]
        return np.array(rows, dtype=np.int64).reshape(len(rows), len(project.inputs))
    except (OSError, ValueError) as error:
        raise VerificationError(f"'{path}' holds no raw inputs of the circuit: {error}") from error


def vectors_of(project: RtlProject) -> NDArray[np.int64]:
    """Return the project's own vectors and the counter-examples that were found before."""
    return np.concatenate([_read_vectors(project, "inputs.csv"), kept_vectors(project)])


def icarus_row(subject: ProofSubject) -> Agreement | None:
    """Return the row of the second simulator, None where it is not installed."""
    version = find_icarus()
    if version is None or subject.project.language != "verilog":
        return None
    n = run_testbench(subject.project)
    return Agreement(
        f"testbench (Icarus Verilog {version})",
        n,
        n * subject.program.n_outputs,
        source="the project's vectors",
    )

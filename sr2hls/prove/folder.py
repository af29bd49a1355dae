"""A finished folder verified again: tested on vectors, simulated twice, proven, whoever edited it since."""

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sr2hls.errors import InputError
from sr2hls.hls.compiled import CompiledProgram
from sr2hls.hls.project import HlsProject
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.serialize import digest, load
from sr2hls.prove.circuit import icarus_row, netlist_of, prove_circuit, vectors_of
from sr2hls.prove.cpp import check_operations
from sr2hls.prove.formula import formula_row
from sr2hls.prove.passes import passes_row
from sr2hls.prove.proof import Proof
from sr2hls.prove.rtl import ProofSubject
from sr2hls.rtl.names import check_module_name
from sr2hls.rtl.project import RtlProject, load_project, logic_for
from sr2hls.rtl.simulate import simulate
from sr2hls.target import Budget, Target
from sr2hls.verify.agree import Agreement, check_agreement
from sr2hls.verify.random_programs import corner_inputs

if TYPE_CHECKING:
    from sr2hls.design import Design

_SAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Verified:
    """What held.

    Attributes:
        rows: executors that were compared with the program, and how they were proven.
        proofs: the claims; one that is open says why.
    """

    rows: tuple[Agreement, ...]
    proofs: tuple[Proof, ...]

    def lines(self) -> list[str]:
        """Return a sentence for each executor and each claim that is open."""
        found = []
        for row in self.rows:
            how = f"proven for every input ({row.proof})" if row.proof else "tested"
            of = f" ({row.source})" if row.source else ""
            found.append(f"{row.executor}: {how}, equal on {row.vectors} vectors{of}")
        found += [f"{proof.claim}: not proven, {proof.note}" for proof in self.proofs if not proof.proven]
        return found


def verify_folder(directory: Path, limit_s: float, design: "Design | None" = None) -> Verified:
    """Verify the folder of a result, or an RTL project alone, against the program in it.

    Args:
        directory: folder of ``sr2hls compile`` or ``sr2hls lower``, or its ``rtl``.
        limit_s: seconds for each proof; 0 only tests.
        design: the formulas that the program was made from, where they are known.

    Raises:
        InputError: there is no project, or its programs differ from one another.
        VerificationError: an executor differs from the program.
        ToolError: a simulator or compiler is missing or fails.
    """
    place = directory if (directory / "project.json").is_file() else directory / "rtl"
    project = load_project(place)
    check_module_name(project.name)
    program = load(place / "program.json")
    beside = place.parent / "program.json"
    if digest(program) != project.program_digest or (
        beside.is_file() and digest(load(beside)) != digest(program)
    ):
        raise InputError(f"the programs in '{directory}' differ from one another: compile the design again")
    raw = np.concatenate([vectors_of(project), corner_inputs(program, _SAMPLES, seed=4)])
    expected = Interpreter(program).run(raw)
    tested = []
    hls = place.parent / "hls"
    if place != directory and hls.is_dir():
        compiled = CompiledProgram(HlsProject.open(hls))
        tested.append(check_agreement(program, "C++ (g++)", compiled.run, raw, expected))
    if limit_s > 0:
        with tempfile.TemporaryDirectory(prefix="sr2hls-operations-") as scratch:
            alone = check_operations(program, Path(scratch))
        tested += [] if alone is None else [alone]
    tested.append(check_agreement(program, "Verilog (Verilator)", partial(simulate, project), raw, expected))
    subject = ProofSubject(program, project, logic_for(program, target_of(project)), netlist_of(project))
    second = icarus_row(subject)
    if second is not None:
        tested.append(second)
    made = [] if design is None else [passes_row(design, limit_s), formula_row(design, limit_s)]
    rows, proofs = prove_circuit(subject, tuple(tested), limit_s)
    return Verified(
        (*rows, *(row for row, _ in made if row is not None)),
        (*proofs, *(proof for _, proof in made if proof is not None)),
    )


def target_of(project: RtlProject) -> Target:
    """Return the target that a project's logic was made for.

    Whether DSP blocks were allowed is not recorded; Verilog that differs from the logic in that is compared
    with it all the same.
    """
    return Target(project.part, project.clock_ns, Budget(), project.logic_share)

"""Proofs about an RTL project: Verilog computes the program, and the mapped netlist what Verilog does.

The Verilog is proven in two steps through the logic that it was written from: program = logic value by value
(`lowered`), logic = Verilog by the solver. A Verilog that was edited is compared with the same logic, made
anew. Where few bits go in, all inputs are tried instead. Sides are simulated on random inputs first, which
refutes most that is wrong at once.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from alkaid.types import CombLogic

from sr2hls.errors import Sr2hlsError, VerificationError
from sr2hls.program.program import Program
from sr2hls.prove.abc import compare, solver_name
from sr2hls.prove.aig import Aig
from sr2hls.prove.lowered import prove_logic
from sr2hls.prove.netlist import read_gates, unrolled
from sr2hls.prove.proof import Counterexample, Outcome, Proof
from sr2hls.prove.sides import (
    Ports,
    Side,
    counterexample,
    differing,
    every_row,
    flat,
    logic_side,
    program_side,
)
from sr2hls.rtl.project import RtlProject
from sr2hls.verify.random_programs import corner_inputs

VECTORS = 1 << 13
"""Random inputs that both sides of a claim are simulated on before it is proven."""
_ALL_BITS = 20
"""Input bits up to which every input is tried where the solver does not settle a claim."""
LIBRARIES = ("ecp5", "xilinx")
"""Libraries of cells that netlists are made of; the stem of a netlist's file names one."""
VERILOG, NETLIST = "Verilog = program", "netlist = Verilog"


@dataclass(frozen=True)
class ProofSubject:
    """What is proven about.

    Attributes:
        program: the program.
        project: its RTL project.
        logic: alkaid's logic that the project was written from.
        netlist: the mapped netlist as Verilog; None where there is none.
    """

    program: Program
    project: RtlProject
    logic: CombLogic
    netlist: Path | None = None

    @property
    def ports(self) -> Ports:
        """Ports of the project."""
        return Ports(self.project.inputs, self.project.outputs)


def prove_rtl(
    subject: ProofSubject, limit_s: float, claims: Collection[str] = (VERILOG, NETLIST)
) -> tuple[Proof, ...]:
    """Return how the claims about a project stand.

    Args:
        subject: what to prove about.
        limit_s: seconds of wall time for each claim.
        claims: which; one about a netlist needs one.
    """
    attempt = _Attempt(subject)
    proofs = [attempt.timed(VERILOG, attempt.verilog, limit_s)] if VERILOG in claims else []
    if subject.netlist is not None and NETLIST in claims:
        proofs.append(attempt.timed(NETLIST, attempt.netlist, limit_s))
    return tuple(proofs)


class _Attempt:
    """The sides of a subject in one graph."""

    def __init__(self, subject: ProofSubject) -> None:
        self._subject = subject
        self._aig = Aig()
        self._verilog: Side | None = None
        self._simulated_on: dict[str, int] = {}

    def timed(self, claim: str, prove: Callable[[float], "_Verdict"], limit_s: float) -> Proof:
        """Return the proof of a claim; a tool that is missing or fails leaves it open."""
        started = time.monotonic()
        try:
            verdict = prove(started + limit_s)
        except Sr2hlsError as error:
            verdict = _Verdict(Outcome.OPEN, note=str(error))
        seconds = time.monotonic() - started
        vectors = self._simulated_on.get(claim, 0)
        return Proof(claim, verdict.outcome, verdict.solver, seconds, verdict.note, verdict.found, vectors)

    def verilog(self, ends: float) -> "_Verdict":
        """Settle whether the Verilog computes the program."""
        subject, ports = self._subject, self._subject.ports
        right = self._read_verilog(ends)
        left = program_side(self._aig, subject.program, ports)
        found = self._simulated(VERILOG, left, right)
        if found is not None:
            return _Verdict(Outcome.REFUTED, "simulation of its gates", found=found)
        # The second step needs time, too.
        half = time.monotonic() + (ends - time.monotonic()) / 2
        unproven = prove_logic(subject.program, subject.logic, half)
        logic = logic_side(self._aig, subject.logic, ports)
        # Outputs that are not proven by way of the logic are compared with the program itself.
        wanted = [
            spec if port.source in unproven else word
            for port, spec, word in zip(ports.outputs, left, logic, strict=True)
        ]
        return self._settled(wanted, left, right, ends)

    def netlist(self, ends: float) -> "_Verdict":
        """Settle whether the netlist computes what the Verilog does."""
        project = self._subject.project
        assert self._subject.netlist is not None
        left = self._read_verilog(ends)
        netlist, limit = self._subject.netlist, max(1, ends - time.monotonic())
        cells = f"+/{netlist.stem}/cells_sim.v"
        gates = read_gates([netlist], project.name, clock="clk", cells=cells, timeout_s=limit)
        right = self._placed(unrolled(self._aig, gates, project.latency_cycles + 1))
        found = self._simulated(NETLIST, left, right)
        if found is not None:
            return _Verdict(Outcome.REFUTED, "simulation of its gates", found=found)
        return self._settled(left, left, right, ends)

    def _read_verilog(self, ends: float) -> Side:
        if self._verilog is None:
            project = self._subject.project
            limit = max(1, ends - time.monotonic())
            gates = read_gates(project.sources, project.name, clock="clk", timeout_s=limit)
            self._verilog = self._placed(unrolled(self._aig, gates, project.latency_cycles + 1))
        return self._verilog

    def _placed(self, words: dict[str, list[int]]) -> Side:
        project = self._subject.project
        for port in project.outputs:
            if len(words.get(port.name, ())) != port.width:
                raise VerificationError(
                    f"'{project.name}' has no output '{port.name}' of {port.width} bits: "
                    "it is not this project's"
                )
        return [words[port.name] for port in project.outputs]

    def _simulated(self, claim: str, left: Side, right: Side) -> Counterexample | None:
        rows = corner_inputs(self._subject.program, VECTORS, seed=2)
        ports = self._subject.ports
        # A difference that does not rest on wires that nothing drives can be shown on a simulator.
        found = differing(self._aig, left, right, ports, rows, seed=None)
        if found is None and len(self._aig.variables) > ports.input_bits:
            found = differing(self._aig, left, right, ports, rows, seed=3)
        if found is None:
            self._simulated_on[claim] = VECTORS
        return found

    def _settled(self, wanted: Side, left: Side, right: Side, ends: float) -> "_Verdict":
        """Settle wanted = right by the solver, else left = right by all inputs where they are few."""
        ports = self._subject.ports
        few = ports.input_bits <= _ALL_BITS
        rest = ends - time.monotonic()
        verdict = compare(self._aig, flat(wanted), flat(right), rest / 2 if few else rest)
        if verdict.equal:
            return _Verdict(Outcome.PROVEN, solver_name())
        if verdict.equal is False and verdict.counterexample is not None:
            values = {literal >> 1: bit for literal, bit in verdict.counterexample.items()}
            return _Verdict(Outcome.REFUTED, solver_name(), found=counterexample(self._aig, ports, values))
        if few and len(self._aig.variables) == ports.input_bits:
            for rows in every_row(ports):
                if time.monotonic() > ends:
                    break
                found = differing(self._aig, left, right, ports, rows, seed=0)
                if found is not None:
                    return _Verdict(Outcome.REFUTED, "all inputs tried", found=found)
            else:
                return _Verdict(Outcome.PROVEN, f"all 2^{ports.input_bits} inputs tried")
        return _Verdict(Outcome.OPEN, note=verdict.note)


@dataclass(frozen=True)
class _Verdict:
    outcome: Outcome
    solver: str = ""
    note: str = ""
    found: Counterexample | None = None

"""RTL projects: a program as Verilog or VHDL, pipelined for a clock, with everything that a tool needs."""

import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
from alkaid.types import CombLogic
from numpy.typing import NDArray

from sr2hls.errors import InputError
from sr2hls.program.program import Program
from sr2hls.program.serialize import digest, load
from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.rtl.lower_program import to_alkaid
from sr2hls.rtl.names import check_module_name
from sr2hls.rtl.pipeline import PipelinePlan, register_bits, schedule, split, to_machine
from sr2hls.rtl.ports import Port, ports_of, variable_outputs
from sr2hls.rtl.sources import RECORD, RtlDesign, write_files
from sr2hls.target import CLOCK_SHARE, Target

Language = Literal["verilog", "vhdl"]
FORMAT = "sr2hls-rtl-1"
_SLACKS = (0, 1, 2, 4, None)


@dataclass(frozen=True, slots=True)
class RtlProject:
    """A project on disk.

    Attributes:
        directory: where it is.
        name: top module.
        language: ``verilog`` or ``vhdl``.
        part: FPGA part it was pipelined for.
        sources: source files, in an order that they can be compiled in.
        inputs: input ports, in the order of the program.
        outputs: output ports, in the order of the program.
        clock_ns: clock period, nanoseconds.
        latency_cycles: cycles from the input registers to the output registers.
        ii: initiation interval, cycles: a new sample is taken each ``ii`` cycles.
        stage_delay: longest path of a stage by alkaid's delay model.
        logic_share: see `Target.logic_share`.
        register_bits: bits of registers before synthesis.
        program_digest: SHA-256 of what the program computes.
    """

    directory: Path
    name: str
    language: Language
    part: str
    sources: tuple[Path, ...]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    clock_ns: float
    latency_cycles: int
    ii: int
    stage_delay: Figure
    logic_share: float
    register_bits: int
    program_digest: str

    @property
    def latency_ns(self) -> float:
        """Latency at the clock of the target, nanoseconds."""
        return self.latency_cycles * self.clock_ns


def write_rtl(
    program: Program,
    directory: Path,
    *,
    target: Target,
    name: str = "top",
    language: Language = "verilog",
    vectors: NDArray[np.int64] | None = None,
    logic: CombLogic | None = None,
) -> RtlProject:
    """Write a program as an RTL project.

    The pipeline has the fewest stages whose logic takes at most `Target.logic_ns` by alkaid's delay
    model; an operation that alone takes longer gets a stage of its own (see `RtlProject.stage_delay`).

    Args:
        program: what to write.
        directory: where; an RTL project that is there already is replaced, anything else is refused.
        target: part and clock; products are left for DSP blocks where its budget has some.
        name: top module.
        language: ``verilog`` or ``vhdl``.
        vectors: raw inputs, shape (samples, inputs), to put beside it with the outputs that they must give;
            by default the least and the largest value of every input and random ones.
        logic: alkaid's logic for the program, where something better than `to_alkaid` made it (a network's
            constant matrices share adders); verification compares it with the program all the same.

    Raises:
        InputError: the name is not legal, or the directory is something else.
        LoweringError: a value of the program is outside of what alkaid can express.
    """
    check_module_name(name)
    if language not in ("verilog", "vhdl"):
        raise InputError(f"language '{language}' is not one that RTL is written in: give 'verilog' or 'vhdl'")
    limit_ns = target.logic_ns
    if logic is None:
        logic, plan = _fewest_luts(program, limit_ns, dsp=bool(target.budget.max_dsp))
    else:
        plan = _plan(logic, limit_ns)
    core = variable_outputs(logic)
    machine = to_machine(split(core, plan), name) if core.shape[1] else None
    inputs, outputs = ports_of(program)
    estimate = Provenance(
        Origin.ESTIMATED,
        f"delay model of alkaid {version('alkaid')}, before mapping",
        part="xcvu13p",
        step="RTL generation",
    )
    design = RtlDesign(program, logic, machine, inputs, outputs, name, language, target, plan.n_stages)
    stage_delay = Figure(max(plan.delay_ns), "ns", estimate)

    def record(sources: list[str]) -> str:
        facts = {
            "format": FORMAT,
            "name": name,
            "language": language,
            "part": target.part,
            "clock_ns": target.clock_ns,
            "latency_cycles": plan.n_stages,
            "ii": 1,
            "stage_delay_ns": stage_delay.value,
            "stage_delay_source": estimate.source,
            "logic_share": target.logic_share,
            "register_bits": register_bits(machine) if machine else 0,
            "program_sha256": digest(program),
            "sources": sources,
        }
        return json.dumps(facts, indent=1) + "\n"

    if vectors is None:
        vectors = default_vectors(program)
    write_files(design, directory, stage_delay, record, vectors)
    return load_project(directory)


def _plan(logic: CombLogic, limit_ns: float) -> PipelinePlan:
    core = variable_outputs(logic)
    return schedule(core, limit_ns) if core.shape[1] else PipelinePlan((), (0.0,))


def logic_for(program: Program, target: Target) -> CombLogic:
    """Return the logic that `write_rtl` writes for a target.

    Raises:
        LoweringError: a value of the program is outside of what alkaid can express.
    """
    logic, _ = _fewest_luts(program, target.logic_ns, dsp=bool(target.budget.max_dsp))
    return logic


def cycles_for(program: Program, target: Target, logic: CombLogic | None = None) -> int:
    """Return how many stages `write_rtl` cuts a program, or the logic given for it, into.

    Raises:
        LoweringError: a value of the program is outside of what alkaid can express.
    """
    if logic is not None:
        return _plan(logic, target.logic_ns).n_stages
    return _fewest_luts(program, target.logic_ns, dsp=bool(target.budget.max_dsp))[1].n_stages


def _fewest_luts(program: Program, limit_ns: float, *, dsp: bool) -> tuple[CombLogic, PipelinePlan]:
    """Return the logic that takes the fewest LUTs of those that need the fewest stages.

    The longer sums and the rows of products are, the fewer LUTs and the slower. A multiplication that is left
    to the tools has alkaid's delay of a DSP block, so it is only for designs that may have some.
    """
    rows = not dsp
    logic = to_alkaid(program, slack=_SLACKS[0], rows=rows)
    plan = _plan(logic, limit_ns)
    limit_ns = max(limit_ns, *plan.delay_ns)
    for slack in _SLACKS[1:]:
        slower = to_alkaid(program, slack=slack, rows=rows)
        found = _plan(slower, limit_ns)
        if found.n_stages > plan.n_stages or max(found.delay_ns) > limit_ns:
            break
        logic, plan = slower, found
    return logic, plan


def default_vectors(program: Program, n_samples: int = 256, seed: int = 0) -> NDArray[np.int64]:
    """Return raw inputs: all at their least, all at their largest value, then random ones."""
    low = np.array([t.raw_min for t in program.input_types], dtype=np.int64)
    high = np.array([t.raw_max for t in program.input_types], dtype=np.int64)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(low, high, size=(n_samples - 2, len(low)), endpoint=True)
    return np.concatenate([low[None], high[None], drawn])


def load_project(directory: Path) -> RtlProject:
    """Read the record of a project that `write_rtl` wrote.

    Raises:
        InputError: there is no project, or its record is damaged.
    """
    try:
        facts: dict[str, Any] = json.loads((directory / RECORD).read_text(encoding="utf-8"))
        if facts["format"] != FORMAT:
            raise ValueError(f"its format is '{facts['format']}', not '{FORMAT}'")
        inputs, outputs = ports_of(load(directory / "program.json"))
        estimate = Provenance(
            Origin.ESTIMATED, facts["stage_delay_source"], part="xcvu13p", step="RTL generation"
        )
        return RtlProject(
            directory=directory,
            name=facts["name"],
            language=facts["language"],
            part=facts["part"],
            sources=tuple(directory / "src" / Path(s).name for s in facts["sources"]),
            inputs=inputs,
            outputs=outputs,
            clock_ns=facts["clock_ns"],
            latency_cycles=facts["latency_cycles"],
            ii=facts["ii"],
            stage_delay=Figure(facts["stage_delay_ns"], "ns", estimate),
            logic_share=facts.get("logic_share", CLOCK_SHARE),
            register_bits=facts["register_bits"],
            program_digest=facts["program_sha256"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"'{directory}' holds no readable RTL project: {error}") from error

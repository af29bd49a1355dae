"""The files of an RTL project, written beside and moved into place as a whole."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import numpy as np
from alkaid.codegen.rtl.verilog.fsm import fsm_logic_gen as verilog_of
from alkaid.codegen.rtl.vhdl.fsm import fsm_logic_gen as vhdl_of
from alkaid.stateful import FSM
from alkaid.types import CombLogic
from numpy.typing import NDArray

from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.serialize import to_dict
from sr2hls.provenance import Figure
from sr2hls.rtl.ports import Port, field_bits, input_bits, output_bits
from sr2hls.rtl.tables import table_modules
from sr2hls.store.directory import written_beside
from sr2hls.target import Target
from sr2hls.templates import render

RECORD = "project.json"
"""The file that says what a project holds, and that it is one."""


@dataclass(frozen=True, slots=True)
class RtlDesign:
    """What the files are made from; ``machine`` is None where every output is constant."""

    program: Program
    logic: CombLogic
    machine: FSM | None
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    name: str
    language: str
    target: Target
    latency_cycles: int

    @property
    def suffix(self) -> str:
        """File name extension of the language."""
        return "v" if self.language == "verilog" else "vhd"


def write_files(
    design: RtlDesign,
    directory: Path,
    stage_delay: Figure,
    record: Callable[[list[str]], str],
    vectors: NDArray[np.int64],
) -> None:
    """Write a project; ``record`` gives the text of project.json for the names of the sources.

    Args:
        design: what the files are made from.
        directory: of the project.
        stage_delay: longest delay of a stage.
        record: see above.
        vectors: raw inputs of the testbench, shape (samples, inputs).

    Raises:
        InputError: the directory holds something else.
    """
    with written_beside(directory, RECORD, "RTL project") as unfinished:
        sources = _write_sources(design, unfinished)
        _write_vectors(design, unfinished, vectors)
        _write_rest(design, unfinished, stage_delay, len(vectors))
        (unfinished / RECORD).write_text(record(sources), encoding="utf-8")


def _write_sources(design: RtlDesign, root: Path) -> list[str]:
    """Write the modules, those without dependencies first; return their file names."""
    source = root / "src"
    source.mkdir()
    names: list[str] = []
    core = f"{design.name}_core"
    if design.machine is not None:
        library = files("alkaid") / "codegen" / "rtl" / design.language / "source"
        generate = verilog_of if design.language == "verilog" else vhdl_of
        modules: dict[str, str] = generate(design.machine, core)
        tables = table_modules(design.machine)
        if tables and design.language == "verilog":
            modules[f"{core}_tables"] = render("rtl/tables.v.j2", core=core, tables=tables)
        text = "\n".join(modules.values())
        for item in sorted(library.iterdir(), key=lambda item: item.name):
            stem = item.name.partition(".")[0]
            if item.name.endswith(design.suffix) and stem in text:
                modules = {stem: item.read_text(encoding="utf-8"), **modules}
        for module, code in sorted(modules.items(), key=lambda m: _level(m[0], design.name)):
            names.append(f"{module}.{design.suffix}")
            (source / names[-1]).write_text(code, encoding="utf-8")
    taken = input_bits(design.logic, design.inputs)
    fields = output_bits(design.logic, design.outputs)
    top = render(
        f"rtl/top.{design.suffix}.j2",
        title=f"{design.name}: {len(design.inputs)} inputs, {len(design.outputs)} outputs, "
        f"{design.target.part} at {design.target.clock_ns:g} ns",
        version=version("sr2hls"),
        name=design.name,
        core=core,
        inputs=design.inputs,
        outputs=design.outputs,
        in_bits=taken,
        out_bits=fields,
        n_in=sum(bits.high - bits.low + 1 for bits in taken),
        n_out=sum(f.high - f.low + 1 for f in fields if f.literal is None),
        latency_cycles=design.latency_cycles,
    )
    names.append(f"{design.name}.{design.suffix}")
    (source / names[-1]).write_text(top, encoding="utf-8")
    constraints = render("rtl/top.xdc.j2", name=design.name, clock_ns=design.target.clock_ns)
    (source / f"{design.name}.xdc").write_text(constraints, encoding="utf-8")
    return names


def _level(module: str, name: str) -> int:
    """Return how late a module has to be compiled."""
    if module == f"{name}_core":
        return 3
    if module == f"{name}_core_tables":
        return 1
    return 2 if module.startswith(f"{name}_stage") else 0


def _write_vectors(design: RtlDesign, root: Path, raw_in: NDArray[np.int64]) -> None:
    (root / "vectors").mkdir()
    raw_out = Interpreter(design.program).run(raw_in)
    for stem, ports, raw in (("inputs", design.inputs, raw_in), ("outputs", design.outputs, raw_out)):
        header = ",".join(port.name for port in ports)
        rows = "\n".join(",".join(map(str, row)) for row in raw.tolist())
        (root / "vectors" / f"{stem}.csv").write_text(f"{header}\n{rows}\n", encoding="utf-8")
        words = "\n".join(_packed_hex(raw, ports))
        (root / "vectors" / f"{stem}.hex").write_text(f"{words}\n", encoding="utf-8")


def _packed_hex(raw: NDArray[np.int64], ports: Iterable[Port]) -> list[str]:
    widths = [port.width for port in ports]
    digits = -(-sum(widths) // 4)
    words = []
    for row in raw.tolist():
        word, low = 0, 0
        for value, width in zip(row, widths, strict=True):
            word |= (value & ((1 << width) - 1)) << low
            low += width
        words.append(f"{word:0{digits}x}")
    return words


def _write_rest(design: RtlDesign, root: Path, stage_delay: Figure, n_vectors: int) -> None:
    text = json.dumps(to_dict(design.program), indent=1)
    (root / "program.json").write_text(f"{text}\n", encoding="utf-8")
    if design.language == "verilog":
        (root / "sim").mkdir()
        bench = render(
            "rtl/testbench.v.j2",
            name=design.name,
            n_vectors=n_vectors,
            latency_cycles=design.latency_cycles if design.machine else 0,
            in_bits=field_bits(design.inputs),
            out_fields=field_bits(design.outputs),
            in_width=sum(port.width for port in design.inputs),
            out_width=sum(port.width for port in design.outputs),
        )
        (root / "sim" / f"{design.name}_tb.v").write_text(bench, encoding="utf-8")
    readme = render(
        "rtl/README.md.j2",
        filters={"markdown": _markdown},
        version=version("sr2hls"),
        name=design.name,
        language=design.language,
        part=design.target.part,
        clock_ns=design.target.clock_ns,
        latency_cycles=design.latency_cycles,
        stage_delay=f"{stage_delay.value:.2f} ns ({stage_delay.provenance})",
        inputs=design.inputs,
        outputs=design.outputs,
        suffix=design.suffix,
        n_vectors=n_vectors,
    )
    (root / "README.md").write_text(readme, encoding="utf-8")


def _markdown(text: object) -> str:
    """Return a name from the user's data as plain text in a Markdown table."""
    plain = "".join(c if c.isprintable() else repr(c)[1:-1] for c in " ".join(str(text).split()))
    for character in "\\`*_<>|[]#&":
        plain = plain.replace(character, f"&#{ord(character)};")
    return plain

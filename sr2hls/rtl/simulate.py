"""Simulation of RTL projects with Verilator: raw inputs in, raw outputs out, a sample each clock cycle."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import IntArray
from sr2hls.errors import InputError, ToolError
from sr2hls.rtl.ports import InputBits, Port
from sr2hls.rtl.project import RtlProject
from sr2hls.rtl.verilator import FLAGS, compile_object, find_verilator, run_tool, runtime_objects
from sr2hls.store.directory import Directory
from sr2hls.templates import render, template_path

_TIMEOUT = 1800.0


@dataclass(frozen=True, slots=True)
class _Instance:
    """A design in the simulated top module and where its ports lie in the two vectors."""

    name: str
    in_bits: list[InputBits]
    out_bits: list[InputBits]


def simulate(project: RtlProject, raw_inputs: NDArray[np.integer[Any]]) -> IntArray:
    """Return the raw outputs of a project, shape (samples, outputs), for raw inputs, shape (samples, inputs).

    The simulator is built on the first call and kept in the project's ``sim/build``.

    Raises:
        InputError: the shape is wrong, or a raw input is outside of its type.
        ToolError: Verilator or the compiler is missing or fails.
    """
    build = Directory.at(project.directory).folder("sim/build")
    return simulate_many([project], [raw_inputs], build.path)[0]


def simulate_many(
    projects: Sequence[RtlProject],
    raw_inputs: Sequence[NDArray[np.integer[Any]]],
    build: Path | None = None,
) -> list[IntArray]:
    """Simulate several projects with distinct names in one build, each over its own samples.

    Args:
        projects: Verilog projects.
        raw_inputs: for each, raw inputs, shape (samples, inputs); numbers of samples may differ.
        build: where the simulator is kept for the next call; by default it is not kept.
    """
    for project, raw in zip(projects, raw_inputs, strict=True):
        _check(project, raw)
    if build is None:
        with tempfile.TemporaryDirectory(prefix="sr2hls-sim-") as scratch:
            return _simulate(projects, raw_inputs, Path(scratch))
    return _simulate(projects, raw_inputs, Directory.at(build).path)


def _check(project: RtlProject, raw: NDArray[np.integer[Any]]) -> None:
    if project.language != "verilog":
        raise InputError(f"'{project.directory}' is {project.language}: Verilator simulates Verilog only")
    if raw.ndim != 2 or raw.shape[1] != len(project.inputs):
        raise InputError(
            f"raw inputs have the shape {raw.shape}; '{project.name}' takes (samples, {len(project.inputs)})"
        )
    for column, port in zip(raw.T, project.inputs, strict=True):
        if len(column) and (column.min() < port.type.raw_min or column.max() > port.type.raw_max):
            raise InputError(
                f"raw input '{port.source}' ranges over {column.min()} to {column.max()}, "
                f"outside of {port.type}"
            )


def _simulate(
    projects: Sequence[RtlProject], raw_inputs: Sequence[NDArray[np.integer[Any]]], build: Path
) -> list[IntArray]:
    instances, in_width, out_width = _instances(projects)
    simulator = _build(projects, instances, in_width, out_width, build)
    n_samples = max((len(raw) for raw in raw_inputs), default=0)
    bits = np.zeros((n_samples, in_width), dtype=np.uint8)
    for project, instance, raw in zip(projects, instances, raw_inputs, strict=True):
        for column, port, field in zip(raw.T, project.inputs, instance.in_bits, strict=True):
            bits[: len(raw), field.low : field.high + 1] = _to_bits(column, port.width)
    # The first edge fills the input registers, each stage takes one more.
    extra = max(project.latency_cycles for project in projects)
    out_bits = _run(simulator, bits, out_width, extra)
    results = []
    for project, instance, raw in zip(projects, instances, raw_inputs, strict=True):
        rows = out_bits[project.latency_cycles : project.latency_cycles + len(raw)]
        columns = [
            _from_bits(rows[:, field.low : field.high + 1], port)
            for port, field in zip(project.outputs, instance.out_bits, strict=True)
        ]
        results.append(np.stack(columns, axis=1))
    return results


def _instances(projects: Sequence[RtlProject]) -> tuple[list[_Instance], int, int]:
    names = [project.name for project in projects]
    if len(set(names)) != len(names):
        raise InputError(f"projects that are simulated together need distinct names; these are {names}")
    instances, in_low, out_low = [], 0, 0
    for project in projects:
        in_bits, in_low = _placed(project.inputs, in_low)
        out_bits, out_low = _placed(project.outputs, out_low)
        instances.append(_Instance(project.name, in_bits, out_bits))
    return instances, in_low, out_low


def _placed(ports: Sequence[Port], low: int) -> tuple[list[InputBits], int]:
    fields = []
    for port in ports:
        fields.append(InputBits(port.name, low, low + port.width - 1))
        low += port.width
    return fields, low


def _to_bits(column: NDArray[np.integer[Any]], width: int) -> NDArray[np.uint8]:
    shifts = np.arange(width, dtype=np.int64)
    return ((column.astype(np.int64)[:, None] >> shifts) & 1).astype(np.uint8)


def _from_bits(bits: NDArray[np.uint8], port: Port) -> IntArray:
    weights = np.int64(1) << np.arange(port.width, dtype=np.int64)
    if port.type.signed:
        weights[-1] = -weights[-1] if port.width < 64 else weights[-1]
    total: IntArray = (bits.astype(np.int64) * weights).sum(axis=1)
    return total


def _port_bytes(width: int) -> int:
    """Return the size of a Verilator port: 1, 2, 4 or 8 bytes, else a number of 32-bit words."""
    for size in (1, 2, 4, 8):
        if width <= 8 * size:
            return size
    return 4 * (-(-width // 32))


def _run(simulator: Path, bits: NDArray[np.uint8], out_width: int, extra: int) -> NDArray[np.uint8]:
    packed = np.packbits(bits, axis=1, bitorder="little")
    size = _port_bytes(bits.shape[1])
    samples = np.zeros((len(bits), size), dtype=np.uint8)
    samples[:, : packed.shape[1]] = packed
    with tempfile.TemporaryDirectory(prefix="sr2hls-sim-") as scratch:
        source, target = Path(scratch) / "inputs", Path(scratch) / "outputs"
        source.write_bytes(samples.tobytes())
        command = [str(simulator.resolve()), str(source), str(target), str(extra)]
        run_tool(command, os.environ, Path(scratch), "the Verilator simulation", _TIMEOUT)
        raw = np.frombuffer(target.read_bytes(), dtype=np.uint8)
    expected = (len(bits) + extra) * _port_bytes(out_width)
    if len(raw) != expected:
        raise ToolError(f"the Verilator simulation wrote {len(raw)} bytes instead of {expected}")
    words = raw.reshape(len(bits) + extra, -1)
    return np.unpackbits(words, axis=1, bitorder="little")


def _build(
    projects: Sequence[RtlProject], instances: list[_Instance], in_width: int, out_width: int, build: Path
) -> Path:
    """Build the simulator, unless it is there for the very same sources."""
    top = render("rtl/sim.v.j2", designs=instances, in_width=in_width, out_width=out_width)
    harness = template_path("rtl/harness.cpp")
    verilator = find_verilator()
    sources: dict[str, Path] = {}
    content = hashlib.sha256("\n".join([top, verilator.version, *FLAGS]).encode())
    content.update(harness.read_bytes())
    for project in projects:
        for path in project.sources:
            content.update(path.read_bytes())
            # Modules that come with alkaid are the same in every project.
            sources.setdefault(path.name, path)
    simulator = build / f"simulator-{content.hexdigest()[:16]}"
    if simulator.is_file():
        return simulator
    for stale in build.glob("simulator-*"):
        Directory(build).remove(stale.name)
    # Not in the user's folder: Verilator takes $ and " in paths for something else.
    with tempfile.TemporaryDirectory(prefix="sr2hls-sim-") as scratch:
        work = Path(scratch).resolve()
        for name, path in sources.items():
            shutil.copy(path, work / name)
        (work / "sim.v").write_text(top, encoding="utf-8")
        command = [
            str(verilator.program),
            "--cc",
            "--prefix",
            "Vsim",
            "--top-module",
            "sim",
            "-Mdir",
            str(work),
        ]
        command += ["-Wno-fatal", "-Wno-lint", "-Wno-style", "--x-assign", "fast", "--x-initial", "fast"]
        command += ["--no-timing", "-O3", "--output-split", "20000", "-DSIMULATION"]
        command += [*sources, "sim.v"]
        run_tool(command, verilator.environment, work, "Verilator", _TIMEOUT)
        objects = runtime_objects(verilator)
        # One translation unit: most of the time goes into Verilator's headers, read by each file again.
        parts = [*(path.name for path in sorted(work.glob("Vsim*.cpp"))), harness.name]
        shutil.copy(harness, work)
        unit = work / "unit.cpp"
        unit.write_text("".join(f'#include "{part}"\n' for part in parts), encoding="utf-8")
        compile_object(verilator, unit, work / "unit.o", work)
        objects.append(work / "unit.o")
        made = work / "simulator"
        link = [str(verilator.compiler), *map(str, objects), "-o", str(made), "-pthread", "-latomic"]
        run_tool(link, os.environ, work, "the linker", _TIMEOUT)
        with Directory(build).unfinished_file(simulator.name) as unfinished:
            shutil.copy(made, unfinished)
    return simulator

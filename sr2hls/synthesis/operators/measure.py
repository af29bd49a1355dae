"""Runs the grid through the tools, batch by batch; what is done is kept, so that it can go on later."""

import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from sr2hls.costs.measured_tables import MeasuredOperator, format_rows, parse_rows
from sr2hls.errors import InputError, ToolError
from sr2hls.options import MeasureOptions
from sr2hls.progress import Progress
from sr2hls.rtl.lower_program import to_alkaid
from sr2hls.rtl.project import RtlProject, write_rtl
from sr2hls.store.directory import Directory
from sr2hls.store.files import write_text
from sr2hls.synthesis.ecp5 import cell_resources, nextpnr_version, place_and_route
from sr2hls.synthesis.operators.grid import OperatorPoint, grid
from sr2hls.synthesis.together import clock_of, ecp5_together, xilinx_together
from sr2hls.synthesis.yosys import resources
from sr2hls.synthesis.yosys_run import yosys_version
from sr2hls.target import Family, Target

PARTS = {"xcup": "xcvu9p-flga2577-2-e", "xc7": "xc7k325tffg900-2", "ecp5": "LFE5U-25F"}
_CLOCK_NS = 5.0
# Operators in one run: Yosys starts once for each; nextpnr has 16 global clock lines, one an operator.
_BATCH = {"xcup": 32, "xc7": 32, "ecp5": 16}
_ONE_STAGE_NS = 1000.0


def measure(options: MeasureOptions, progress: Progress) -> Path:
    """Measure every operator of the grid on one family and write the table.

    After each batch the rows so far are kept in ``<family>.partial.csv``; the same command goes on there.

    Returns:
        The table.

    Raises:
        InputError: there is a table already, an operator is unknown, or the partial one is of other tools.
        ToolError: a tool is missing or fails.
    """
    if options.table.exists() and not options.overwrite:
        raise InputError(f"'{options.table}' is there already: give another folder, or --overwrite")
    points = _chosen(options)
    about = _about(options, len(points))
    done = _resume(options, about)
    try:
        folder = Directory.at(options.output)
        with progress.stage(f"operators on {options.family}", total=len(points)) as stage:
            # The same batches whatever is done: a count can depend on what else is in a run, by a few LUTs.
            for batch in _batches(points, _BATCH[options.family]):
                if any(p.key not in done for p in batch):
                    for row in _measure_batch(batch, options):
                        done[row.operator, row.in_bits, row.detail] = row
                    _keep(options, about, done)
                stage.advance(len(batch), batch[-1].operator)
        write_text(options.table.with_suffix(".json"), json.dumps(about, indent=1) + "\n")
        write_text(options.table, format_rows([done[p.key] for p in points]))
    except OSError as error:
        raise InputError(f"cannot write to '{options.output}': {error.strerror or error}") from error
    for old in (options.partial, options.partial.with_suffix(".json")):
        folder.remove(old.name)
    return options.table


def _chosen(options: MeasureOptions) -> list[OperatorPoint]:
    points = grid(options.seed, options.widths)
    known = sorted({p.operator for p in points})
    for name in options.only:
        if name not in known:
            raise InputError(f"operator '{name}' is not measured: there are {', '.join(known)}")
    return [p for p in points if not options.only or p.operator in options.only]


def _about(options: MeasureOptions, count: int) -> dict[str, str]:
    part = PARTS[options.family]
    if options.family == "ecp5":
        tools = f"Yosys {yosys_version()}, nextpnr-ecp5 {nextpnr_version()}"
        step = "synthesis (resources), place and route (delay)"
        delay = "register to register after place and route, 1000 / Fmax"
        lut = "LUT4 plus two for each CCU2C"
    else:
        tools = f"Yosys {yosys_version()}, delay model of alkaid {version('alkaid')} (xcvu13p)"
        step, lut = "synthesis", "LUT1 to LUT6 and INV cells added up"
        delay = "estimated: longest path by alkaid's delay model for xcvu13p"
    return {
        "family": options.family,
        "part": part,
        "step": step,
        "tools": tools,
        "date": datetime.now(UTC).date().isoformat(),
        "command": options.command,
        "seed": str(options.seed),
        "widths": " ".join(map(str, options.widths)),
        "operators": str(count),
        "lut": lut,
        "delay_ns": delay,
        "ff": "registers at the inputs and the outputs",
    }


def _resume(options: MeasureOptions, about: dict[str, str]) -> dict[tuple[str, str, str], MeasuredOperator]:
    record = options.partial.with_suffix(".json")
    if options.overwrite or not options.partial.is_file() or not record.is_file():
        return {}
    try:
        before = json.loads(record.read_text(encoding="utf-8"))
        rows = parse_rows(options.partial.read_text(encoding="utf-8"), str(options.partial))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read '{options.partial}': {error}; use --overwrite") from error
    for key in ("tools", "seed", "part"):
        if before.get(key) != about[key]:
            raise InputError(
                f"'{options.partial}' was measured with {key} {before.get(key)}, now it is {about[key]}: use "
                "--overwrite to begin anew"
            )
    return {(r.operator, r.in_bits, r.detail): r for r in rows}


def _keep(
    options: MeasureOptions,
    about: dict[str, str],
    done: dict[tuple[str, str, str], MeasuredOperator],
) -> None:
    write_text(options.partial.with_suffix(".json"), json.dumps(about, indent=1) + "\n")
    write_text(options.partial, format_rows(list(done.values())))


def _batches(points: Sequence[OperatorPoint], size: int) -> list[list[OperatorPoint]]:
    """Return batches of one kind: whether DSP blocks are allowed is a switch of the whole run."""
    batches = []
    for dsp in (False, True):
        some = [p for p in points if p.dsp is dsp]
        batches += [some[k : k + size] for k in range(0, len(some), size)]
    return batches


def _measure_batch(points: Sequence[OperatorPoint], options: MeasureOptions) -> list[MeasuredOperator]:
    with tempfile.TemporaryDirectory(prefix="sr2hls-operators-") as scratch:
        projects = [_project(p, Path(scratch), k, options.family) for k, p in enumerate(points)]
        if options.family == "ecp5":
            found = _route_batch(projects, dsp=points[0].dsp, seed=options.seed + 1)
        else:
            found = _map_batch(projects, Family(options.family), dsp=points[0].dsp)
    return [
        MeasuredOperator(
            point.operator,
            point.in_bits,
            point.out_bits,
            point.detail,
            cells["lut"],
            cells["carry"],
            cells["ff"],
            cells["dsp"],
            delay,
        )
        for point, (cells, delay) in zip(points, found, strict=True)
    ]


def _project(point: OperatorPoint, scratch: Path, number: int, family: str) -> RtlProject:
    """Write an operator as one stage, in its fastest arrangement."""
    target = Target(PARTS[family], clock_ns=_ONE_STAGE_NS)
    logic = to_alkaid(point.program, slack=0, rows=not point.dsp)
    return write_rtl(point.program, scratch / f"op{number}", target=target, name=f"op{number}", logic=logic)


def _map_batch(
    projects: Sequence[RtlProject], family: Family, *, dsp: bool
) -> list[tuple[dict[str, float], float]]:
    cells = xilinx_together(projects, family, _CLOCK_NS, dsp=dsp)
    return [(resources(cells[p.name]), p.stage_delay.value) for p in projects]


def _route_batch(
    projects: Sequence[RtlProject], *, dsp: bool, seed: int
) -> list[tuple[dict[str, float], float]]:
    """Place and route operators side by side, each with a clock of its own and so with an Fmax of its own."""
    mapped = ecp5_together(projects, dsp=dsp)
    assert mapped.netlist is not None
    routed = place_and_route(mapped.netlist, size="25k", frequency_mhz=1000.0 / _CLOCK_NS, seed=seed)
    found = []
    for project in projects:
        fmax = routed.fmax_mhz.get(clock_of(project.name))
        if fmax is None:
            raise ToolError(f"nextpnr reported no clock '{clock_of(project.name)}'")
        found.append((cell_resources(mapped.modules[project.name]), 1000.0 / fmax))
    return found

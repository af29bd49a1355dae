"""conifer's own VHDL simulated and synthesised, where GHDL is installed.

GHDL (2.0 or later) turns the VHDL into Verilog (`ghdl --synth --out=verilog`) for the same Yosys that takes
every other design.
"""

import contextlib
import copy
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tree_programs import LEAF, Boosted, each_tree

from sr2hls.errors import ToolError
from sr2hls.hls.ap_types import ap_types_dir
from sr2hls.synthesis.base import HdlDesign

IntArray = NDArray[np.int64]

_LIBRARY = "BDT"
_TOP = "BDTTop"
_SYNTH = ("ghdl", "--synth", "--std=08", f"--work={_LIBRARY}", "--out=verilog", _TOP)


def ghdl_missing() -> bool:
    """Return whether there is no GHDL on the PATH."""
    return shutil.which("ghdl") is None


def conifer_model(boosted: Boosted, folder: Path) -> Any:
    """Return conifer's VHDL model of the trees.

    Inputs and thresholds share the precision of the scores there, so both are scaled to its step: a circuit
    input's raw value is the raw value that conifer takes.
    """
    from conifer.model import make_model

    scale = 2.0**-boosted.frac / boosted.input_step
    ensemble = copy.deepcopy(boosted.ensemble)  # conifer pads the trees that it is given
    for tree in each_tree(ensemble):
        tree["threshold"] = [
            t if f == LEAF else float(t * scale)
            for t, f in zip(tree["threshold"], tree["feature"], strict=True)
        ]
    config = {
        "Backend": "vhdl",
        "ProjectName": "bdt",
        "OutputDir": str(folder),
        "Precision": boosted.precision,
        "XilinxPart": "xcvu9p-flga2577-2-e",
    }
    folder.mkdir(parents=True, exist_ok=True)
    with _building(folder):
        return make_model(ensemble, config)


@contextlib.contextmanager
def _building(folder: Path) -> Iterator[None]:
    """Let conifer find this Python and the open ap_types; it compiles in the current folder."""
    wanted = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "CPLUS_INCLUDE_PATH": str(ap_types_dir()),
    }
    before, here = {k: os.environ.get(k) for k in wanted}, Path.cwd()
    os.environ.update(wanted)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


def write_and_simulate(model: Any, raw: IntArray) -> IntArray:
    """Write conifer's VHDL and simulate it; return raw scores, shape (samples, classes).

    Args:
        model: conifer's VHDL model.
        raw: raw inputs, shape (samples, inputs), in the step of the model's one precision.

    Raises:
        ToolError: GHDL refuses the VHDL, or the simulation fails.
    """
    from conifer.backends.vhdl import set_simulator

    set_simulator("ghdl")
    model.write()
    if not model.compile():
        raise ToolError(f"ghdl refuses conifer's VHDL: see ghdl_compile.log in '{model.config.output_dir}'")
    scale = 2.0**model._fp_converter.fractional_bits
    scores = model.decision_function(raw / scale)
    if scores is None or len(scores) != len(raw):
        raise ToolError(f"the simulation of conifer's VHDL failed: see '{model.config.output_dir}/ghdl.log'")
    return np.asarray(np.rint(scores * scale), dtype=np.int64)


def hdl_design(model: Any) -> HdlDesign:
    """Return conifer's compiled VHDL as Verilog for Yosys, with the latency of its fixed pipeline.

    Raises:
        ToolError: GHDL cannot synthesise it.
    """
    folder = Path(model.config.output_dir)
    done = subprocess.run(_SYNTH, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolError(f"ghdl --synth refuses conifer's VHDL: {done.stderr.strip().splitlines()[-1:]}")
    verilog = folder / "bdt.v"
    verilog.write_text(done.stdout, encoding="ascii")
    return HdlDesign(_TOP, (verilog,), latency_cycles=latency_cycles(model), ii=1)


def latency_cycles(model: Any) -> int:
    """Return the register stages from inputs to scores, counted in conifer's VHDL.

    Tree.vhd: comparisons, one a level of nodes and two more; AddReduce.vhd: a level of the tree of adders
    over all trees and the start value; BDT.vhd: the product with the normalisation, which is left out only
    where its raw value is 1.
    """
    adders = math.ceil(math.log2(len(model.trees) + 1))
    normalised = model._fp_converter.to_int(float(model.norm)) != 1
    return int(model.max_depth) + 3 + adders + normalised

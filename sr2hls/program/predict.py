"""Area and delay of a whole program, predicted from its blocks: coefficients fitted to synthesis.

`benchmarks/cost_model.py` fits them and measures the error on programs that the fit never saw.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.program.blocks import AreaFeature, Block, PathFeature, blocks_of
from sr2hls.program.program import Program
from sr2hls.provenance import Figure, Origin, Provenance


@dataclass(frozen=True, slots=True)
class ProgramModel:
    """Coefficients of the model.

    Attributes:
        lut: LUTs for each unit of `AreaFeature`.
        ns: nanoseconds for each unit of `PathFeature`, and for the logarithm of the LUTs of the whole.
        spread: nanoseconds for the natural logarithm of the LUTs: wires are longer in larger circuits.
        lut_provenance: where the LUTs come from, and how far off they were.
        ns_provenance: the same for the delay.
        largest: LUTs of the largest program that it was fitted to.
        date: when it was fitted.
    """

    lut: tuple[float, ...]
    ns: tuple[float, ...]
    spread: float
    lut_provenance: Provenance
    ns_provenance: Provenance
    largest: float
    date: str

    def luts(self, program: Program) -> float:
        """Return the LUTs of a program on a LUT6 fabric, without DSP blocks."""
        return self.luts_of(blocks_of(program))

    def luts_of(self, blocks: tuple[Block, ...]) -> float:
        """Return the LUTs of blocks."""
        lut = self.lut
        return sum(lut[kind] * amount for block in blocks for kind, amount in block.area)

    def delay_ns(self, program: Program) -> float:
        """Return the delay from input to output registers in one stage after place and route on ECP5."""
        return self.delay_of(blocks_of(program), program)

    def delay_of(self, blocks: tuple[Block, ...], program: Program) -> float:
        """Return the delay of blocks of a program: its longest path."""
        ns = self.ns
        arrival = [0.0] * len(program.ops)
        for block in blocks:
            own = sum(ns[kind] * amount for kind, amount in block.path)
            arrival[block.position] = own + max((arrival[a] for a in block.args), default=0.0)
        longest = max((arrival[k] for k in program.outputs), default=0.0)
        return ns[PathFeature.REGISTERS] + longest + self.spread * math.log(1 + self.luts_of(blocks))

    def predict(self, program: Program) -> tuple[Figure, Figure]:
        """Return LUTs and delay as figures that say where they come from and how far off they may be."""
        blocks = blocks_of(program)
        lut = Figure(round(self.luts_of(blocks)), "", self.lut_provenance)
        return lut, Figure(self.delay_of(blocks, program), "ns", self.ns_provenance)


@cache
def program_model() -> ProgramModel:
    """Return the model that comes with the package."""
    folder = files("sr2hls.program").joinpath("data")
    data = json.loads(folder.joinpath("program_model.json").read_text(encoding="utf-8"))
    return model_from(data)


def model_from(data: Mapping[str, object]) -> ProgramModel:
    """Return the model of its JSON form, which `benchmarks/cost_model.py` writes."""
    lut, ns = data["lut"], data["ns"]
    assert isinstance(lut, dict) and isinstance(ns, dict)
    source = f"sr2hls' model of whole programs, fitted {data['date']} to {data['tools']}"
    return ProgramModel(
        tuple(float(lut[kind.name.lower()]) for kind in AreaFeature),
        tuple(float(ns[kind.name.lower()]) for kind in PathFeature),
        float(ns["spread"]),
        Provenance(Origin.ESTIMATED, source, "xcvu9p (xcup)", "synthesis", str(data["lut_error"])),
        Provenance(Origin.ESTIMATED, source, "LFE5U-25F", "place and route", str(data["ns_error"])),
        float(str(data["largest"])),
        str(data["date"]),
    )


def area_features(blocks: tuple[Block, ...]) -> FloatArray:
    """Return how much of each `AreaFeature` there is."""
    found = np.zeros(len(AreaFeature))
    for block in blocks:
        for kind, amount in block.area:
            found[kind] += amount
    return found


def path_features(blocks: tuple[Block, ...], program: Program, ns: FloatArray) -> FloatArray:
    """Return how much of each `PathFeature` the longest path has by coefficients ``ns``; both of shape
    (paths,)."""
    empty = np.zeros(len(PathFeature))
    arrival: list[tuple[float, FloatArray]] = [(0.0, empty)] * len(program.ops)
    for block in blocks:
        before = max((arrival[a] for a in block.args), key=lambda found: found[0], default=(0.0, empty))
        own = np.zeros(len(PathFeature))
        for kind, amount in block.path:
            own[kind] += amount
        arrival[block.position] = (before[0] + float(own @ ns), before[1] + own)
    longest = max((arrival[k] for k in program.outputs), key=lambda found: found[0])[1].copy()
    longest[PathFeature.REGISTERS] = 1.0
    return longest

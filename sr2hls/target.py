"""The hardware a design is for: part, clock and budgets."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from sr2hls.errors import InputError

CLOCK_SHARE = 0.9
"""Share of the clock period that a stage's logic may take by the delay model that stages are cut by. The rest
is for the clock's uncertainty and the registers; alkaid's own constraints assume 10 % of uncertainty, too."""
MAPPED_SHARES = (1.0, 0.8)
"""Shares of the clock period that the LUT mapper is given as its limit, one after the other. Its own model
knows little of wires, so that a mapping for the whole period may have paths that are too long; for less it
finds shorter ones, at times with fewer LUTs. Of the netlists that meet the clock the one with the fewest LUTs
is taken, of equals the first."""


class Family(StrEnum):
    """Device families that an open tool can synthesise for; the value is Yosys' name for it."""

    ULTRASCALE_PLUS = "xcup"
    ULTRASCALE = "xcu"
    SERIES7 = "xc7"
    ECP5 = "ecp5"


# Prefixes as in AMD's DS890 (UltraScale, UltraScale+) and DS180 (7 series), Lattice's FPGA-DS-02012 (ECP5).
_FAMILIES: tuple[tuple[str, Family], ...] = (
    (r"xc(vu|ku|au)\d+p", Family.ULTRASCALE_PLUS),
    (r"xcvu\d+h|xcu\d+", Family.ULTRASCALE_PLUS),
    (r"xczu\d+|xck26|xck24", Family.ULTRASCALE_PLUS),
    (r"xc(vu|ku)\d+", Family.ULTRASCALE),
    (r"xc7[aksvz]\d+|xa7[aksz]\d+", Family.SERIES7),
    (r"lfe5u(m5?g?)?-\d+|ecp5-\d+k", Family.ECP5),
)


def family_of(part: str) -> Family:
    """Return the device family of a part name.

    Raises:
        InputError: the name fits no family that sr2hls knows.
    """
    name = part.lower()
    for pattern, family in _FAMILIES:
        if re.match(pattern + r"(?![a-z0-9])", name):
            return family
    raise InputError(
        f"unknown part '{part}': give a Xilinx UltraScale+/UltraScale/7-series part such as "
        "'xcvu9p-flga2577-2-e' or a Lattice ECP5 part such as 'LFE5U-85F'"
    )


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits on a design; ``None`` means no limit.

    Attributes:
        max_latency_ns: from input to output register, in nanoseconds.
        max_lut: LUT1 to LUT6 cells added up.
        max_dsp: DSP blocks.
        max_bram: block RAMs (36 kbit).
        min_fidelity: least agreement with the teacher on validation data, 0 to 1 (classification: share of
            equal decisions; regression: R²).
        max_nodes: operators, variables and constants of all printed formulas together.
    """

    max_latency_ns: float | None = None
    max_lut: int | None = None
    max_dsp: int | None = None
    max_bram: int | None = None
    min_fidelity: float | None = None
    max_nodes: int | None = None

    def __post_init__(self) -> None:
        for key in ("max_latency_ns", "max_lut", "max_dsp", "max_bram", "max_nodes"):
            value = getattr(self, key)
            if value is not None and value < 0:
                raise InputError(f"{key} is {value}: give a number of at least 0")
        if self.min_fidelity is not None and not 0 <= self.min_fidelity <= 1:
            raise InputError(f"min_fidelity is {self.min_fidelity}: give a number from 0 to 1")


@dataclass(frozen=True, slots=True)
class Target:
    """Part, clock period and budgets of a design.

    Attributes:
        part: full part name, e.g. ``xcvu9p-flga2577-2-e``.
        clock_ns: clock period in nanoseconds.
        budget: limits the chosen design has to meet.
        logic_share: share of the clock period that stages are cut for, by the delay model.
    """

    part: str = "xcvu9p-flga2577-2-e"
    clock_ns: float = 5.0
    budget: Budget = Budget()
    logic_share: float = CLOCK_SHARE

    def __post_init__(self) -> None:
        family_of(self.part)
        if not 0.1 <= self.clock_ns <= 1000:
            raise InputError(f"clock_ns is {self.clock_ns}: give a clock period from 0.1 to 1000 ns")

    @property
    def logic_ns(self) -> float:
        """What the logic of a stage may take by the delay model, nanoseconds."""
        return self.clock_ns * self.logic_share

    def cut_for(self, path_ns: float) -> "Target":
        """Return the target with stages that are shorter by as much as a path of the netlist was too long."""
        return replace(self, logic_share=self.logic_share * self.clock_ns / path_ns)

    @property
    def family(self) -> Family:
        """Device family of the part."""
        return family_of(self.part)

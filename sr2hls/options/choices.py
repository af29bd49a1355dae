"""Words that an option may have: in Python as members or as text, on the command line as they are spelt."""

import re
from enum import StrEnum
from typing import NoReturn

from sr2hls.errors import InputError


class Choice(StrEnum):
    """A set of words; any other is refused in one sentence."""

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        option = re.sub(r"(?<!^)(?=[A-Z])", " ", cls.__name__).lower()
        raise InputError(f"{option} is '{value}': give one of {', '.join(cls)}")


class EngineName(Choice):
    """Search engines; ``auto`` takes Operon, or PySR where only PySR does what is asked for."""

    AUTO = "auto"
    OPERON = "operon"
    PYSR = "pysr"
    EQL = "eql"


class Effort(Choice):
    """How long to search when no time is given."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Backend(Choice):
    """hls4ml backends that the HLS project can be written for."""

    VITIS = "Vitis"
    VIVADO = "Vivado"


class Synthesis(Choice):
    """Tools that give latency and resources."""

    ESTIMATE = "estimate"
    """sr2hls' own cost model: no tool is run."""
    YOSYS = "yosys"
    """Yosys for the part's family; alkaid's delay model for latency."""
    ECP5 = "ecp5"
    """Yosys and nextpnr for Lattice ECP5: placed and routed."""
    VITIS = "vitis"
    """Vitis HLS, if installed: C simulation and C synthesis."""
    VITIS_COSIM = "vitis-cosim"
    """The same, and the design's RTL simulated against the interpreter's outputs."""
    VIVADO = "vivado"
    """Vivado, if installed: synthesis out of context."""
    VIVADO_ROUTED = "vivado-routed"
    """The same, then place and route."""

    @property
    def takes_hls(self) -> bool:
        """Whether the tool synthesises the HLS project, not the RTL."""
        return self in (Synthesis.VITIS, Synthesis.VITIS_COSIM)


class Cost(Choice):
    """What the search takes operators to cost."""

    ESTIMATED = "estimated"
    """LUTs by the structure of the fabric."""
    MEASURED = "measured"
    """LUTs as `sr2hls costs measure` found them on the target's family; the tables come with sr2hls."""
    CYCLES = "cycles"
    """Clock cycles of all operators added up, by the published table of arXiv 2305.04099."""
    PATH = "path"
    """Clock cycles of the longest path."""
    COMBINED = "combined"
    """LUTs, and clock cycles of the longest path."""


class StrategyName(Choice):
    """Ways to find designs, each a file of `sr2hls.strategies`."""

    READABLE = "readable"
    """Short formulas of all outputs together, trained through the bits of the circuit."""
    FRONTS = "fronts"
    """One formula an output, from the fronts of a search engine."""
    ADDITIVE = "additive"
    """Each output a sum of functions of one input, each with a formula."""
    LUT_NETWORK = "lut-network"
    """Each output a sum of lookup tables of few bits, each with a formula."""


class Tables(Choice):
    """What a table of a LUT network may be."""

    SYMBOLIC = "symbolic"
    """The rounded values of its formula, whose constants are fitted."""
    FREE = "free"
    """Its entries start at its formula and may move; how far they moved is reported."""


class SearchLoss(Choice):
    """What a search minimises; ``auto`` takes ``log`` for targets of one sign over more than two decades."""

    AUTO = "auto"
    MSE = "mse"
    """Mean squared error."""
    LOG = "log"
    """Mean squared error of the logarithm: relative errors."""


class SearchCost(Choice):
    """What a formula costs while it is searched for."""

    CYCLES = "cycles"
    """Clock cycles of all operators added up, as arXiv 2305.04099 does."""
    PATH = "path"
    """Clock cycles of the longest path."""
    AREA = "area"
    """LUTs."""
    COMBINED = "combined"
    """LUTs, and clock cycles of the longest path at `StudyOptions.luts_a_cycle`."""

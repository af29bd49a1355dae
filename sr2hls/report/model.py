"""The one typed record of a compilation; `Report` is what ``report.json`` holds."""

import json
from typing import Any, Literal

from pydantic import Field

from sr2hls.report.fidelity import SplitFidelity
from sr2hls.report.fixed_point import FixedPoint
from sr2hls.report.hardware import Comparison, HardwareFigure, HardwareRow
from sr2hls.report.judgement import Judgement
from sr2hls.report.reading import Reading
from sr2hls.store.record import Record

SCHEMA_VERSION = "sr2hls-report-1"

Plain = str | int | float | bool | None | list[str] | dict[str, str]
"""A value of an option."""


class StageTime(Record):
    """Wall time of one stage."""

    name: str
    seconds: float


class RunRecord(Record):
    """How the result was made."""

    command: tuple[str, ...] = ()
    """The command line, word by word; empty if made from Python."""
    options: dict[str, Plain] = Field(default_factory=dict)
    """Every option with the value it had, defaults too."""
    seed: int
    date: str | None = None
    """ISO 8601 date and time of the end of the run."""
    versions: dict[str, str] = Field(default_factory=dict)
    """Package or tool to version."""
    stages: tuple[StageTime, ...] = ()


class TaskRecord(Record):
    """What the network is for."""

    kind: Literal["classification", "regression"]
    outputs: tuple[str, ...]
    """Class names, or names of the regressed quantities."""
    decision: str | None = None
    """How outputs become a decision, e.g. ``argmax`` or ``output > 0``."""


class TeacherRecord(Record):
    """The trained network."""

    kind: str
    """Format it was loaded from, e.g. ``onnx``."""
    file: str
    """File name without its folder."""
    sha256: str | None = None
    layers: tuple[str, ...] = ()
    n_parameters: int | None = None


class SplitRecord(Record):
    """Rows of one split."""

    name: str
    rows: int


class Feature(Record):
    """One input column."""

    name: str
    type: FixedPoint | None
    """Type of the hardware input, ``None`` if no formula uses the column."""
    low: float | None = None
    high: float | None = None
    """Least and largest value in the training split, before the scaler."""


class Scaler(Record):
    """What is done to the columns before the formulas: ``(x - shift) · scale``."""

    kind: str
    source: str
    """Where it comes from, e.g. ``checkpoint`` or ``fitted on the training split``."""
    shift: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()


class Data(Record):
    """The data that the network was distilled on."""

    file: str
    sha256: str | None = None
    splits: tuple[SplitRecord, ...]
    features: tuple[Feature, ...]
    scaler: Scaler | None = None
    dropped: dict[str, int] = Field(default_factory=dict)
    """Reason to number of rows left out, e.g. ``not finite`` to 3."""


class FormulaRecord(Record):
    """The chosen formula of one output."""

    output: str
    sympy: str
    latex: str
    complexity: float | None = None
    """Number of operators, variables and constants, or the engine's own measure."""
    loss: float | None = None


class CandidateRecord(Record):
    """One formula of a front."""

    formula: str
    latex: str | None = None
    loss: float
    cost: float
    """Hardware cost in the front's unit."""
    latency_ns: float | None = None
    complexity: float | None = None
    engine: str | None = None
    chosen: bool = False


class ToldCosts(Record):
    """What an engine was told that formulas cost, in integers of its own."""

    engine: str
    cost: str
    """Name of the cost model, e.g. ``additive cycles``."""
    unit: str
    step: float
    """Cost that counts as complexity 1, in ``unit``."""
    source: str
    """Origin and source of the figures, e.g. ``published, arXiv 2305.04099``."""
    adds_up: bool
    """Whether operators add up; else code sees the whole formula, e.g. its longest path."""
    operators: dict[str, float]
    """Complexity of each operator."""
    leaf: float | None
    """Complexity of a constant and of a variable, where operators add up."""
    maxsize: int
    """Largest complexity."""


class FrontRecord(Record):
    """Pareto front of one output: the fewer the loss, the higher the cost."""

    output: str
    loss: str
    """What the loss measures, e.g. ``mean squared error to the teacher's logit``."""
    cost: str
    """What the cost measures, e.g. ``LUT (estimated)``."""
    candidates: tuple[CandidateRecord, ...]
    told: tuple[ToldCosts, ...] = ()
    """Costs that engines were told, where these are not the front's."""


class DesignPoint(Record):
    """A whole design, all outputs together, that was considered."""

    name: str
    score: float | None
    """By the judgement's objective: accuracy or R² where none is named, or fidelity without labels."""
    fidelity: float | None
    """Agreement with the teacher (classification) or R² against it (regression)."""
    split: str
    """Split that both were measured on."""
    lut: HardwareFigure | None = None
    latency_ns: HardwareFigure | None = None
    nodes: int | None = None
    """Of the printed formulas, where they are readable."""
    formulas: dict[str, str] = Field(default_factory=dict)
    chosen: bool = False
    subject: Literal["design", "network", "other"] = "design"


class GraphNode(Record):
    """One operation of the program."""

    id: int
    op: str
    """Operation, e.g. ``add``; see `sr2hls.program.ops`."""
    label: str
    """Short text for people, e.g. ``× 0.375``."""
    type: str
    args: tuple[int, ...] = ()
    origin: str = ""
    """Part of the formula that it computes."""
    outputs: tuple[str, ...] = ()
    """Outputs that are this value."""


class ProgramRecord(Record):
    """The typed fixed-point program."""

    sha256: str
    nodes: tuple[GraphNode, ...]
    counts: dict[str, int]
    """Operation to how often it occurs."""
    table_entries: int
    listing: str


class ExecutorRecord(Record):
    """Comparison of one executor with the integer interpreter."""

    executor: str
    """E.g. ``C++ (g++ 12.2)`` or ``Verilog (Verilator 5.048)``."""
    vectors: int
    values: int
    """Number of values compared: vectors times outputs."""
    differences: int
    source: str
    """What the vectors were, e.g. ``test split`` or ``corners and random``."""
    proof: str = ""
    """The solver, its version and its time where it is proven for every input; empty where it is tested."""


class Check(Record):
    """A check that the design passed or a warning about it."""

    name: str
    passed: bool
    detail: str = ""


class Verification(Record):
    """What was done to make sure that the circuit computes what was measured."""

    executors: tuple[ExecutorRecord, ...] = ()
    checks: tuple[Check, ...] = ()


class Report(Record):
    """Everything there is to say about one result."""

    schema_version: Literal["sr2hls-report-1"] = "sr2hls-report-1"
    title: str
    run: RunRecord
    task: TaskRecord
    teacher: TeacherRecord | None
    """``None`` where formulas came from elsewhere than a network."""
    data: Data
    formulas: tuple[FormulaRecord, ...]
    reading: Reading | None = None
    """How the formulas are to be read, and their terms; ``None`` where formulas were given."""
    fronts: tuple[FrontRecord, ...] = ()
    designs: tuple[DesignPoint, ...] = ()
    fidelity: tuple[SplitFidelity, ...] = ()
    program: ProgramRecord | None = None
    verification: Verification = Verification()
    hardware: tuple[HardwareRow, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    judgement: Judgement | None = None
    same: tuple[str, ...] = ()
    """Sentences on a network or circuit that gives the same for every row."""
    notes: tuple[str, ...] = ()
    """What a reader has to know to read the figures rightly."""

    def split(self, name: str) -> SplitFidelity | None:
        """Return what was measured on a split, if it was."""
        return next((s for s in self.fidelity if s.split == name), None)


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of ``report.json`` (draft 2020-12)."""
    schema = Report.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def to_json(report: Report) -> str:
    """Return a report as JSON text."""
    return json.dumps(report.model_dump(mode="json"), indent=1, allow_nan=False, ensure_ascii=False) + "\n"

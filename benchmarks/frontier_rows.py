"""Rows of the table of jet designs: what each is, what it reaches and what it costs, kept as JSON."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from sr2hls.circuit import Circuit
from sr2hls.errors import InputError
from sr2hls.problem import Problem
from sr2hls.program.interpreter import Interpreter
from sr2hls.store.files import write_text
from sr2hls.synthesis.hardware_report import HardwareReport

FORMAT = "sr2hls-jet-frontier-1"


@dataclass(frozen=True, slots=True)
class Row:
    """One design.

    Attributes:
        group: what kind of design, e.g. ``network``.
        name: unique within the group.
        label: what it is, for people.
        validation: accuracy on the validation split.
        test: accuracy on the test split.
        lut: LUT1 to LUT6 cells added up.
        ff: flip-flops.
        dsp: DSP blocks.
        bram: block RAMs.
        cycles: clock cycles from the input to the output registers.
        ns: the same in nanoseconds, cycles times the clock period.
        critical_ns: longest path, estimated.
        measured_by: tool, version and step of the resources.
        agreement: what was compared, bit for bit, with what.
        srl: shift registers made of LUTs, which are no part of ``lut``.
        mapped: whether the path is that of the mapped netlist; else it is of the stages before mapping.
    """

    group: str
    name: str
    label: str
    validation: float | None
    test: float
    lut: float | None
    ff: float | None
    dsp: float | None
    bram: float | None
    cycles: float | None
    ns: float | None
    critical_ns: float | None
    measured_by: str
    agreement: str = ""
    srl: float | None = None
    mapped: bool = False

    @property
    def used_luts(self) -> float | None:
        """LUTs with those that are shift registers."""
        return None if self.lut is None else self.lut + (self.srl or 0.0)


@dataclass(frozen=True, slots=True)
class Bar:
    """What the best designs have to reach.

    Attributes:
        share: of the network's float accuracy, on the test split.
        lut: most LUTs.
        cycles: most clock cycles.
    """

    share: float
    lut: int
    cycles: int

    def met_by(self, row: Row, float_accuracy: float) -> bool:
        """Return whether a design meets all three; a figure that is missing meets nothing."""
        if row.used_luts is None or row.cycles is None or row.dsp or row.bram:
            return False
        return (
            row.test >= self.share * float_accuracy
            and row.used_luts <= self.lut
            and row.cycles <= self.cycles
        )


BARS = (Bar(0.99, 400, 2), Bar(0.975, 200, 1), Bar(0.95, 100, 1))


@dataclass(frozen=True, slots=True)
class Facts:
    """What all rows of a table share; rows made with other facts are not set beside them.

    Attributes:
        data: SHA-256 of the data.
        checkpoint: SHA-256 of the network.
        part: FPGA part.
        clock_ns: clock period, nanoseconds.
        input_bits: width of the circuit's inputs.
        seed: of the splits, trainings and searches.
        float_accuracy: of the network in floating point on the test split.
        test_rows: size of the test split.
    """

    data: str
    checkpoint: str
    part: str
    clock_ns: float
    input_bits: int
    seed: int
    float_accuracy: float
    test_rows: int


class RowStore:
    """Rows in a JSON file: those that are there are not made again.

    Args:
        path: of the file; it need not exist.
        facts: see `Facts`.

    Raises:
        InputError: the file holds rows of other data, another network or another target.
    """

    def __init__(self, path: Path, facts: Facts) -> None:
        self.path, self.facts = path, facts
        self._rows: dict[str, tuple[Row, ...]] = {}
        self._seconds: dict[str, float] = {}
        self._asked: list[str] = []
        if path.is_file():
            self._read()

    def __contains__(self, key: str) -> bool:
        """Return whether rows are kept under a key."""
        return key in self._rows

    def group(self, key: str, make: Callable[[], Iterable[Row]]) -> tuple[Row, ...]:
        """Return the rows kept under a key, or make and keep them."""
        self._asked.append(key)
        if key not in self._rows:
            started = time.perf_counter()
            self._rows[key] = tuple(make())
            self._seconds[key] = round(time.perf_counter() - started, 1)
            self._write()
        return self._rows[key]

    @property
    def seconds(self) -> float:
        """How long the rows that were asked for took to make, in this run or an earlier one."""
        return sum(self._seconds[key] for key in self._asked)

    def _read(self) -> None:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            if content["format"] != FORMAT:
                raise ValueError(f"its format is '{content['format']}'")
            facts = Facts(**content["facts"])
            rows = {key: tuple(Row(**row) for row in kept) for key, kept in content["rows"].items()}
            seconds = {key: float(content["seconds"][key]) for key in rows}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"'{self.path}' holds no rows of this benchmark: {error}") from error
        for field in fields(Facts):
            kept, now = getattr(facts, field.name), getattr(self.facts, field.name)
            if kept != now:
                raise InputError(
                    f"the rows in '{self.path}' were made with another {field.name} ({kept}, now {now}): "
                    "give another file with --rows"
                )
        self._rows, self._seconds = rows, seconds

    def _write(self) -> None:
        content: dict[str, Any] = {
            "format": FORMAT,
            "facts": asdict(self.facts),
            "seconds": self._seconds,
            "rows": {key: [asdict(row) for row in rows] for key, rows in self._rows.items()},
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_text(self.path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def row_of(group: str, name: str, label: str, problem: Problem, circuit: Circuit, note: str = "") -> Row:
    """Return the row of a circuit; its accuracies are those of the program, on validation and test.

    Args:
        group: see `Row`.
        name: see `Row`.
        label: see `Row`.
        problem: splits and labels; its inputs are the program's.
        circuit: the circuit.
        note: what else was compared.
    """
    run = Interpreter(circuit.program)
    scores = {
        split: problem.score(run.predict(getattr(problem, split).inputs), getattr(problem, split))
        for split in ("validation", "test")
    }
    compared = [f"{a.executor}: {a.values:,} values" for a in circuit.agreements]
    hardware = circuit.hardware
    assert hardware is not None
    return Row(
        group,
        name,
        label,
        scores["validation"],
        scores["test"],
        **figures_of(hardware),
        measured_by=f"{hardware.tool} {hardware.version}, {hardware.step}",
        agreement="; ".join([*compared, note] if note else compared),
        mapped=hardware.levels is not None,
    )


def figures_of(hardware: HardwareReport) -> dict[str, float | None]:
    """Return the figures of a `Row`."""
    names = {
        "lut": "lut", "ff": "ff", "dsp": "dsp", "bram": "bram", "cycles": "latency_cycles",
        "ns": "latency_ns", "critical_ns": "critical_path_ns", "srl": "srl",
    }  # fmt: skip
    found = hardware.figures()
    return {to: float(found[name].value) if name in found else None for to, name in names.items()}

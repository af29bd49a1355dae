"""Tables of what single operators cost, with where each figure comes from."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sr2hls.costs.operators import Operators
from sr2hls.errors import InputError
from sr2hls.provenance import Origin, Provenance

_PUBLISHED = "operator_cycles_xcvu9p_vivado.json"


@dataclass(frozen=True, slots=True)
class CostTable:
    """Cost of single operators at one precision.

    Attributes:
        costs: cost by operator name.
        unit: unit of the costs, e.g. ``cycles`` or ``LUT``.
        precision: e.g. ``ap_fixed<16,6>``.
        provenance: where the figures come from.
        clock_ns: clock period they hold for, in nanoseconds.
        part: FPGA part they hold for.
        operators: the operators known, for names and expansions.
    """

    costs: Mapping[str, float]
    unit: str
    precision: str
    provenance: Provenance
    clock_ns: float | None = None
    part: str | None = None
    operators: Operators = field(default_factory=Operators, repr=False)

    def __post_init__(self) -> None:
        known: dict[str, float] = {}
        for name, value in self.costs.items():
            op = self.operators[name]
            if (
                isinstance(value, bool)
                or not isinstance(value, (int, float))
                or not 0 <= value < float("inf")
            ):
                raise InputError(
                    f"cost of operator '{name}' is {value!r}: give a finite number of at least 0"
                )
            known[op.name] = float(value)
        object.__setattr__(self, "costs", MappingProxyType(known))

    def __reduce__(self) -> tuple[Any, ...]:
        # A mappingproxy cannot be pickled; workers of a study receive tables.
        args = (dict(self.costs), self.unit, self.precision, self.provenance, self.clock_ns, self.part)
        return (CostTable, (*args, self.operators))

    def get(self, name: str) -> float | None:
        """Cost of an operator, added up from its parts if the table lists only those; ``None`` if unknown."""
        op = self.operators[name]
        if op.name in self.costs:
            return self.costs[op.name]
        parts = [self.get(part) for part in op.expansion]
        if not parts or any(p is None for p in parts):
            return None
        return float(sum(p for p in parts if p is not None))

    def __getitem__(self, name: str) -> float:
        value = self.get(name)
        if value is None:
            raise InputError(
                f"no cost for operator '{name}' in the {self.provenance.origin.value} table for "
                f"{self.precision} (it has {' '.join(sorted(self.costs))}): "
                "add it to a cost table of your own or leave it out"
            )
        return value


def canonical_precision(precision: str) -> str:
    """Return ``ap_fixed<W,I>`` without blanks.

    Raises:
        InputError: it is not of that form.
    """
    match = re.fullmatch(r"\s*ap_(u?)fixed\s*<\s*(\d+)\s*,\s*(-?\d+)\s*(?:,[^>]*)?>\s*", precision)
    if not match:
        raise InputError(f"precision '{precision}' is not understood: write it as ap_fixed<16,6>")
    return f"ap_{match[1]}fixed<{match[2]},{match[3]}>"


def precision_width(precision: str) -> int:
    """Total number of bits of ``ap_fixed<W,I>``."""
    return int(re.split(r"[<,]", canonical_precision(precision))[1])


def _published() -> dict[str, Any]:
    text = files("sr2hls.costs").joinpath("data", _PUBLISHED).read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


def published_cycles(precision: str = "ap_fixed<16,6>", operators: Operators | None = None) -> CostTable:
    """Clock cycles of single operators as published with arXiv 2305.04099 (xcvu9p, 5 ns, Vivado HLS 2020.1).

    Raises:
        InputError: the precision is not one of the published ones.
    """
    data = _published()
    key = canonical_precision(precision)
    if key not in data["cycles"]:
        raise InputError(
            f"no published clock cycles for {key}: choose one of {', '.join(data['cycles'])} or give a "
            "cost table of your own"
        )
    source = f"{data['tool']}, authors of arXiv 2305.04099, {data['source']}"
    provenance = Provenance(Origin.PUBLISHED, source, part=data["part"], step="C synthesis")
    return CostTable(
        data["cycles"][key],
        "cycles",
        key,
        provenance,
        data["clock_ns"],
        data["part"],
        operators or Operators(),
    )


def load_table(path: Path | str, operators: Operators | None = None) -> CostTable:
    """Read a cost table from a TOML or JSON file.

    The file has ``unit``, ``precision``, ``origin`` (measured, estimated, published), ``source``, optionally
    ``part``, ``step``, ``clock_ns``, and a table ``costs`` of operator = number.

    Raises:
        InputError: the file cannot be read, or a key or operator is missing, unknown or of the wrong kind.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the cost table {path}: {error}") from error
    except (ValueError, RecursionError) as error:
        kind = "JSON" if path.suffix.lower() == ".json" else "TOML"
        raise InputError(f"cost table {path} is not valid {kind}: {error}") from error
    try:
        return _table_from(data, operators or Operators())
    except InputError as error:
        raise InputError(f"cost table {path}: {error}") from error


def _table_from(data: Any, operators: Operators) -> CostTable:
    if not isinstance(data, dict):
        raise InputError("expected keys unit, precision, origin, source and costs")
    allowed = {"unit", "precision", "origin", "source", "costs", "part", "step", "clock_ns", "error"}
    for key in data:
        if key not in allowed:
            raise InputError(f"unknown key '{key}': it may have {', '.join(sorted(allowed))}")
    for key in ("unit", "precision", "origin", "source", "costs"):
        if key not in data:
            raise InputError(f"key '{key}' is missing")
        if not isinstance(data[key], dict if key == "costs" else str):
            raise InputError(
                f"key '{key}' is {data[key]!r}: give a {'table' if key == 'costs' else 'string'}"
            )
    if data["origin"] not in set(Origin):
        raise InputError(f"origin '{data['origin']}' is unknown: use measured, estimated or published")
    clock = data.get("clock_ns")
    if clock is not None and (isinstance(clock, bool) or not isinstance(clock, (int, float)) or clock <= 0):
        raise InputError(f"clock_ns is {clock!r}: give a clock period in nanoseconds")
    provenance = Provenance(
        Origin(data["origin"]), data["source"], data.get("part"), data.get("step"), data.get("error")
    )
    precision = canonical_precision(data["precision"])
    return CostTable(data["costs"], data["unit"], precision, provenance, clock, data.get("part"), operators)

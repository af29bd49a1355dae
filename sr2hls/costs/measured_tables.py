"""Costs of single operators as measured, each alone between registers; the tables come with the package.

`sr2hls costs measure` makes them (`sr2hls.synthesis.operators`), `sr2hls costs show` prints them.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

from sr2hls.costs.area import area, estimated_luts, table_luts
from sr2hls.costs.fold_cost import Combine, CostPart, FoldCost
from sr2hls.costs.operators import Hardware, Operators
from sr2hls.costs.tables import CostTable, canonical_precision, precision_width
from sr2hls.errors import InputError
from sr2hls.options.measure import FAMILIES
from sr2hls.provenance import Origin, Provenance

COLUMNS = ("operator", "in_bits", "out_bits", "detail", "lut", "carry", "ff", "dsp", "delay_ns")
_TABLE_BITS = 10
"""Wider arguments of functions are cut to this many bits, as in the programs."""

# Operator of formulas to that of the grid, where one circuit is the other's.
_SAME = {
    "+": "add", "-": "sub", "*": "mul", "neg": "neg", "abs": "abs", "max": "max", "min": "min", "<": "less",
    "<=": "less", ">": "less", ">=": "less", "select": "select", "square": "square", "/": "div",
    "ceil": "add",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeasuredOperator:
    """One circuit as a tool found it.

    Attributes:
        operator: what it computes, e.g. ``mul``.
        in_bits: bits of its inputs, e.g. ``8+8``.
        out_bits: bits of its output.
        detail: what else tells it from others, e.g. the constant.
        lut: look-up tables (LUT1 to LUT6 together; LUT4 equivalents on ECP5).
        carry: carry cells.
        ff: flip-flops of the registers around it.
        dsp: DSP blocks.
        delay_ns: from register to register: by alkaid's delay model (AMD), after place and route (ECP5).
    """

    operator: str
    in_bits: str
    out_bits: int
    detail: str
    lut: float
    carry: float
    ff: float
    dsp: float
    delay_ns: float

    @property
    def widths(self) -> tuple[int, ...]:
        """Bits of each input."""
        if "x" in self.in_bits:
            count, width = self.in_bits.split("x")
            return (int(width),) * int(count)
        return tuple(int(w) for w in self.in_bits.split("+"))


@dataclass(frozen=True, slots=True)
class MeasuredTable:
    """Every circuit of the grid on one family.

    Attributes:
        family: ``xcup``, ``xc7`` or ``ecp5``.
        rows: the circuits.
        about: date, tools with versions, part, command, seed, passes.
    """

    family: str
    rows: tuple[MeasuredOperator, ...]
    about: Mapping[str, str]

    @property
    def is_whole(self) -> bool:
        """Whether tables and products with constants were measured, too."""
        return {"table", "constant mul"} <= {row.operator for row in self.rows}

    @property
    def provenance(self) -> Provenance:
        """Where costs of formulas from this table come from; estimated where a part was not measured."""
        source = f"{self.about['tools']}, {self.about['date']}, one operator at a time (sr2hls costs measure)"
        origin = Origin.MEASURED
        if not self.is_whole:
            origin = Origin.ESTIMATED
            source += "; tables and products with constants by the structure of the fabric, not measured"
        return Provenance(origin, source, self.about["part"], self.about["step"])

    def luts(self, operator: str, width: int, detail: str = "") -> float:
        """LUTs of an operator whose inputs have ``width`` bits each, interpolated between measured widths.

        Below 4 and above 18 bits the nearest measured width is scaled: by its square for products and
        quotients, else in proportion.

        Raises:
            InputError: the operator was not measured.
        """
        found: dict[int, float] = {}
        for row in self.rows:
            wide = set(row.widths[1:] if operator == "select" else row.widths)
            if row.operator == operator and row.detail == detail and len(wide) == 1:
                found[wide.pop()] = row.lut
        if not found:
            known = ", ".join(sorted({r.operator for r in self.rows}))
            raise InputError(f"operator '{operator}' was not measured on {self.family}: there are {known}")
        power = 2 if operator in ("mul", "square", "div") else 1
        return _between(found, width, power)

    def table_luts(self, in_bits: int, out_bits: int) -> float:
        """LUTs of a smooth function of ``in_bits`` (at most 10) to ``out_bits``, interpolated.

        Raises:
            InputError: tables were not measured.
        """
        at = min(max(in_bits, 4), _TABLE_BITS)
        outs = {
            row.out_bits: row.lut
            for row in self.rows
            if row.operator == "table" and row.widths == (at,) and row.detail.endswith("smooth curve")
        }
        if not outs:
            raise self._incomplete("tables")
        return _between(outs, out_bits, 1)

    def constant_luts(self, width: int) -> float:
        """LUTs of a product with a constant, the mean over the constants measured, interpolated.

        Raises:
            InputError: products with constants were not measured.
        """
        drawn = [r for r in self.rows if r.operator == "constant mul"]
        at = {w: [r.lut for r in drawn if r.widths == (w,)] for w in {r.widths[0] for r in drawn}}
        if not at:
            raise self._incomplete("products with constants")
        return _between({w: sum(luts) / len(luts) for w, luts in at.items()}, width, 1)

    def _incomplete(self, what: str) -> InputError:
        return InputError(
            f"{what} were not measured on {self.family}: measure the whole grid with 'sr2hls costs measure "
            f"--family {self.family}', or use estimated costs"
        )


def _between(found: Mapping[int, float], at: int, power: int) -> float:
    known = sorted(found)
    for low, high in pairwise(known):
        if low <= at <= high:
            share = (at - low) / (high - low)
            return found[low] * (1 - share) + found[high] * share
    nearest = known[0] if at < known[0] else known[-1]
    return float(found[nearest] * (at / nearest) ** power)


def shipped_families() -> tuple[str, ...]:
    """Return the families whose tables come with the package."""
    folder = files("sr2hls.costs").joinpath("data", "measured")
    return tuple(name for name in FAMILIES if folder.joinpath(f"{name}.csv").is_file())


@cache
def measured_table(family: str) -> MeasuredTable:
    """Return the table of a family that comes with the package.

    Raises:
        InputError: there is none.
    """
    if family not in shipped_families():
        raise InputError(
            f"no measured costs of '{family}' come with sr2hls, only of {', '.join(shipped_families())}: "
            f"measure them with 'sr2hls costs measure' for one of {', '.join(FAMILIES)}"
        )
    folder = files("sr2hls.costs").joinpath("data", "measured")
    text = folder.joinpath(f"{family}.csv").read_text(encoding="utf-8")
    about = json.loads(folder.joinpath(f"{family}.json").read_text(encoding="utf-8"))
    return MeasuredTable(family, parse_rows(text, f"{family}.csv"), about)


def load_measured(path: Path) -> MeasuredTable:
    """Read a table that `sr2hls costs measure` wrote: a .csv with its .json beside it.

    Raises:
        InputError: a file is missing or damaged.
    """
    try:
        about: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        rows = parse_rows(path.read_text(encoding="utf-8"), str(path))
        missing = {"family", "date", "tools", "part", "step", "widths"} - set(about)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise InputError(f"cannot read the measured costs {path}: {error}") from error
    if missing:
        raise InputError(f"{path.with_suffix('.json')}: key '{sorted(missing)[0]}' is missing")
    return MeasuredTable(str(about["family"]), rows, {str(k): str(v) for k, v in about.items()})


def parse_rows(text: str, where: str) -> tuple[MeasuredOperator, ...]:
    """Return the rows of a .csv.

    Raises:
        InputError: a column is missing, or a figure is none.
    """
    reader = csv.DictReader(StringIO(text))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise InputError(f"{where}: the columns have to be {', '.join(COLUMNS)}")
    rows = []
    for row in reader:
        try:
            figures = [float(row[name]) for name in COLUMNS[4:]]
            rows.append(
                MeasuredOperator(
                    row["operator"], row["in_bits"], int(row["out_bits"]), row["detail"], *figures
                )
            )
        except (TypeError, ValueError) as error:
            raise InputError(f"{where}, line {reader.line_num}: {error}") from None
    return tuple(rows)


def format_rows(rows: Sequence[MeasuredOperator]) -> str:
    """Return rows as a .csv."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for r in rows:
        figures = [f"{v:g}" for v in (r.lut, r.carry, r.ff, r.dsp)]
        writer.writerow([r.operator, r.in_bits, r.out_bits, r.detail, *figures, f"{r.delay_ns:.3f}"])
    return out.getvalue()


def measured_luts(
    precision: str = "ap_fixed<16,6>",
    family: str = "xcup",
    operators: Operators | None = None,
    table: MeasuredTable | None = None,
) -> CostTable:
    """LUTs of single operators at one precision, as measured on a family.

    A function is a table of at most 10 address bits; one of two arguments is made of two and a product.
    """
    ops = operators or Operators()
    table = table or measured_table(family)
    width = precision_width(precision)
    lookup = table.table_luts(width, width) if table.is_whole else table_luts(min(width, _TABLE_BITS), width)
    costs: dict[str, float] = {"sign": 1.0, "floor": 0.0}
    for op in ops:
        if op.name in _SAME:
            costs[op.name] = table.luts(_SAME[op.name], width)
        elif op.name == "cube":
            costs[op.name] = table.luts("square", width) + table.luts("mul", width)
        elif op.hardware is Hardware.TABLE:
            costs[op.name] = lookup if op.arity == 1 else 2 * lookup + table.luts("mul", width)
    return CostTable(
        costs,
        "LUT",
        canonical_precision(precision),
        table.provenance,
        part=table.about["part"],
        operators=ops,
    )


def measured_area(
    precision: str = "ap_fixed<16,6>",
    family: str = "xcup",
    *,
    table_bits: int | None = 8,
    operators: Operators | None = None,
    table: MeasuredTable | None = None,
) -> FoldCost:
    """LUTs of an expression from measured operators; see `sr2hls.costs.area` for what is a table.

    A product with a constant costs what constants of random digits were measured to cost.
    """
    measured = table or measured_table(family)
    luts = measured_luts(precision, family, operators, measured)
    width = precision_width(precision)
    bits = min(width, table_bits or 0)
    if measured.is_whole:
        by_constant = {"*": measured.constant_luts(width)}
        one_table = measured.table_luts(bits, width)
    else:
        by_constant = {"*": luts["+"] * max(1.0, width / 3 - 1)}
        one_table = table_luts(bits, width)
    lookup = None if table_bits is None else one_table
    part = CostPart(1.0, Combine.SUM, luts, 0.0, by_constant, lookup)
    return FoldCost("area", luts.unit, (part,), luts.provenance)


def area_model(
    name: str,
    precision: str,
    *,
    family: str = "xcup",
    table_bits: int | None = 8,
    operators: Operators | None = None,
) -> FoldCost:
    """Return the area model of a name: ``estimated`` from the fabric, or ``measured``.

    Raises:
        InputError: the name is neither.
    """
    if name == "measured":
        return measured_area(precision, family, table_bits=table_bits, operators=operators)
    if name == "estimated":
        return area(estimated_luts(precision, operators), table_bits=table_bits)
    raise InputError(f"no cost model is called '{name}': use estimated or measured")

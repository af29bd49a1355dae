"""Area in LUTs at one width, from the structure of a LUT6 fabric: an estimate."""

from sr2hls.costs.fold_cost import Combine, CostPart, FoldCost
from sr2hls.costs.operators import Hardware, Operators
from sr2hls.costs.tables import CostTable, canonical_precision, precision_width
from sr2hls.provenance import Origin, Provenance

_SOURCE = (
    "LUT6 counts: carry chain one LUT a bit, multiplier W*W, table 2^(b-6) LUT an output bit (AMD UG574, "
    "UltraScale CLB); not checked against synthesis"
)


def table_luts(bits: int, out_bits: int) -> float:
    """LUTs of a table from ``bits`` to ``out_bits``: a LUT6 is any function of six bits (UG574)."""
    return out_bits * 2.0 ** max(0, bits - 6)


def estimated_luts(precision: str = "ap_fixed<16,6>", operators: Operators | None = None) -> CostTable:
    """LUTs of single operators at one precision, estimated from the fabric.

    Functions count as tables of at most 10 address bits; wider arguments would be cut to that.
    """
    ops = operators or Operators()
    width = precision_width(precision)
    exact = {
        "+": width, "-": width, "neg": width, "abs": 1.5 * width, "sign": 1, "floor": 0, "ceil": width,
        "max": 1.5 * width, "min": 1.5 * width, "<": width / 2, "<=": width / 2, ">": width / 2,
        ">=": width / 2, "select": width / 2, "*": width**2, "square": width**2 / 2, "cube": 1.5 * width**2,
        "/": 1.5 * width**2,
    }  # fmt: skip
    table = table_luts(min(width, 10), width)
    costs = {op.name: float(exact.get(op.name, table)) for op in ops}
    for op in ops:
        if op.hardware is Hardware.TABLE and op.arity > 1 and op.name not in exact:
            # no single table: logarithm, multiplication, exponential
            costs[op.name] = 2 * table + width**2
    return CostTable(
        costs, "LUT", canonical_precision(precision), Provenance(Origin.ESTIMATED, _SOURCE), operators=ops
    )


def area(table: CostTable, *, table_bits: int | None = 8) -> FoldCost:
    """LUTs of an expression.

    A product with a constant costs the adders of its signed digits, W/3 on average (Reitwiesner 1960).
    Whatever depends on one variable only can be one table of ``table_bits`` address bits (``None``: never),
    however complicated it is.
    """
    width = precision_width(table.precision)
    adder = table["+"]
    by_constant = {"*": adder * max(1.0, width / 3 - 1)}
    if table.get("/") is not None:
        by_constant["/"] = table["/"]
    lookup = None if table_bits is None else table_luts(min(width, table_bits), width)
    part = CostPart(1.0, Combine.SUM, table, 0.0, by_constant, lookup)
    return FoldCost("area", table.unit, (part,), table.provenance)

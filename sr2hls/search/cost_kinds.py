"""Kinds of costs by their names: clock cycles added up, along the longest path, area, and both."""

from sr2hls.costs import (
    CostTable,
    FoldCost,
    Operators,
    additive_cycles,
    area,
    estimated_luts,
    longest_path,
    published_cycles,
    weighted,
)
from sr2hls.errors import InputError
from sr2hls.options import SearchCost
from sr2hls.search.custom import with_definitions


def cost_of_kind(
    kind: SearchCost,
    operators: Operators,
    *,
    precision: str = "ap_fixed<16,6>",
    luts_a_cycle: float = 50.0,
    table: CostTable | None = None,
) -> FoldCost:
    """Return the cost model of a kind.

    Args:
        kind: what is counted.
        operators: the operators known; the user's own cost what their definitions cost.
        precision: fixed-point type that costs hold for.
        luts_a_cycle: what a cycle counts in the combined cost.
        table: costs of operators in place of those that come with sr2hls.

    Raises:
        InputError: the table is in another unit, or has no such precision.
    """
    if table is not None and kind is SearchCost.COMBINED:
        raise InputError("the cost 'combined' needs two tables: give --cost cycles, path or area")
    if kind is SearchCost.AREA:
        return area(with_definitions(table or estimated_luts(precision), operators))
    cycles = with_definitions(table or published_cycles(precision), operators)
    if kind is SearchCost.CYCLES:
        return additive_cycles(cycles)
    if kind is SearchCost.PATH:
        return longest_path(cycles)
    luts = area(with_definitions(estimated_luts(precision), operators))
    return weighted("area and path", "LUT", [(1.0, luts), (luts_a_cycle, longest_path(cycles))])

"""What the user's own operators cost where a cost table does not list them."""

from dataclasses import replace

from sr2hls.costs import CostTable, Operators
from sr2hls.search.expressions import tree_from_text


def with_definitions(table: CostTable, operators: Operators) -> CostTable:
    """Return the table with the user's own operators in it: listed, or as much as the definition costs.

    Raises:
        InputError: a definition uses an operator whose cost is unknown; the message names it.
    """
    table = replace(table, operators=operators)
    costs = dict(table.costs)
    for op in operators.custom:
        if op.name not in costs:
            body = tree_from_text(op.definition, operators)
            steps = [(n.op, max(1, len(n.args) - 1) if n.op in "+*" else 1) for n in body.nodes() if n.args]
            costs[op.name] = sum(replace(table, costs=costs)[name] * times for name, times in steps)
    return replace(table, costs=costs)

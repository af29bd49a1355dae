"""What the weights of an equation learner cost on the target, so that the penalty spares hardware."""

import torch

from sr2hls.costs import CostModel, Tree
from sr2hls.costs.tree import const, var
from sr2hls.search.eql.architecture import Architecture, Weights
from sr2hls.search.eql.primitives import Primitive


def unit_cost(unit: Primitive, cost: CostModel) -> float:
    """Cost of a unit alone, in the unit of the cost model.

    Its arguments are sums of two variables, as they are in a network, so that a model that turns functions of
    one input into a table does not count it as one.

    Raises:
        InputError: the model does not know the operator.
    """
    if unit.operator == "identity":
        return 0.0
    arguments = [Tree("+", (var(f"x{2 * k}"), var(f"x{2 * k + 1}"))) for k in range(unit.arity)]
    bare = sum(cost.tree_cost(a) - cost.tree_cost(var("x0")) for a in arguments)
    with_unit = cost.tree_cost(Tree(unit.operators[unit.operator].name, tuple(arguments)))
    return max(0.0, with_unit - bare - cost.tree_cost(var("x0")))


def connection_cost(cost: CostModel) -> float:
    """Cost of one weight: a multiplication by a constant and an addition."""
    product = Tree("*", (const(0.7071), var("x0")))
    return cost.tree_cost(Tree("+", (product, var("x1")))) - cost.tree_cost(var("x1"))


def weight_costs(arch: Architecture, cost: CostModel, share: float = 0.5) -> Weights:
    """Factors for `EQLNetwork.set_costs`.

    A weight is charged for its own multiplier and adder and for the unit that it feeds, divided by the unit's
    arguments.

    Args:
        arch: the architecture.
        cost: the cost model.
        share: 0 gives every weight the factor 1, 1 factors proportional to the cost; their mean is 1.

    Returns:
        Factors of shape (fan-in + 1, fan-out) for each linear map.
    """
    own = connection_cost(cost)
    charged: list[list[float]] = []
    for layer in arch.layers:
        charged.append([own + unit_cost(u, cost) / u.arity for u in layer for _ in range(u.arity)])
    charged.append([own] * arch.n_outputs)
    flat = [c for row in charged for c in row]
    mean = sum(flat) / len(flat) or 1.0
    return [
        (1 - share + share * torch.tensor(row) / mean).expand(rows, columns).clone()
        for row, (rows, columns) in zip(charged, arch.shapes, strict=True)
    ]

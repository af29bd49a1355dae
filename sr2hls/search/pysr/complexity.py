"""What a formula costs in PySR's own count: complexities of operators, or Julia code over the whole tree."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sr2hls.costs import Combine, CostModel, CostPart, FoldCost
from sr2hls.costs.fold_cost import LONGEST_CHAIN
from sr2hls.errors import InputError
from sr2hls.templates import render


@dataclass(frozen=True, slots=True)
class Complexities:
    """What Julia is told that formulas cost.

    Attributes:
        cost: name of the cost model, e.g. ``additive cycles``.
        unit: its unit, e.g. ``cycles``.
        source: where its figures come from.
        step: cost that counts as complexity 1, in `unit`.
        operators: complexity of each operator; what it adds to its arguments where they add up.
        leaf: complexity of a constant and of a variable; ``None`` where the mapping decides.
        mapping: Julia code that is given the whole tree instead; empty where operators simply add up.
        maxsize: largest complexity.
    """

    cost: str
    unit: str
    source: str
    step: float
    operators: Mapping[str, float]
    leaf: float | None
    mapping: str
    maxsize: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    def describe(self) -> str:
        """Return one line for a report."""
        each = ", ".join(f"{name} {value:g}" for name, value in self.operators.items())
        leaf = "" if self.leaf is None else f", constants and variables {self.leaf:g}"
        how = "added up" if not self.mapping else "by Julia code over the whole formula"
        step = "" if self.step == 1 else f" in steps of {self.step:g}"
        return (
            f"PySR counted {self.cost} ({self.unit}{step}, {how}; {self.source}): {each}{leaf}; at most "
            f"{self.maxsize}"
        )


def complexities(
    cost: FoldCost, unary: Sequence[str], binary: Sequence[str], max_size: int, maxsize: int | None = None
) -> Complexities:
    """Return what Julia is told: complexities of operators for additive costs, else a mapping.

    Args:
        cost: the cost model.
        unary: unary operators in the order PySR gets them.
        binary: binary operators in the order PySR gets them.
        max_size: nodes that a formula may have.
        maxsize: largest complexity; ``None`` leaves room for ``max_size`` nodes.

    Raises:
        InputError: an operator has no cost, or a cost that Julia cannot write.
    """
    names = [*unary, *binary]
    for name in names:
        if not cost.supports(name):
            raise InputError(
                f"the cost model '{cost.name}' has no cost for operator '{name}': add it to a cost table"
            )
    part = cost.parts[0]
    plain = len(cost.parts) == 1 and part.combine is Combine.SUM and part.lookup is None
    additive = plain and not part.by_constant and part.leaf > 0 and part.weight == 1.0 and "^" not in binary
    step = 1.0 if additive else complexity_unit(cost, names)
    return Complexities(
        cost.name,
        cost.unit,
        f"{cost.provenance.origin.value}, {cost.provenance.source}",
        step,
        {n: _integral(sum(p.weight * p.table[n] for p in cost.parts) / step) for n in names},
        _integral(part.leaf) if additive else None,
        "" if additive else complexity_mapping(cost, unary, binary, step),
        maxsize or default_maxsize(cost, names, max_size, step),
    )


def _integral(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value


def default_maxsize(cost: FoldCost, operators: Sequence[str], max_size: int, unit: float = 1.0) -> int:
    """Largest complexity that leaves room for formulas of ``max_size`` nodes.

    PySR's own default of 30 counts nodes; in clock cycles it can leave the front empty, because one division
    takes 29. This leaves room for ``max_size`` nodes of the cheapest kind and each operator once.
    """
    each = [sum(p.weight * p.table[n] for p in cost.parts) / unit for n in operators]
    leaf = max(
        sum(p.weight * p.leaf for p in cost.parts) / unit, min((e for e in each if e > 0), default=1.0)
    )
    return max(30, math.ceil(max_size * min(1.0, leaf) + sum(each)), math.ceil(max_size * leaf))


def folds_of(cost: CostModel) -> FoldCost:
    """The cost as folds, which can be written in Julia.

    Raises:
        InputError: it is some other cost model.
    """
    if not isinstance(cost, FoldCost):
        raise InputError(
            f"PySR needs a cost made of tables (additive cycles, longest path, area or a weighted sum); "
            f"'{cost.name}' is a {type(cost).__name__}: use engine 'operon' with it"
        )
    return cost


def complexity_unit(cost: FoldCost, operators: Sequence[str]) -> float:
    """Cost that PySR counts as 1: the cheapest operator of any part, so that no operator is free.

    PySR's complexities are integers, and its bookkeeping grows with the largest of them: where the dearest
    operator would count more than 100, the unit is larger.
    """
    steps = [p.weight * p.table[name] for p in cost.parts for name in operators]
    positive = [s for s in steps if s > 0]
    if not positive:
        return 1.0
    return max(min(positive), max(positive) / 100)


def complexity_mapping(cost: FoldCost, unary: Sequence[str], binary: Sequence[str], unit: float = 1.0) -> str:
    """Julia function that gives PySR the cost of a whole tree, for ``PySRRegressor(complexity_mapping=...)``.

    Args:
        cost: the cost model.
        unary: unary operators in the order PySR gets them.
        binary: binary operators in the order PySR gets them.
        unit: cost that counts as 1.
    """
    return render(
        "pysr/complexity_mapping.jl.j2",
        parts=[_part(part, unary, binary) for part in cost.parts],
        floor=_number(cost.floor),
        unit=_number(unit),
    )


def _part(part: CostPart, unary: Sequence[str], binary: Sequence[str]) -> dict[str, Any]:
    with_constant = part.by_constant
    return {
        "weight": _number(part.weight),
        "combine": "sum" if part.combine is Combine.SUM else "path",
        "leaf": _number(part.leaf),
        "lookup": None if part.lookup is None else _number(part.lookup),
        "unary": _tuple([part.table[n] for n in unary]) if unary else "()",
        "binary": _tuple([part.table[n] for n in binary]) if binary else "()",
        "unary_constant": _tuple([with_constant.get(n, part.table[n]) for n in unary])
        if any(n in with_constant for n in unary)
        else "",
        "binary_constant": _tuple([with_constant.get(n, part.table[n]) for n in binary])
        if any(n in with_constant for n in binary)
        else "",
        "power": binary.index("^") + 1 if "^" in binary and part.table.get("*") is not None else 0,
        "product": _number(part.table["*"]) if part.table.get("*") is not None else "0.0",
        "longest_chain": LONGEST_CHAIN,
    }


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise InputError(f"cost {value} cannot be written in Julia: give a finite number")
    return repr(float(value))


def _tuple(values: Sequence[float]) -> str:
    return "(" + ", ".join(_number(v) for v in values) + ("," if len(values) == 1 else "") + ")"

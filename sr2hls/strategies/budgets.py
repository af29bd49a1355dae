"""What strategies that search formulas share: how much an effort means, costs, and the last fit together."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sympy as sp

from sr2hls.costs import Operators
from sr2hls.costs.fold_cost import FoldCost
from sr2hls.costs.measured_tables import area_model, shipped_families
from sr2hls.options import CompileOptions, Cost, Effort, SearchCost
from sr2hls.problem import Problem, Split
from sr2hls.search.cost_kinds import cost_of_kind
from sr2hls.search.operon_run import OperonSettings
from sr2hls.search.shape_model import Loss, classification_loss, logits_to_probabilities, regression_loss
from sr2hls.search.train_constants import refine_constants

LABEL_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Budgets:
    """What an effort means.

    Attributes:
        direct: settings of the embedded engine for a formula of all inputs.
        shapes: its settings for a function of one input.
        rows: training rows that formulas are fitted on.
        refine_steps: steps of the last fit of all constants together.
        seconds: about how long a search of one output takes.
    """

    direct: OperonSettings
    shapes: OperonSettings
    rows: int
    refine_steps: int
    seconds: float


EFFORTS = {
    Effort.LOW: Budgets(
        OperonSettings(population=40, generations=8, restarts=1, max_rows=600),
        OperonSettings(population=40, generations=8, restarts=1), 8_000, 60, 3,
    ),
    Effort.MEDIUM: Budgets(
        OperonSettings(population=60, generations=15, restarts=1, max_rows=1000),
        OperonSettings(population=60, generations=12, restarts=1), 20_000, 150, 10,
    ),
    Effort.HIGH: Budgets(
        OperonSettings(population=300, generations=60, restarts=4, max_rows=2500),
        OperonSettings(population=300, generations=60, restarts=2), 100_000, 400, 200,
    ),
}  # fmt: skip


def formula_cost(options: CompileOptions, table_bits: int | None = 8) -> FoldCost:
    """Return the LUTs of a formula over values of 8 bits."""
    family = options.target.family.value
    measured = family if family in shipped_families() else "xcup"
    luts = Cost.MEASURED if options.cost is Cost.MEASURED else Cost.ESTIMATED
    return area_model(luts, "ap_fixed<8,4>", family=measured, table_bits=table_bits)


def search_cost(options: CompileOptions) -> FoldCost | None:
    """Return what a search was asked to count; ``None``: what is usual for its engine."""
    if options.cost is None or options.cost in (Cost.ESTIMATED, Cost.MEASURED):
        return None if options.cost is None else formula_cost(options)
    return cost_of_kind(SearchCost(options.cost.value), Operators())


def fit_loss(problem: Problem, split: Split) -> Loss:
    """Return what formulas are fitted to: the teacher's outputs, and the labels of a classification."""
    if not problem.task.is_classification:
        return regression_loss(split.outputs, split.weights)
    labels = None if split.labels is None or problem.n_outputs == 1 else split.labels.astype(np.int64)
    return classification_loss(logits_to_probabilities(split.outputs), labels, LABEL_WEIGHT, split.weights)


def refit_together(formulas: Mapping[str, sp.Expr], problem: Problem, effort: Effort) -> dict[str, sp.Expr]:
    """Refit the constants of all outputs together on what the design is for."""
    budgets = EFFORTS[effort]
    rows = problem.train.first(budgets.rows)
    return dict(
        refine_constants(
            formulas,
            tuple(problem.types),
            rows.inputs,
            fit_loss(problem, rows),
            steps=budgets.refine_steps,
            learning_rate=0.02,
        )
    )

"""Sums of functions of one input: an additive model of the teacher, each function with a formula."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Literal

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.design import Design, Proposal
from sr2hls.objectives import variances
from sr2hls.options import EngineName, StrategyName
from sr2hls.problem import Problem, Split
from sr2hls.progress import Stage
from sr2hls.search.auto import choose_engine
from sr2hls.search.expressions import expr_from_text, text_of
from sr2hls.search.shape_formulas import ShapeFormulaOptions, shape_formulas
from sr2hls.search.shape_model import ShapeModel, classification_curvature, fit_shapes
from sr2hls.store.record import Record
from sr2hls.strategies.base import Context, Plan
from sr2hls.strategies.budgets import EFFORTS, fit_loss, formula_cost, refit_together

NAME = StrategyName.ADDITIVE.value
_MODEL = f"{NAME}: model"
_WHY_NOT_PYSR = "PySR would start Julia for each of them"
_MOST_GRID_BITS = 10
_DEAD = 0.5
"""Variances below this share of what they are judged by are rounding errors."""
_LUT_A_FUNCTION = 7.5
"""LUTs that a function of six bits takes with its adder, as measured on the jets (189 LUT, 25 functions)."""


class AdditiveFormulas(Record):
    """What ``stages/additive-*.json`` hold."""

    format: Literal["sr2hls-stage-additive-1"] = "sr2hls-stage-additive-1"
    functions: int
    formulas: dict[str, str]


@dataclass(frozen=True)
class Additive:
    """An additive model of about each size."""

    context: Context

    def plan(self, problem: Problem, sizes: Sequence[int]) -> Plan:
        """See `Strategy.plan`."""
        if not _has_small_inputs(problem):
            return Plan()
        seconds = EFFORTS[self.context.options.effort].seconds
        names = tuple(f"{NAME}-{size}" for size in sizes)
        stages = {_MODEL: 3 * seconds}
        for name, size in zip(names, sizes, strict=True):
            stages |= {f"{name}: formulas": 0.05 * size * seconds, f"{name}: refit": seconds}
        return Plan(stages, names)

    def propose(self, problem: Problem, sizes: Sequence[int]) -> Iterator[Proposal | Design]:
        """See `Strategy.propose`; inputs of more than ten bits have no such model."""
        if not _has_small_inputs(problem):
            self.context.progress.note("no sums of functions of one input: inputs are wider than 10 bits")
            return
        if self._engine is not self.context.options.engine:
            self.context.progress.note(f"engine {self._engine} for functions of one input: {_WHY_NOT_PYSR}")
        seen = set()
        for size in sizes:
            name = f"{NAME}-{size}"
            kept = self.context.stages.stage(
                name, AdditiveFormulas, partial(self._formulas, problem, name, size)
            )
            if kept.functions in seen:
                continue
            seen.add(kept.functions)
            formulas = {output: expr_from_text(text) for output, text in kept.formulas.items()}
            yield Proposal(name, f"sum of {kept.functions} functions of one input", formulas)

    @property
    def _engine(self) -> EngineName:
        asked = self.context.options.engine
        return EngineName.OPERON if asked is EngineName.PYSR else asked

    @cached_property
    def _models(self) -> tuple[ShapeModel, ...]:
        """Additive models, from the one with all functions to one with a single function."""
        problem = self.context.problem
        rows = problem.train.first(EFFORTS[self.context.options.effort].rows)
        with self.context.progress.stage(_MODEL) as stage:
            return fit_shapes(
                _grid_indices(problem, rows.inputs),
                [len(g) for g in _grids(problem)],
                fit_loss(problem, rows),
                problem.n_outputs,
                _curvature(problem, rows),
                shared=problem.task.is_classification,
                on_model=lambda model: stage.advance(0, f"{model.n_functions} functions"),
            )

    def _formulas(self, problem: Problem, name: str, size: int) -> AdditiveFormulas:
        options, model = self.context.options, _model_of_size(self._models, size)
        budgets, jobs = EFFORTS[options.effort], options.jobs or 2
        engine, _ = choose_engine(self._engine.value, operon=budgets.shapes)
        time_s = None if options.time_s is None else options.time_s * jobs / model.n_functions
        rows = problem.train.first(budgets.rows)
        with self.context.progress.stage(f"{name}: formulas", total=model.n_functions) as stage:
            formulas = shape_formulas(
                model,
                _grids(problem),
                _grid_indices(problem, rows.inputs),
                tuple(problem.types),
                problem.output_names,
                cost=formula_cost(options, table_bits=None),
                seed=options.seed,
                options=ShapeFormulaOptions(engine=engine, time_s=time_s, jobs=jobs),
                weights=rows.weights,
                on_formula=_advance(stage),
            )
        with self.context.progress.stage(f"{name}: refit"):
            refitted = refit_together(formulas, problem, options.effort) | _constants(problem)
        return AdditiveFormulas(
            functions=model.n_functions, formulas={output: text_of(f) for output, f in refitted.items()}
        )


def _has_small_inputs(problem: Problem) -> bool:
    return all(t.width <= _MOST_GRID_BITS for t in problem.types.values())


def _constants(problem: Problem) -> dict[str, sp.Expr]:
    """Return the formulas of numbers that do not vary."""
    outputs = problem.train.outputs
    if problem.task.is_classification:  # what all scores share is free
        return {}
    dead = np.var(outputs, axis=0) < variances(outputs) * _DEAD
    values = outputs.mean(axis=0)
    return {n: sp.Float(float(f"{values[k]:.6g}")) for k, n in enumerate(problem.output_names) if dead[k]}


def _model_of_size(models: Sequence[ShapeModel], luts: int) -> ShapeModel:
    """Return the largest model of about a number of LUTs, or the smallest there is."""
    affordable = [m for m in models if m.n_functions <= luts / _LUT_A_FUNCTION]
    return max(affordable, key=lambda m: m.n_functions, default=models[-1])


def _grids(problem: Problem) -> list[FloatArray]:
    types = problem.types.values()
    return [np.asarray(np.arange(t.raw_min, t.raw_max + 1) * t.step, dtype=np.float64) for t in types]


def _grid_indices(problem: Problem, inputs: FloatArray) -> IntArray:
    types = problem.types.values()
    columns = [np.rint(inputs[:, k] / t.step).astype(np.int64) - t.raw_min for k, t in enumerate(types)]
    return np.stack(columns, axis=1)


def _curvature(problem: Problem, split: Split) -> Callable[[FloatArray], FloatArray]:
    """Return the curvature of the loss in each output, by the outputs, both of shape (samples, outputs)."""
    count = np.ones(1) if split.weights is None else split.weights[:, None] / split.weights.mean()
    if problem.task.is_classification:
        return lambda outputs: classification_curvature(outputs) * count
    scale = 2 / variances(split.outputs)
    return lambda outputs: np.broadcast_to(scale * count, outputs.shape)


def _advance(stage: Stage) -> Callable[[str], None]:
    return lambda text: stage.advance(1, text[:60])

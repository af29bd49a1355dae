"""Formulas for the teacher: whole designs of several kinds, judged alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
import torch
from numpy.typing import NDArray

from sr2hls.choose import joint_choices
from sr2hls.costs import Operators
from sr2hls.costs.fold import FoldCost
from sr2hls.costs.measured import area_model, shipped_families
from sr2hls.design import float_outputs
from sr2hls.errors import InputError
from sr2hls.options import CompileOptions, Cost, Effort, SearchCost
from sr2hls.problem import Problem, Split
from sr2hls.progress import Progress, Stage
from sr2hls.search.auto import choose_engine
from sr2hls.search.base import Frontier, SearchOptions
from sr2hls.search.base import Progress as SearchProgress
from sr2hls.search.cost_kinds import cost_of_kind
from sr2hls.search.expressions import expr_from_text, text_of
from sr2hls.search.operon_run import OperonSettings
from sr2hls.search.pysr.settings_file import load_pysr_settings
from sr2hls.search.refit import refine_constants
from sr2hls.search.shape_formulas import ShapeFormulaOptions, shape_formulas
from sr2hls.search.shapes import (
    Loss,
    ShapeModel,
    ShapeOptions,
    classification_curvature,
    classification_loss,
    fit_shapes,
    logits_to_probabilities,
    regression_loss,
)
from sr2hls.search.write import write_hall_of_fame
from sr2hls.target import Budget

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_OPERATORS = ("+", "-", "*", "tanh", "exp")
_LUTS = (Cost.ESTIMATED, Cost.MEASURED)
_LABEL_WEIGHT = 0.3
_MOST_GRID_BITS = 10
_LUT_A_FUNCTION = 7.5
"""LUTs that a function of six bits takes with its adder, as measured on the jets (189 LUT, 25 functions)."""
_FIDELITY_LOST = 0.02
"""Agreement with the teacher that formulas and rounding take from an additive model, about."""


@dataclass(frozen=True, slots=True)
class _Effort:
    """What an effort means."""

    direct: OperonSettings
    shapes: OperonSettings
    rows: int
    refine_steps: int


_EFFORTS = {
    Effort.LOW: _Effort(
        OperonSettings(population=40, generations=8, restarts=1, max_rows=600),
        OperonSettings(population=40, generations=8, restarts=1), 8_000, 60,
    ),
    Effort.MEDIUM: _Effort(
        OperonSettings(population=60, generations=15, restarts=1, max_rows=1000),
        OperonSettings(population=60, generations=12, restarts=1), 20_000, 150,
    ),
    Effort.HIGH: _Effort(
        OperonSettings(population=300, generations=60, restarts=4, max_rows=2500),
        OperonSettings(population=300, generations=60, restarts=2), 100_000, 400,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Proposal:
    """Formulas for all outputs.

    Attributes:
        name: how they came about.
        formulas: output name to formula over the input names.
        score: of the formulas in floating point, on validation data.
    """

    name: str
    formulas: Mapping[str, sp.Expr]
    score: float


@dataclass(frozen=True)
class Found:
    """What a search gives.

    Attributes:
        frontier: fronts of single outputs.
        proposals: whole designs, the best last.
    """

    frontier: Frontier
    proposals: tuple[Proposal, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it; constants keep every bit."""
        return {
            "frontier": self.frontier.to_dict(),
            "proposals": [
                {
                    "name": p.name,
                    "score": p.score,
                    "formulas": {output: text_of(f) for output, f in p.formulas.items()},
                }
                for p in self.proposals
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Found":
        """Read what `to_dict` wrote.

        Raises:
            InputError: it is something else.
        """
        try:
            proposals = tuple(
                Proposal(
                    str(p["name"]),
                    {str(k): expr_from_text(f) for k, f in p["formulas"].items()},
                    float(p["score"]),
                )
                for p in data["proposals"]
            )
            return cls(Frontier.from_dict(data["frontier"]), proposals)
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"the kept search is damaged: {error!r}; use --overwrite") from error


def find_formulas(problem: Problem, options: CompileOptions, progress: Progress, share: float = 1.0) -> Found:
    """Search formulas for every output, one by one and all together.

    One by one: the engine's fronts of loss and cost, then a joint choice. Together: an additive model of the
    teacher, whose functions of one input each get a formula by the embedded engine. The constants of both are
    then refitted together on what the design is for.

    Args:
        problem: what has to be done.
        options: engine, effort, seed and budgets.
        progress: told of every stage.
        share: of the budget of LUTs to aim at.
    """
    torch.set_num_threads(1)
    effort = _EFFORTS[options.effort]
    frontier = _search(problem, options, effort, progress)
    choices = joint_choices(
        frontier, problem.validation.inputs, lambda outputs: problem.score(outputs, problem.validation)
    )
    direct = dict(zip(problem.output_names, (c.expr for c in choices[-1].candidates), strict=True))
    proposals = [_refined("one front an output", direct, problem, effort, progress)]
    if has_small_inputs(problem):
        models = additive_models(problem, options, progress)
        model = _suitable(problem, models, options.target.budget, share)
        proposals.append(additive_proposal(problem, model, options, progress))
    return Found(frontier, tuple(sorted(proposals, key=lambda p: p.score)))


def _search(problem: Problem, options: CompileOptions, effort: _Effort, progress: Progress) -> Frontier:
    kind = None if options.cost is None or options.cost in _LUTS else SearchCost(options.cost.value)
    cost = _cost(options) if kind is None else cost_of_kind(kind, Operators())
    engine, reason = choose_engine(
        options.engine.value,
        operon=effort.direct,
        pysr=None if options.pysr is None else load_pysr_settings(options.pysr, options.effort),
        operators=_OPERATORS,
        effort=options.effort,
        complexity=None if options.cost is None else cost,
    )
    progress.note(reason)
    rows = slice(0, effort.rows)
    with progress.stage("search", total=problem.n_outputs) as stage:
        done: dict[str, float] = {}

        def report(search: SearchProgress) -> None:
            before = done.get(search.output, 0.0)
            done[search.output] = search.fraction
            stage.advance(search.fraction - before, f"{search.output}: loss {search.loss:.4g}")

        frontier = engine.search(
            problem.train.inputs[rows],
            problem.train.outputs[rows],
            cost=cost,
            options=SearchOptions(
                operators=_OPERATORS,
                max_size=30,
                input_names=tuple(problem.types),
                output_names=problem.output_names,
            ),
            seed=options.seed,
            time_limit=options.time_s,
            progress=report,
        )
    if any("interrupted" in note for note in frontier.notes):
        folder = options.output / "interrupted"
        folder.mkdir(parents=True, exist_ok=True)
        write_hall_of_fame(frontier, folder)
        progress.note(f"interrupted: the best so far is in '{folder}', which 'sr2hls lower' takes")
    return frontier


def _cost(options: CompileOptions, table_bits: int | None = 8) -> FoldCost:
    """Return the LUTs of a formula over values of 8 bits."""
    family = options.target.family.value
    measured = family if family in shipped_families() else "xcup"
    luts = Cost.MEASURED if options.cost is Cost.MEASURED else Cost.ESTIMATED
    return area_model(luts, "ap_fixed<8,4>", family=measured, table_bits=table_bits)


def _refined(
    name: str, formulas: Mapping[str, sp.Expr], problem: Problem, effort: _Effort, progress: Progress
) -> Proposal:
    """Refit the constants of all outputs together on what the design is for."""
    rows = _rows(problem.train, effort.rows)
    with progress.stage("refine"):
        refined = refine_constants(
            formulas,
            tuple(problem.types),
            rows.inputs,
            _loss(problem, rows),
            steps=effort.refine_steps,
            learning_rate=0.02,
        )
    return Proposal(name, refined, _float_score(problem, refined))


def additive_models(problem: Problem, options: CompileOptions, progress: Progress) -> tuple[ShapeModel, ...]:
    """Return additive models of the teacher, from the one with all functions of one input to a single one."""
    rows = _rows(problem.train, _EFFORTS[options.effort].rows)
    with progress.stage("additive model") as stage:
        return fit_shapes(
            _codes(problem, rows.inputs),
            [len(g) for g in _grids(problem)],
            _loss(problem, rows),
            problem.n_outputs,
            classification_curvature if problem.task.is_classification else _flat_curvature(rows),
            ShapeOptions(label_weight=_LABEL_WEIGHT),
            shared=problem.task.is_classification,
            on_model=lambda model: stage.advance(0, f"{model.n_functions} functions"),
        )


def additive_proposal(
    problem: Problem, model: ShapeModel, options: CompileOptions, progress: Progress
) -> Proposal:
    """Give every function of an additive model a formula, and refit all constants together."""
    effort = _EFFORTS[options.effort]
    rows = _rows(problem.train, effort.rows)
    with progress.stage("formulas of functions", total=model.n_functions) as stage:
        formulas = shape_formulas(
            model,
            _grids(problem),
            _codes(problem, rows.inputs),
            tuple(problem.types),
            problem.output_names,
            cost=_cost(options, table_bits=None),
            seed=options.seed,
            options=ShapeFormulaOptions(settings=effort.shapes, jobs=options.jobs or 2),
            on_formula=_advance(stage),
        )
    return _refined(f"sum of {model.n_functions} functions of one input", formulas, problem, effort, progress)


def additive_of_size(models: tuple[ShapeModel, ...], luts: int) -> ShapeModel:
    """Return the largest model of about a number of LUTs, or the smallest there is."""
    affordable = [m for m in models if m.n_functions <= luts / _LUT_A_FUNCTION]
    return max(affordable, key=lambda m: m.n_functions, default=models[-1])


def has_small_inputs(problem: Problem) -> bool:
    """Return whether functions of one input can be tables: the inputs have few enough bits."""
    return all(t.width <= _MOST_GRID_BITS for t in problem.types.values())


def _advance(stage: Stage) -> Callable[[str], None]:
    return lambda text: stage.advance(1, text[:60])


def _suitable(
    problem: Problem, models: tuple[ShapeModel, ...], budget: Budget, share: float, loss: float = 0.004
) -> ShapeModel:
    """Return the model with the fewest functions that is as good as the budget lets it be.

    Args:
        problem: validation data and score.
        models: from the largest to the smallest.
        budget: ``max_lut`` bounds the number of functions, ``min_fidelity`` what is good enough.
        share: of ``max_lut`` to aim at.
        loss: of score that a smaller model may have against the best, where no fidelity is asked for.
    """
    split = problem.validation
    codes = _codes(problem, split.inputs)
    most = np.inf if budget.max_lut is None else share * budget.max_lut / _LUT_A_FUNCTION
    affordable = [m for m in models if m.n_functions <= most] or [models[-1]]
    outputs = [m.predict(codes) for m in affordable]
    if budget.min_fidelity is not None:
        fidelities = [problem.fidelity(o, split) for o in outputs]
        wanted = min(budget.min_fidelity + _FIDELITY_LOST, max(fidelities))
        good = [m for m, f in zip(affordable, fidelities, strict=True) if f >= wanted]
    else:
        scores = [problem.score(o, split) for o in outputs]
        good = [m for m, s in zip(affordable, scores, strict=True) if s >= max(scores) - loss]
    return min(good, key=lambda m: m.n_functions)


def _grids(problem: Problem) -> list[FloatArray]:
    types = problem.types.values()
    return [np.asarray(np.arange(t.raw_min, t.raw_max + 1) * t.step, dtype=np.float64) for t in types]


def _codes(problem: Problem, inputs: FloatArray) -> IntArray:
    types = problem.types.values()
    columns = [np.rint(inputs[:, k] / t.step).astype(np.int64) - t.raw_min for k, t in enumerate(types)]
    return np.stack(columns, axis=1)


def _rows(split: Split, count: int) -> Split:
    labels = None if split.labels is None else split.labels[:count]
    return Split(split.inputs[:count], split.outputs[:count], labels)


def _loss(problem: Problem, split: Split) -> Loss:
    if not problem.task.is_classification:
        return regression_loss(split.outputs)
    labels = None if split.labels is None or problem.n_outputs == 1 else split.labels.astype(np.int64)
    return classification_loss(logits_to_probabilities(split.outputs), labels, _LABEL_WEIGHT)


def _flat_curvature(split: Split) -> Callable[[FloatArray], FloatArray]:
    scale = 2 / np.maximum(split.outputs.var(axis=0), 1e-12)
    return lambda outputs: np.broadcast_to(scale, outputs.shape)


def _float_score(problem: Problem, formulas: Mapping[str, sp.Expr]) -> float:
    outputs = float_outputs(formulas, problem.validation.inputs)
    if not np.isfinite(outputs).all():
        return -np.inf
    return problem.score(outputs, problem.validation)

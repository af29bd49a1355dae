"""What the user tells the joint search: a template, formulas to start from, operators of their own."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import sympy as sp

from sr2hls.costs import Operators, load_operators, node_count
from sr2hls.errors import InputError
from sr2hls.options import CompileOptions
from sr2hls.prepare import Prepared
from sr2hls.search import read_formulas
from sr2hls.search.joint import JointModel, Template, model_of


def users_operators(options: CompileOptions) -> Operators:
    """Return the operators known, with the user's own.

    Raises:
        InputError: the file of operators cannot be read.
    """
    known = Operators()
    return known if options.operators is None else known.extend(load_operators(options.operators))


def users_template(prepared: Prepared, options: CompileOptions) -> Template | None:
    """Return the template that the user gave, or ``None``.

    Raises:
        InputError: it is no sum of functions of features.
    """
    if options.template is None:
        return None
    return Template.parse(options.template, prepared.problem.feature_names)


def users_start(prepared: Prepared, options: CompileOptions) -> JointModel | None:
    """Return the model that the search starts from, over the inputs as formulas see them, or ``None``.

    Raises:
        InputError: the formulas cannot be read, or are not one an output over the features.
    """
    if options.start is None:
        return None
    problem = prepared.problem
    names = problem.feature_names
    path = Path(options.start)
    if re.search(r"\.\w+$|[/\\]", options.start) and not path.is_file() and "*" not in options.start:
        raise InputError(f"--start names '{options.start}', which does not exist: give a file or formulas")
    operators = users_operators(options)
    frontier = read_formulas(
        path if path.is_file() else options.start,
        cost=node_count(operators),
        operators=operators,
        input_names=names,
    )
    found = {front.output: front.candidates[0].expr for front in frontier.fronts}
    if set(found) == set(problem.class_names):
        exprs = [found[name] for name in problem.class_names]
    else:
        exprs = list(found.values())
    if len(exprs) != problem.n_outputs:
        raise InputError(
            f"--start has {len(exprs)} formulas for {problem.n_outputs} outputs: give one for each of "
            f"{', '.join(problem.class_names)}"
        )
    return model_of([_over_inputs(expr, prepared) for expr in exprs])


def _over_inputs(expr: sp.Expr, prepared: Prepared) -> sp.Expr:
    """Return a formula over the features as one over the inputs, its products multiplied out."""
    scaler, units = prepared.inputs.scaler, prepared.inputs.units
    offsets = scaler.offset if units is None else np.array([unit.place for unit in units])
    inputs: dict[sp.Basic, sp.Basic] = {}
    for k, (scale, offset) in enumerate(zip(_numbers(scaler.scale), _numbers(offsets), strict=True)):
        symbol = sp.Symbol(f"x{k}")
        inputs[symbol] = sp.Float(scale) * symbol + sp.Float(offset)
    return sp.expand(expr.xreplace(inputs), deep=False)


def _numbers(values: np.ndarray) -> Sequence[float]:
    return [float(v) for v in values]

"""The call of PySR: keyword arguments from the target's costs, the options and the user's own."""

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy

from sr2hls.costs import Combine, CostModel, FoldCost, Operator, Operators
from sr2hls.errors import InputError
from sr2hls.search.base import SearchOptions
from sr2hls.search.expressions import apply_sympy
from sr2hls.search.julia import PySRSignature
from sr2hls.search.names import safe_names
from sr2hls.search.objective import Loss
from sr2hls.search.pysr_julia import complexity_mapping, complexity_unit, folds_of, julia_operator

_LOG_LOSS = (
    "(prediction, target) -> prediction / target > 0 ? abs2(log(prediction / target)) : oftype(target, 1e6)"
)


@dataclass(frozen=True, slots=True)
class Template:
    """A form that all formulas have, as PySR's ``TemplateExpressionSpec`` takes it.

    Attributes:
        combine: Julia code of one formula, e.g. ``f(x0, x1) + g(x2)^2``.
        expressions: names of the parts that are searched.
        variable_names: names of the inputs, in their order.
        parameters: names of vectors of constants, and their lengths.
    """

    combine: str
    expressions: tuple[str, ...]
    variable_names: tuple[str, ...]
    parameters: tuple[tuple[str, int], ...] = ()

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of ``TemplateExpressionSpec``."""
        given: dict[str, Any] = {
            "combine": self.combine,
            "expressions": list(self.expressions),
            "variable_names": list(self.variable_names),
        }
        return given | ({"parameters": dict(self.parameters)} if self.parameters else {})


@dataclass(frozen=True, slots=True)
class PySRSettings:
    """Settings of the PySR engine.

    Attributes:
        deterministic: same seed, same front; PySR then runs serially. Otherwise it uses all cores.
        niterations: PySR's iterations; its own default if ``None``.
        maxsize: largest complexity in the units of the cost; chosen from the costs if ``None``.
        output_directory: where PySR writes its runs; a temporary directory if ``None``.
        run_id: name of the run directory.
        resume_from: run directory of an earlier run to go on from. Its checkpoint is a pickle: see
            ``trust_pickle``.
        trust_pickle: allow reading that checkpoint, which can run any code that is in it.
        warm_start: go on from the last search of the same engine object.
        keyword: further keyword arguments of ``PySRRegressor``: nested_constraints, constraints,
            elementwise_loss, loss_function, expression_spec, batching, parallelism, procs, cluster_manager,
            select_k_features, ... They win over what sr2hls chooses.
        fit: further keyword arguments of ``PySRRegressor.fit``: X_units, y_units, weights, ...
        template: form of all formulas; the same as an ``expression_spec`` among ``keyword``.
    """

    deterministic: bool = True
    niterations: int | None = None
    maxsize: int | None = None
    output_directory: str | None = None
    run_id: str | None = None
    resume_from: str | None = None
    trust_pickle: bool = False
    warm_start: bool = False
    keyword: Mapping[str, Any] = field(default_factory=dict)
    fit: Mapping[str, Any] = field(default_factory=dict)
    template: Template | None = None


@dataclass(frozen=True, slots=True)
class PySRCall:
    """What PySR is called with.

    Attributes:
        keyword: for ``PySRRegressor``.
        fit: for its ``fit``, without X and y.
        unit: cost that counts as complexity 1.
    """

    keyword: Mapping[str, Any]
    fit: Mapping[str, Any]
    unit: float


def pysr_call(
    cost: CostModel,
    options: SearchOptions,
    settings: PySRSettings,
    signature: PySRSignature,
    *,
    features: int,
    seed: int = 0,
    time_limit: float | None = None,
) -> PySRCall:
    """Work out the call of PySR.

    An additive cost becomes ``complexity_of_operators``; a longest path, an area or a weighted sum becomes
    Julia code for ``complexity_mapping``.

    Raises:
        InputError: the cost cannot be written for PySR, an operator has no cost, or the installed PySR has
            no such keyword; the message names it.
    """
    folds = folds_of(cost)
    unary, binary = split_operators(options.operators, options.definitions)
    for name in (*unary, *binary):
        if not folds.supports(name):
            raise InputError(
                f"the cost model '{cost.name}' has no cost for operator '{name}': add it to a cost table"
            )
    keyword: dict[str, Any] = {
        "unary_operators": [julia_operator(options.definitions[n], options.definitions) for n in unary],
        "binary_operators": [julia_operator(options.definitions[n], options.definitions) for n in binary],
        "random_state": seed,
        "deterministic": settings.deterministic,
        "parallelism": "serial" if settings.deterministic else "multithreading",
        "progress": False,
        "verbosity": 0,
        "warm_start": settings.warm_start or settings.resume_from is not None,
    }
    mappings = {op.name: _sympy_mapping(op, options.definitions) for op in options.definitions.custom}
    used = {n: mappings[n] for n in (*unary, *binary) if n in mappings}
    if used:
        keyword["extra_sympy_mappings"] = used
    unit = _complexity(keyword, folds, unary, binary, options, settings)
    if "^" in binary:
        # A variable exponent is a logarithm, a product and an exponential: leave that to the user.
        keyword["constraints"] = {"^": (-1, max(1, keyword.get("complexity_of_constants", 1)))}
    if options.loss is not Loss.MSE:
        keyword["elementwise_loss"] = _LOG_LOSS if options.loss is Loss.LOG else "L2DistLoss()"
    if options.target_loss is not None:
        keyword["early_stop_condition"] = float(options.target_loss)
    for name, value in (
        ("niterations", settings.niterations),
        ("timeout_in_seconds", time_limit),
        ("output_directory", settings.output_directory),
        ("run_id", settings.run_id),
    ):
        if value is not None:
            keyword[name] = value
    keyword["temp_equation_file"] = settings.output_directory is None
    keyword |= _known(settings.keyword, signature.init, "PySRRegressor", signature.version)
    if "operators" in settings.keyword:
        # PySR 2 takes operators of any arity in one dictionary, and then neither of the two lists.
        del keyword["unary_operators"], keyword["binary_operators"]
    if "loss_function" in settings.keyword or "loss_function_expression" in settings.keyword:
        keyword.pop("elementwise_loss", None)
    if keyword["deterministic"] and keyword["parallelism"] != "serial":
        raise InputError(
            "PySR is deterministic only with parallelism 'serial': set deterministic=False for others"
        )
    for name in keyword:
        if name not in signature.init:
            raise InputError(f"PySR {signature.version} has no keyword '{name}': use PySR 1.5 or newer")
    fit = {"variable_names": list(safe_names(features))}
    fit |= _known(settings.fit, signature.fit, "PySRRegressor.fit", signature.version)
    return PySRCall(keyword, fit, unit)


def split_operators(names: Sequence[str], operators: Operators) -> tuple[list[str], list[str]]:
    """Unary and binary operators, in the order given.

    Raises:
        InputError: an operator has more than two arguments.
    """
    found = [operators[n] for n in names]
    for op in found:
        if op.arity > 2:
            raise InputError(
                f"operator '{op.name}' has {op.arity} arguments: give it to PySR 2 itself with the keyword "
                "'operators'"
            )
    return [o.name for o in found if o.arity == 1], [o.name for o in found if o.arity == 2]


def _complexity(
    keyword: dict[str, Any],
    folds: FoldCost,
    unary: list[str],
    binary: list[str],
    options: SearchOptions,
    settings: PySRSettings,
) -> float:
    names = [*unary, *binary]
    part = folds.parts[0]
    additive = len(folds.parts) == 1 and part.combine is Combine.SUM and part.lookup is None
    if additive and not part.by_constant and part.leaf > 0 and part.weight == 1.0 and "^" not in binary:
        unit = 1.0
        keyword["complexity_of_operators"] = {n: _integral(part.table[n]) for n in names}
        keyword["complexity_of_constants"] = _integral(part.leaf)
        keyword["complexity_of_variables"] = _integral(part.leaf)
    else:
        unit = complexity_unit(folds, names)
        keyword["complexity_mapping"] = complexity_mapping(folds, unary, binary, unit)
    keyword["maxsize"] = settings.maxsize or default_maxsize(folds, names, options.max_size, unit)
    keyword["maxdepth"] = options.max_depth
    return unit


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


def _known(given: Mapping[str, Any], known: frozenset[str], where: str, version: str) -> dict[str, Any]:
    for name in given:
        if name not in known:
            near = [k for k in known if k.lower() == name.lower()] or difflib.get_close_matches(
                name, known, n=1
            )
            hint = f", did you mean '{near[0]}'?" if near else ""
            raise InputError(f"{where} of PySR {version} has no keyword '{name}'{hint or ': remove it'}")
    return dict(given)


def _sympy_mapping(op: Operator, operators: Operators) -> Callable[..., sympy.Expr]:
    def mapping(*args: sympy.Expr) -> sympy.Expr:
        return apply_sympy(op.name, args, operators)

    return mapping

"""The call of PySR: one table of keyword arguments, filled from options and settings; the user's win."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sr2hls.costs import CostModel
from sr2hls.errors import InputError
from sr2hls.search.base import SearchOptions
from sr2hls.search.names import safe_names
from sr2hls.search.pysr.complexity import Complexities, complexities, folds_of
from sr2hls.search.pysr.operators import julia_operator, split_operators
from sr2hls.search.pysr.settings import PySRSettings, SearchBudget, budget_of
from sr2hls.search.pysr.signature import PySRSignature
from sr2hls.search.search_objective import Loss

_LOG_LOSS = "prediction / target > 0 ? abs2(log(prediction / target)) : oftype(target, 1e6)"


@dataclass(frozen=True, slots=True)
class PySRCall:
    """What PySR is called with.

    Attributes:
        keyword: for ``PySRRegressor``.
        fit: for its ``fit``, without X, y and weights.
        told: what formulas cost, as Julia counts it.
        budget: iterations, populations and rows.
    """

    keyword: Mapping[str, Any]
    fit: Mapping[str, Any]
    told: Complexities
    budget: SearchBudget


@dataclass(frozen=True, slots=True)
class _Facts:
    """What keyword arguments follow from."""

    options: SearchOptions
    settings: PySRSettings
    told: Complexities
    budget: SearchBudget
    unary: list[str]
    binary: list[str]
    seed: int
    time_limit: float | None
    weighted: bool

    @property
    def loss(self) -> str | None:
        match self.options.loss:
            case Loss.LOG:
                # A function of ours gets the weight of the row as well, where there are weights.
                arguments, factor = (", weight", "weight * ") if self.weighted else ("", "")
                return f"(prediction, target{arguments}) -> {factor}({_LOG_LOSS})"
            case Loss.AUTO:
                return "L2DistLoss()"
            case Loss.MSE:
                return None

    def in_julia(self, names: list[str]) -> list[str]:
        operators = self.options.definitions
        return [julia_operator(operators[n], operators) for n in names]

    @property
    def power(self) -> dict[str, tuple[int, int]] | None:
        # A variable exponent is a logarithm, a product and an exponential: leave that to the user.
        return {"^": (-1, max(1, int(self.told.leaf or 1)))} if "^" in self.binary else None


_TABLE: Mapping[str, Callable[[_Facts], Any]] = {
    "unary_operators": lambda f: f.in_julia(f.unary),
    "binary_operators": lambda f: f.in_julia(f.binary),
    "complexity_of_operators": lambda f: None if f.told.mapping else dict(f.told.operators),
    "complexity_of_constants": lambda f: f.told.leaf,
    "complexity_of_variables": lambda f: f.told.leaf,
    "complexity_mapping": lambda f: f.told.mapping or None,
    "maxsize": lambda f: f.told.maxsize,
    "maxdepth": lambda f: f.options.max_depth,
    "constraints": lambda f: f.power,
    "elementwise_loss": lambda f: f.loss,
    "early_stop_condition": lambda f: f.options.target_loss,
    "niterations": lambda f: f.budget.niterations,
    "populations": lambda f: f.budget.populations,
    "timeout_in_seconds": lambda f: f.time_limit,
    "random_state": lambda f: f.seed if f.budget.deterministic else None,
    "deterministic": lambda f: f.budget.deterministic,
    "parallelism": lambda f: "serial" if f.budget.deterministic else "multithreading",
    "warm_start": lambda f: f.settings.warm_start or f.settings.resume_from is not None,
    "temp_equation_file": lambda _: False,
    "input_stream": lambda _: "devnull",
    "progress": lambda _: False,
    "verbosity": lambda _: 0,
}
"""Every keyword argument that sr2hls sets; ``None`` leaves PySR's default."""

_REPLACES = {
    "operators": ("unary_operators", "binary_operators"),
    "loss_function": ("elementwise_loss",),
    "loss_function_expression": ("elementwise_loss",),
    "complexity_mapping": ("complexity_of_operators", "complexity_of_constants", "complexity_of_variables"),
    "complexity_of_operators": ("complexity_mapping",),
}
"""Arguments of the user's that PySR takes only without some of ours."""


def pysr_call(
    cost: CostModel,
    options: SearchOptions,
    settings: PySRSettings,
    signature: PySRSignature,
    *,
    features: int,
    seed: int = 0,
    time_limit: float | None = None,
    weighted: bool = False,
) -> PySRCall:
    """Work out the call of PySR.

    An additive cost becomes ``complexity_of_operators``; a longest path, an area or a weighted sum becomes
    Julia code for ``complexity_mapping``. ``weighted`` says that the rows have weights.

    Raises:
        InputError: the cost cannot be written for PySR, an operator has no cost, or the installed PySR has
            no such keyword; the message names it.
    """
    folds = folds_of(cost)
    unary, binary = split_operators(options.operators, options.definitions)
    told = complexities(folds, unary, binary, options.max_size, settings.maxsize)
    budget = budget_of(settings, time_limit)
    facts = _Facts(options, settings, told, budget, unary, binary, seed, time_limit, weighted)
    own = _known(settings.keyword, signature.init, "PySRRegressor", signature.version)
    replaced = {name for key in own for name in _REPLACES.get(key, ())}
    given = {name: value(facts) for name, value in _TABLE.items() if name not in replaced}
    keyword = {name: value for name, value in given.items() if value is not None} | own
    if keyword["deterministic"] and keyword["parallelism"] != "serial":
        raise InputError(
            "PySR is deterministic only with parallelism 'serial': set deterministic=False for others"
        )
    for name in keyword:
        if name not in signature.init:
            raise InputError(f"PySR {signature.version} has no keyword '{name}': use PySR 1.5 or newer")
    fit = {"variable_names": list(safe_names(features))}
    fit |= _known(settings.fit, signature.fit, "PySRRegressor.fit", signature.version)
    return PySRCall(keyword, fit, told, budget)


def _known(given: Mapping[str, Any], known: frozenset[str], where: str, version: str) -> dict[str, Any]:
    for name in given:
        if name not in known:
            near = [k for k in known if k.lower() == name.lower()] or difflib.get_close_matches(
                name, known, n=1
            )
            hint = f", did you mean '{near[0]}'?" if near else ""
            raise InputError(f"{where} of PySR {version} has no keyword '{name}'{hint or ': remove it'}")
    return dict(given)

"""What a search returns: candidates, a front an output, the frontier of all outputs."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import sympy
from numpy.typing import ArrayLike

from sr2hls.arrays import FloatArray
from sr2hls.costs import CostModel, Operators, tree_of
from sr2hls.errors import InputError
from sr2hls.options.choices import Choice
from sr2hls.search.expressions import evaluate_expr, expr_from_text, text_of
from sr2hls.search.front_file import SCHEMA, CandidateFile, checked
from sr2hls.search.names import with_names
from sr2hls.store.files import write_text

_UNREADABLE = "unreadable"
"""Detail of a candidate that stands for a row whose formula cannot be read: the reason."""
Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A formula that a search found.

    Attributes:
        expr: sympy expression over x0, x1, ...
        loss: mean squared error (or the engine's loss) on the data of the search; NaN if unknown.
        cost: cost by the cost model of the front; ``None`` where the model does not know an operator.
        latency: clock cycles on the longest path; ``None`` if not asked for.
        complexity: PySR's count of nodes, or what the file says.
        engine: engine that found it.
        details: where it comes from: seed, restart, file, row.
    """

    expr: sympy.Expr
    loss: float
    cost: float | None
    latency: float | None
    complexity: float
    engine: str
    details: Mapping[str, Scalar] = field(default_factory=dict)

    def display(self, names: Sequence[str]) -> sympy.Expr:
        """The formula in the user's input names."""
        return with_names(self.expr, names)

    def predict(self, X: ArrayLike, operators: Operators | None = None) -> FloatArray:
        """Values of the formula on data of shape (n, f); returns shape (n,)."""
        return evaluate_expr(self.expr, np.asarray(X, dtype=float), operators).astype(np.float64)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "expr": text_of(self.expr),
            "loss": self.loss if math.isfinite(self.loss) else None,
            "cost": self.cost,
            "latency": self.latency,
            "complexity": self.complexity,
            "engine": self.engine,
            "details": dict(self.details),
        }

    @classmethod
    def from_file(cls, part: CandidateFile) -> "Candidate":
        """Read what `to_dict` wrote."""
        loss = math.nan if part.loss is None else float(part.loss)
        expr, costs = expr_from_text(part.expr), (part.cost, part.latency, part.complexity)
        return cls(expr, loss, *costs, part.engine, part.details)


class CandidateChoice(Choice):
    """How one candidate is chosen from a front."""

    SCORE = "score"
    """The highest score, -Δlog(loss)/Δcost, with a loss below 1.5 times the least (PySR's best)."""
    LOSS = "loss"
    """The least loss."""
    COMPLEXITY = "complexity"
    """The given complexity, or else the largest one below it."""
    EVIDENCE = "evidence"
    """The shortest description of formula, constants and residuals together: for noisy data."""
    INDEX = "index"
    """The given position in the front, cheapest first."""


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row of a file whose formula cannot be read.

    Attributes:
        row: its number, from 0.
        complexity: what the file says.
        loss: what the file says.
        reason: why it cannot be read.
    """

    row: int
    complexity: float
    loss: float
    reason: str


@dataclass(frozen=True, slots=True)
class Front:
    """What was found for one output, cheapest first.

    Attributes:
        output: name of the output.
        candidates: the formulas.
        loss_floor: losses below this are rounding noise and count as equal.
        rows: number of rows that the losses are means over; 0 if unknown.
        unreadable: rows of the file that it was read from whose formulas cannot be read.
    """

    output: str
    candidates: tuple[Candidate, ...]
    loss_floor: float = 0.0
    rows: int = 0
    unreadable: tuple[UnreadableRow, ...] = ()

    def __len__(self) -> int:
        return len(self.candidates)

    def pareto(self) -> "Front":
        """Only candidates that no other beats in loss, cost and latency together; cheapest first."""
        kept: list[Candidate] = []
        for candidate in sorted(self.candidates, key=self._order):
            key = self._objectives(candidate)
            if all(math.isfinite(v) for v in key) and not any(
                all(a <= b for a, b in zip(self._objectives(k), key, strict=True)) for k in kept
            ):
                kept.append(candidate)
        return replace(self, candidates=tuple(kept))

    def cost_of(self, candidate: Candidate) -> float:
        """Cost of a candidate; its complexity where the cost of any candidate of the front is unknown."""
        if candidate.cost is None or any(c.cost is None for c in self.candidates):
            return candidate.complexity
        return candidate.cost

    def _objectives(self, c: Candidate) -> tuple[float, ...]:
        # To nine digits: the rest is rounding and must not keep a dearer formula on the front.
        loss = float(f"{max(c.loss, self.loss_floor):.9g}")
        return (self.cost_of(c), loss) if c.latency is None else (self.cost_of(c), loss, c.latency)

    def _order(self, c: Candidate) -> tuple[float, ...]:
        return (self.cost_of(c), max(c.loss, self.loss_floor), c.latency or 0.0, c.complexity, c.loss)

    def description_length(self, candidate: Candidate) -> float:
        """Description length in nats, up to a constant.

        n/2 log(loss) for the residuals, with the loss corrected for the degrees of freedom that k fitted
        constants take, n/(n - k); log(n)/2 for each of them (Rissanen, Automatica 14, 1978) and log(10),
        known to a decade beforehand; log((p + 1)(q + 1)) for a fraction p/q; log(8) for each node, about as
        many symbols as formulas are written with.
        """
        fitted = len(candidate.expr.atoms(sympy.Float))
        exact = sum(
            math.log((abs(int(r.p)) + 1) * (int(r.q) + 1)) for r in candidate.expr.atoms(sympy.Rational)
        )
        rows = max(self.rows, 2)
        if fitted >= rows - 1:
            return math.inf
        loss = max(candidate.loss, self.loss_floor, 1e-300) * rows / (rows - fitted)
        return (
            rows / 2 * math.log(loss)
            + fitted * (math.log(rows) / 2 + math.log(10))
            + exact
            + candidate.complexity * math.log(8)
        )

    def merge(self, other: "Front") -> "Front":
        """The Pareto front of both."""
        floor = max(self.loss_floor, other.loss_floor)
        rows = max(self.rows, other.rows)
        return Front(self.output, self.candidates + other.candidates, floor, rows).pareto()

    def scores(self) -> tuple[float, ...]:
        """-Δlog(loss)/Δcost of each candidate against the next cheaper one (arXiv 2305.01582, section 2.3).

        The first, and those no better than a cheaper one, score 0.
        """
        scores: list[float] = []
        best = math.inf
        last_cost = 0.0
        tiny = max(self.loss_floor, 1e-300)
        for c in self.candidates:
            loss = max(c.loss, tiny)
            cost = self.cost_of(c)
            if not scores:
                scores.append(0.0)
                best, last_cost = loss, cost
            elif loss < best and cost > last_cost:
                scores.append((math.log(best) - math.log(loss)) / (cost - last_cost))
                best, last_cost = loss, cost
            else:
                scores.append(0.0)
        return tuple(scores)

    def rows_of_file(self) -> list[Candidate]:
        """Return candidates for all rows of the file in their order, those that cannot be read included."""
        rows = list(self.candidates)
        for lost in self.unreadable:
            details: dict[str, Scalar] = {_UNREADABLE: lost.reason}
            stand_in = Candidate(sympy.nan, lost.loss, None, None, lost.complexity, "", details)
            rows.insert(lost.row, stand_in)
        return rows

    def select(
        self, by: CandidateChoice | str = CandidateChoice.SCORE, value: float | None = None
    ) -> Candidate:
        """Choose one candidate.

        Raises:
            InputError: the front is empty, no candidate has the complexity or index ``value``, or the
                formula of the row that is chosen cannot be read.
        """
        rows = replace(self, candidates=tuple(self.rows_of_file()), unreadable=())
        found = rows._select(by, value)
        if (reason := found.details.get(_UNREADABLE)) is not None:
            how = str(by) if value is None else f"{by}={value:g}"
            raise InputError(f"the row that '{how}' chooses cannot be read: {reason}")
        return found

    def _select(self, by: CandidateChoice | str, value: float | None) -> Candidate:
        if not self.candidates:
            raise InputError(
                f"the front of output '{self.output}' is empty: search longer or allow larger formulas"
            )
        choice = CandidateChoice(by)
        if len(self) == 1 and value is None:
            return self.candidates[0]
        if choice is CandidateChoice.LOSS:
            return min(self.candidates, key=lambda c: (max(c.loss, self.loss_floor), self.cost_of(c)))
        if choice is CandidateChoice.SCORE:
            limit = 1.5 * max(min(c.loss for c in self.candidates), self.loss_floor)
            scored = zip(self.scores(), self.candidates, strict=True)
            return max((s for s in scored if s[1].loss <= limit), key=lambda s: s[0])[1]
        if choice is CandidateChoice.EVIDENCE:
            return min(self.candidates, key=self.description_length)
        if value is None:
            raise InputError(f"choosing by {choice.value} needs a number, e.g. {choice.value}=5")
        if choice is CandidateChoice.INDEX:
            if value != int(value) or not -len(self) <= value < len(self):
                raise InputError(f"index {value:g} is outside of the front of {len(self)} candidates")
            return self.candidates[int(value)]
        below = [c for c in self.candidates if c.complexity <= value]
        if not below:
            least = min(c.complexity for c in self.candidates)
            raise InputError(f"no candidate of complexity {value:g} or less: the least is {least:g}")
        return max(below, key=lambda c: (c.complexity, -c.loss))


@dataclass(frozen=True, slots=True)
class Frontier:
    """Fronts of all outputs.

    Attributes:
        fronts: one for each output.
        input_names: the user's names of x0, x1, ...
        cost_model: name, unit, origin and source of the costs.
        notes: one line each about how the search went, e.g. why it stopped.
        told: name of an engine to the table of costs that it was given, where that is not `cost_model`.
    """

    fronts: tuple[Front, ...]
    input_names: tuple[str, ...]
    cost_model: Mapping[str, Scalar] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.fronts)

    def __getitem__(self, output: int) -> Front:
        return self.fronts[output]

    def select(
        self, by: CandidateChoice | str = CandidateChoice.SCORE, value: float | None = None
    ) -> tuple[Candidate, ...]:
        """Choose one candidate for each output."""
        return tuple(front.select(by, value) for front in self.fronts)

    def pareto(self) -> "Frontier":
        """Only non-dominated candidates."""
        return replace(self, fronts=tuple(f.pareto() for f in self.fronts))

    def merge(self, other: "Frontier") -> "Frontier":
        """The Pareto fronts of both.

        Raises:
            InputError: they are about different inputs, outputs or costs.
        """
        if self.input_names != other.input_names or len(self) != len(other):
            raise InputError("fronts of different inputs or outputs cannot be merged")
        if self.cost_model and other.cost_model and dict(self.cost_model) != dict(other.cost_model):
            raise InputError(
                f"fronts with different costs ({self.cost_model.get('name')} and "
                f"{other.cost_model.get('name')}) cannot be merged: score both with one cost model first"
            )
        fronts = tuple(a.merge(b) for a, b in zip(self.fronts, other.fronts, strict=True))
        notes = tuple(dict.fromkeys(self.notes + other.notes))
        told = {**self.told, **other.told}
        return Frontier(fronts, self.input_names, self.cost_model or other.cost_model, notes, told)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "schema": SCHEMA,
            "input_names": list(self.input_names),
            "cost_model": dict(self.cost_model),
            "notes": list(self.notes),
            "told": dict(self.told),
            "fronts": [
                {
                    "output": f.output,
                    "loss_floor": f.loss_floor,
                    "rows": f.rows,
                    "candidates": [c.to_dict() for c in f.candidates],
                }
                for f in self.fronts
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Frontier":
        """Read what `to_dict` wrote.

        Raises:
            InputError: it is something else.
        """
        found = checked(data)
        fronts = tuple(
            Front(f.output, tuple(Candidate.from_file(c) for c in f.candidates), f.loss_floor, f.rows)
            for f in found.fronts
        )
        return cls(fronts, tuple(found.input_names), found.cost_model, tuple(found.notes), found.told)

    def save(self, path: Path | str) -> None:
        """Write JSON; the file appears whole or not at all."""
        write_text(Path(path), json.dumps(self.to_dict(), indent=1))

    @classmethod
    def load(cls, path: Path | str) -> "Frontier":
        """Read a file of `save`.

        Raises:
            InputError: it cannot be read or is something else.
        """
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"cannot read what a search found, {path}: {error}") from error
        try:
            return cls.from_dict(data)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error


def cost_or_none(model: CostModel | None, expr: sympy.Expr) -> float | None:
    """Cost of a formula; ``None`` without a model, or where it does not know one of the operators."""
    try:
        return None if model is None else model.cost(expr)
    except InputError:
        return None


def complexity_of(expr: sympy.Expr, operators: Operators | None = None) -> int:
    """Number of nodes, PySR's default complexity."""
    return tree_of(expr, operators).complexity

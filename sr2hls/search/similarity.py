"""Search among the formulas that units allow: over dimensionless groups (Buckingham, Phys. Rev. 4, 1914)."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import sympy

from sr2hls.arrays import FloatArray
from sr2hls.costs import describe
from sr2hls.errors import InputError
from sr2hls.search.base import CheckedEngine, Engine, SearchTask
from sr2hls.search.front import Candidate, Frontier
from sr2hls.search.polish import Polisher
from sr2hls.search.search_objective import objective_for
from sr2hls.search.units import BASES, Constants, Dimension, Units


@dataclass(frozen=True, slots=True)
class Groups:
    """A target as a product of powers of the inputs times a function of dimensionless groups.

    Attributes:
        scale: power of each input in the factor that has the target's unit.
        groups: powers of each input in each group.
    """

    scale: tuple[Fraction, ...]
    groups: tuple[tuple[Fraction, ...], ...]

    def monomial(self, powers: Sequence[Fraction]) -> sympy.Expr:
        """The product over x0, x1, ..."""
        factors = (
            sympy.Symbol(f"x{i}") ** sympy.Rational(p.numerator, p.denominator) for i, p in enumerate(powers)
        )
        return sympy.Mul(*factors)

    def formula(self, function: sympy.Expr) -> sympy.Expr:
        """The formula over x0, x1, ... for a function over the groups, also called x0, x1, ..."""
        inner = {sympy.Symbol(f"x{k}"): self.monomial(g) for k, g in enumerate(self.groups)}
        return self.monomial(self.scale) * function.xreplace(inner)


def groups_of(units: Units) -> Groups:
    """Find the groups of inputs with units.

    Raises:
        InputError: no product of powers of the inputs has the unit of the target.
    """
    columns = [Dimension.of(u).powers for u in units.inputs]
    matrix = sympy.Matrix([[sympy.Rational(c[k]) for c in columns] for k in range(len(BASES))])
    wanted = sympy.Matrix([sympy.Rational(p) for p in Dimension.of(units.output).powers])
    scale = _simplest(matrix, wanted)
    if scale is None:
        raise InputError(
            f"no product of powers of the inputs ({', '.join(units.inputs)}) has the unit {units.output}: a "
            "quantity of the law is missing, or its constants have units (Constants.FREE)"
        )
    groups = []
    for vector in matrix.nullspace():
        denominator = sympy.ilcm(1, *(v.q for v in vector))
        groups.append(tuple(Fraction(int(v * denominator)) for v in vector))
    return Groups(scale, tuple(groups))


def _simplest(matrix: sympy.Matrix, wanted: sympy.Matrix) -> tuple[Fraction, ...] | None:
    """The solution of matrix·p = wanted with the fewest inputs, then the smallest powers."""
    count = matrix.shape[1]
    for size in range(count + 1):
        found = []
        for some in itertools.combinations(range(count), size):
            part = matrix[:, list(some)]
            # Only independent columns: then the solution is unique.
            if part.rank() < size or part.row_join(wanted).rank() > size:
                continue
            powers = [Fraction(0)] * count
            solved = part.pinv() * wanted if size else []
            for k, value in zip(some, solved, strict=True):
                powers[k] = Fraction(int(value.p), int(value.q))
            found.append(tuple(powers))
        if found:
            return min(found, key=lambda p: (sum(map(abs, p)), p))
    return None


@dataclass(frozen=True, slots=True)
class DimensionalEngine(CheckedEngine):
    """An engine whose formulas all have the right units, with pure numbers as constants.

    It lets another engine search the function of the dimensionless groups; there is no other freedom.

    Attributes:
        engine: searches the function.
        units: units of inputs and target.
    """

    engine: Engine
    units: Units

    @property
    def name(self) -> str:
        """Name of the engine inside, with ``+units``."""
        return f"{self.engine.name}+units"

    @property
    def fingerprint(self) -> str:
        """Changes with the units and with what the engine inside is told."""
        return f"{self.units!r} {self.engine.fingerprint}"

    def run(self, task: SearchTask) -> Frontier:
        """Search the function of the groups for each output; all of them have the unit ``units.output``.

        Raises:
            InputError: numbers of inputs and units differ, units do not fit, or a group has no real value.
        """
        inputs, outputs, names, titles = task.X, task.Y, task.input_names, task.output_names
        cost, options, seed = task.cost, task.options, task.seed
        if len(self.units.inputs) != inputs.shape[1]:
            raise InputError(f"{len(self.units.inputs)} units for {inputs.shape[1]} inputs: give one each")
        groups = groups_of(self.units)
        scale = _values(inputs, groups.scale, names)
        functions: list[list[sympy.Expr]] = [[sympy.Float(1)] for _ in titles]
        notes: tuple[str, ...] = ()
        if groups.groups:
            inner = self.engine.search(
                np.column_stack([_values(inputs, g, names) for g in groups.groups]),
                outputs / scale[:, None],
                cost=cost,
                options=replace(options, input_names=None, target_loss=None),
                seed=seed,
                time_limit=task.time_limit,
                progress=task.progress,
            )
            notes = inner.notes
            functions = [[c.expr for c in front.candidates] for front in inner.fronts]
        else:
            functions = [[sympy.Float(float(np.mean(column / scale)))] for column in outputs.T]
        exact = replace(self.units, constants=Constants.DIMENSIONLESS)
        fronts = []
        for k, (title, found) in enumerate(zip(titles, functions, strict=True)):
            objective = objective_for(outputs[:, k], options.loss)
            polisher = Polisher(inputs, objective, cost, options.latency, options.definitions)
            candidates: list[Candidate] = []
            for function in found:
                for c in polisher.polish(groups.formula(function), self.name, {"seed": seed}):
                    if exact.check(c.expr).consistent:
                        candidates.append(c)
            fronts.append(polisher.front(title, candidates))
        shown = ", ".join(str(_named(groups.monomial(g), names)) for g in groups.groups) or "none"
        note = f"units: target over {_named(groups.monomial(groups.scale), names)}, groups: {shown}"
        return Frontier(tuple(fronts), names, describe(cost), (note, *notes))


def _named(expr: sympy.Expr, names: Sequence[str]) -> sympy.Expr:
    return expr.xreplace({sympy.Symbol(f"x{i}"): sympy.Symbol(n) for i, n in enumerate(names)})


def _values(X: FloatArray, powers: Sequence[Fraction], names: Sequence[str]) -> FloatArray:
    with np.errstate(all="ignore"):
        value = np.prod([X[:, i] ** float(p) for i, p in enumerate(powers)], axis=0)
    if not np.isfinite(value).all() or (value == 0).all():
        used = ", ".join(n for n, p in zip(names, powers, strict=True) if p)
        raise InputError(
            f"a product of powers of {used} is not finite on row {int((~np.isfinite(value)).argmax())}: "
            "dimensionless groups need inputs that are not zero, and positive ones under roots"
        )
    return np.asarray(value, dtype=np.float64)

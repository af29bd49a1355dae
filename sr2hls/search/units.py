"""Units: which formulas can be true of quantities with dimensions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import sympy
from sympy.physics import units as si
from sympy.physics.units.systems.si import dimsys_SI

from sr2hls.errors import InputError
from sr2hls.search.expressions import expr_from_text

BASES = ("m", "kg", "s", "A", "K", "mol", "cd")
_NAMES = ("length", "mass", "time", "current", "temperature", "amount_of_substance", "luminous_intensity")
_ENERGIES = frozenset({"keV", "MeV", "GeV", "TeV"})
_SAME = (sympy.Abs, sympy.Max, sympy.Min, sympy.floor, sympy.ceiling)


@dataclass(frozen=True, slots=True)
class Dimension:
    """Powers of m, kg, s, A, K, mol and cd.

    Attributes:
        powers: in that order.
    """

    powers: tuple[Fraction, ...] = (Fraction(0),) * len(BASES)

    @classmethod
    def of(cls, unit: str) -> "Dimension":
        """Read a unit such as ``kg*m/s^2``, ``N*m``, ``GeV`` or ``1``; only its dimension is kept.

        Data have to come in coherent units: a formula cannot know that one column is in km.

        Raises:
            InputError: it is no product of powers of units that sympy knows.
        """
        expr = expr_from_text(unit)
        powers = [Fraction(0)] * len(BASES)
        for base, exponent in expr.as_powers_dict().items():
            if base.is_number:
                continue
            if not base.is_Symbol or not exponent.is_rational:
                raise InputError(f"'{unit}' is no unit: write a product of powers, e.g. kg*m/s^2")
            for k, power in enumerate(_powers_of(str(base), unit)):
                powers[k] += power * Fraction(int(exponent.p), int(exponent.q))
        return cls(tuple(powers))

    def __str__(self) -> str:
        parts = [b if p == 1 else f"{b}^{p}" for b, p in zip(BASES, self.powers, strict=True) if p]
        return " ".join(parts) or "1"


def _powers_of(name: str, unit: str) -> tuple[Fraction, ...]:
    quantity = si.joule if name in _ENERGIES else getattr(si, name, None)
    if not isinstance(quantity, si.Quantity):
        raise InputError(f"the unit '{name}' in '{unit}' is unknown: use SI units such as m, kg, s, N, J, eV")
    found = dimsys_SI.get_dimensional_dependencies(quantity.dimension)
    by_name = {str(d.name): power for d, power in found.items()}
    unknown = sorted(set(by_name) - set(_NAMES))
    if unknown:
        raise InputError(f"the unit '{name}' in '{unit}' measures {unknown[0]}, which is no SI dimension")
    return tuple(Fraction(str(sympy.Rational(by_name.get(n, 0)))) for n in _NAMES)


class Constants(StrEnum):
    """What the constants of a formula may be."""

    DIMENSIONLESS = "dimensionless"
    """Pure numbers: every quantity of the law is among the inputs."""
    FREE = "free"
    """Each may have whatever dimension makes the formula right, as in PySR's default."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a formula can be true.

    Attributes:
        consistent: whether dimensions fit everywhere.
        reason: what does not fit; empty if all does.
        constants: dimension of each constant where the formula fixes it, in order of appearance.
    """

    consistent: bool
    reason: str = ""
    constants: tuple[tuple[float, Dimension], ...] = ()


@dataclass(frozen=True, slots=True)
class Units:
    """Units of the data.

    Attributes:
        inputs: unit of each input, in the order of the columns.
        output: unit of the target.
        constants: what constants may be.
    """

    inputs: tuple[str, ...]
    output: str
    constants: Constants = Constants.DIMENSIONLESS

    def __post_init__(self) -> None:
        for unit in (*self.inputs, self.output):
            Dimension.of(unit)

    def check(self, expr: sympy.Expr, names: Sequence[str] | None = None) -> Checked:
        """Check a formula over x0, x1, ... (or the names given).

        Dimensions of constants that are free are unknowns of linear equations, one for each sum, function and
        comparison: a formula is consistent if and only if these have a solution.

        Raises:
            InputError: it uses a variable without a unit.
        """
        names = tuple(names) if names is not None else tuple(f"x{i}" for i in range(len(self.inputs)))
        known = {n: Dimension.of(u) for n, u in zip(names, self.inputs, strict=True)}
        return _Checker(known, self.constants is Constants.FREE).run(expr, Dimension.of(self.output))


_Form = tuple[dict[int, Fraction], tuple[Fraction, ...]]
"""Dimension of a subexpression: a sum of unknown dimensions, and a known one."""


class _InconsistentError(Exception):
    pass


class _Checker:
    def __init__(self, known: Mapping[str, Dimension], free: bool) -> None:
        self._known = known
        self._free = free
        self._values: list[float] = []
        self._rows: list[tuple[int, _Form]] = []
        """Equations solved for one unknown each, with coefficient 1."""

    def run(self, expr: sympy.Expr, output: Dimension) -> Checked:
        try:
            self._equal(self._form(sympy.sympify(expr)), ({}, output.powers), f"the formula and {output}")
        except _InconsistentError as reason:
            return Checked(False, str(reason))
        fixed = []
        for k, value in enumerate(self._values):
            unknown, powers = self._reduced(({k: Fraction(1)}, _zero()))
            if not unknown:
                fixed.append((value, Dimension(powers)))
        return Checked(True, "", tuple(fixed))

    def _form(self, expr: sympy.Basic) -> _Form:
        if isinstance(expr, sympy.Symbol):
            if expr.name not in self._known:
                raise InputError(
                    f"the formula uses '{expr}', which has no unit: {', '.join(self._known)} have"
                )
            return {}, self._known[expr.name].powers
        if expr.is_number:
            return self._constant(expr)
        if isinstance(expr, sympy.Mul):
            forms = [self._form(a) for a in expr.args if a != -1]
            total: _Form = ({}, _zero())
            for form in forms:
                total = _add(total, form, Fraction(1))
            return total
        if isinstance(expr, sympy.Pow) and expr.exp.is_rational:
            return _add(({}, _zero()), self._form(expr.base), Fraction(int(expr.exp.p), int(expr.exp.q)))
        if isinstance(expr, sympy.Pow) and expr.exp.is_number and expr.base.free_symbols:
            # A power that was fitted: only of a pure number.
            self._pure(expr.base)
            return {}, _zero()
        if isinstance(expr, (sympy.Add, *_SAME)):
            return self._same(expr.args, expr)
        if isinstance(expr, sympy.Piecewise):
            for _, condition in expr.args:
                self._condition(condition)
            return self._same([value for value, _ in expr.args], expr)
        if isinstance(expr, sympy.sign):
            self._form(expr.args[0])
            return {}, _zero()
        for argument in expr.args:
            self._pure(argument)
        return {}, _zero()

    def _condition(self, condition: sympy.Basic) -> None:
        for relation in condition.atoms(sympy.core.relational.Relational):
            self._same(relation.args, relation)

    def _constant(self, expr: sympy.Basic) -> _Form:
        if not self._free:
            return {}, _zero()
        self._values.append(float(expr))
        return {len(self._values) - 1: Fraction(1)}, _zero()

    def _pure(self, expr: sympy.Basic) -> None:
        self._equal(self._form(expr), ({}, _zero()), f"'{expr}' and a pure number")

    def _same(self, args: Sequence[sympy.Basic], whole: sympy.Basic) -> _Form:
        # Zero has every dimension.
        forms = [(a, self._form(a)) for a in args if a != 0]
        for argument, form in forms[1:]:
            self._equal(forms[0][1], form, f"'{forms[0][0]}' and '{argument}' in '{whole}'")
        return forms[0][1]

    def _equal(self, a: _Form, b: _Form, what: str) -> None:
        unknown, powers = self._reduced(_add(a, b, Fraction(-1)))
        if not unknown:
            if any(powers):
                one, other = (Dimension(self._reduced(f)[1]) for f in (a, b))
                raise _InconsistentError(f"{what} have the dimensions {one} and {other}")
            return
        pivot, factor = next(iter(unknown.items()))
        row = _add(({}, _zero()), (unknown, powers), 1 / factor)
        self._rows = [(k, _add(f, row, -f[0].get(pivot, Fraction(0)))) for k, f in self._rows]
        self._rows.append((pivot, row))

    def _reduced(self, form: _Form) -> _Form:
        for pivot, row in self._rows:
            form = _add(form, row, -form[0].get(pivot, Fraction(0)))
        return form


def _zero() -> tuple[Fraction, ...]:
    return (Fraction(0),) * len(BASES)


def _add(a: _Form, b: _Form, factor: Fraction) -> _Form:
    unknown = dict(a[0])
    for k, v in b[0].items():
        unknown[k] = unknown.get(k, Fraction(0)) + factor * v
    powers = tuple(p + factor * q for p, q in zip(a[1], b[1], strict=True))
    return {k: v for k, v in unknown.items() if v}, powers

"""What the propagator found, put beside the known law."""

from dataclasses import dataclass

import numpy as np
import sympy
from data import KINEMATICS, System

D, V, Z, A = sympy.symbols("d v z p")


@dataclass(frozen=True)
class Law:
    """The propagation formulas.

    Attributes:
        raw: formulas for the next d and v over d, v and the latent z.
        formulas: the same over d, v and the parameter p, which the formula for v defines: v' = v + p
            (kinematics), v' = ... - dt*p*d (oscillator).
        latent: z as a function of p.
        error: largest difference of a coefficient from the known law.
        recovered: whether the terms are those of the law and the coefficients agree.
    """

    raw: tuple[sympy.Expr, sympy.Expr]
    formulas: tuple[sympy.Expr, sympy.Expr]
    latent: sympy.Expr
    error: float
    recovered: bool


def law_of(raw: tuple[sympy.Expr, ...], system: System) -> Law:
    """Bring the formulas of the propagator into the form of the law."""
    names = {sympy.Symbol(f"x{k}"): s for k, s in enumerate((D, V, Z))}
    d_next, v_next = (sympy.expand(e.xreplace(names)) for e in raw)
    if not all(e.is_polynomial(D, V, Z) for e in (d_next, v_next)):
        return Law((d_next, v_next), (d_next, v_next), Z, float("inf"), False)
    # v' = ... + (slope*z + offset) * (1 or d): that is the parameter, up to its unit
    carrier = v_next.coeff(D, 0).coeff(V, 0) if system is KINEMATICS else v_next.coeff(D, 1).coeff(V, 0)
    slope = carrier.coeff(Z, 1)
    if slope == 0:
        return Law((d_next, v_next), (d_next, v_next), Z, float("inf"), False)
    unit = 1.0 if system is KINEMATICS else -system.dt
    latent = (unit * A - carrier.coeff(Z, 0)) / slope
    formulas = tuple(_tidy(sympy.expand(e.subs(Z, latent))) for e in (d_next, v_next))
    error, same = _compare(formulas, system)
    return Law((d_next, v_next), (formulas[0], formulas[1]), sympy.expand(latent), error, same)


def _tidy(expr: sympy.Expr) -> sympy.Expr:
    """Round for reading, and drop what the substitution should have cancelled."""
    terms = [t for t in sympy.Add.make_args(expr) if abs(float(t.as_coeff_Mul()[0])) > 1e-9]
    return sympy.Add(*terms)


def _compare(formulas: tuple[sympy.Expr, ...], system: System) -> tuple[float, bool]:
    if system is KINEMATICS:
        truth = (D + V + A / 2, V + A)
        worst = 0.0
        same = True
        for found, true in zip(formulas, truth, strict=True):
            a, b = (sympy.Poly(e, D, V, A).as_dict() for e in (found, true))
            same &= set(a) == set(b)
            worst = max([worst, *(abs(float(a.get(k, 0) - b.get(k, 0))) for k in {*a, *b})])
        return worst, bool(same and worst < 0.01)
    # The exact law of a step is linear in d and v: compare the two matrices over the range of p.
    allowed = {(1, 0, 0), (1, 0, 1), (0, 1, 0), (0, 1, 1)}
    same = all(set(sympy.Poly(f, D, V, A).as_dict()) <= allowed for f in formulas)
    worst = 0.0
    for p in np.linspace(*system.parameter, 10):
        w, t = np.sqrt(p), system.dt
        exact = [[np.cos(w * t), np.sin(w * t) / w], [-w * np.sin(w * t), np.cos(w * t)]]
        for row, formula in zip(exact, formulas, strict=True):
            for value, symbol in zip(row, (D, V), strict=True):
                worst = max(worst, abs(float(formula.subs(A, p).coeff(symbol, 1)) - value))
    return worst, bool(same and worst < 2e-3)


def rounded(expr: sympy.Expr, digits: int = 4) -> str:
    """For reading."""
    return str(expr.xreplace({n: sympy.Float(round(float(n), digits)) for n in expr.atoms(sympy.Float)}))

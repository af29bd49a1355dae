"""sympy expressions as trees: finds subtractions, divisions, squares and roots again in its normal form."""

import math

import sympy

from sr2hls.costs.operators import Operators
from sr2hls.costs.tree import Tree, const, var
from sr2hls.errors import InputError

_RELATIONS = {
    sympy.StrictLessThan: "<",
    sympy.LessThan: "<=",
    sympy.StrictGreaterThan: ">",
    sympy.GreaterThan: ">=",
}


def tree_of(expr: sympy.Expr, operators: Operators | None = None) -> Tree:
    """Return the tree of a sympy expression.

    Raises:
        InputError: a subexpression is no known operator; the message names it.
    """
    return _CostTreeBuilder(operators or Operators()).build(sympy.sympify(expr))


class _CostTreeBuilder:
    def __init__(self, operators: Operators) -> None:
        self._by_sympy = {op.sympy: op.name for op in operators if op.sympy}
        self._operators = operators

    def build(self, expr: sympy.Basic) -> Tree:
        if isinstance(expr, sympy.Symbol):
            return var(expr.name)
        if not expr.free_symbols and not isinstance(expr, sympy.logic.boolalg.BooleanAtom):
            return self._constant(expr)
        if isinstance(expr, sympy.Add):
            return self._add(expr)
        if isinstance(expr, sympy.Mul):
            return self._mul(expr)
        if isinstance(expr, sympy.Pow):
            return self._pow(expr)
        if isinstance(expr, sympy.exp):
            return Tree("exp", (self.build(expr.args[0]),))
        if isinstance(expr, sympy.Piecewise):
            return self._piecewise(expr)
        for kind, name in _RELATIONS.items():
            if isinstance(expr, kind):
                return Tree(name, tuple(self.build(a) for a in expr.args))
        if isinstance(expr, sympy.logic.boolalg.Boolean):
            return self._condition(expr)
        return self._function(expr)

    def _constant(self, expr: sympy.Basic) -> Tree:
        try:
            value = complex(expr.evalf())
        except (TypeError, ValueError, OverflowError):  # sympy's and mpmath's ways of giving up
            value = complex("nan")
        if value.imag or not math.isfinite(value.real):
            raise InputError(f"constant '{str(expr)[:100]}' is not a real number within the range of doubles")
        return const(value.real)

    def _add(self, expr: sympy.Add) -> Tree:
        plus: list[Tree] = []
        minus: list[Tree] = []
        for term in expr.args:
            positive = -term
            coefficient = term.as_coeff_Mul()[0]
            if coefficient.is_negative and term.free_symbols:
                minus.append(self.build(positive))
            else:
                plus.append(self.build(term))
        if not plus:
            # -a - b: one more subtraction, from zero
            plus = [const(0.0)]
        left = plus[0] if len(plus) == 1 else Tree("+", tuple(plus))
        if not minus:
            return left
        return Tree("-", (left, minus[0] if len(minus) == 1 else Tree("+", tuple(minus))))

    def _mul(self, expr: sympy.Mul) -> Tree:
        above: list[Tree] = []
        below: list[Tree] = []
        negative = False
        coefficient, rest = expr.as_coeff_Mul()
        if coefficient == -1:
            negative = True
        elif coefficient != 1:
            above.append(self._constant(coefficient))
        constants = 1.0
        factors, roots = _cube_roots(list(sympy.Mul.make_args(rest)))
        above += [Tree("cbrt", (self.build(base),)) for base in roots]
        for factor in factors:
            if isinstance(factor, sympy.Pow) and factor.exp.is_number and factor.exp.is_negative:
                if negative and factor.exp == -1 and isinstance(factor.base, sympy.Add):
                    # -a/(1 + b) is a/(-1 - b): no negation
                    below.append(self.build(-factor.base))
                    negative = False
                else:
                    below.append(self.build(factor.base ** (-factor.exp)))
            elif not factor.free_symbols:
                constants *= float(self._constant(factor).value or 0.0)
            else:
                above.append(self.build(factor))
        if constants != 1.0:
            first = above.pop(0) if above and above[0].op == "const" else const(1.0)
            above.insert(0, const(constants * float(first.value or 0.0)))
        if negative and below and not above:
            above, negative = [const(-1.0)], False
        top = const(1.0) if not above else above[0] if len(above) == 1 else Tree("*", tuple(above))
        if below:
            top = Tree("/", (top, below[0] if len(below) == 1 else Tree("*", tuple(below))))
        return Tree("neg", (top,)) if negative else top

    def _pow(self, expr: sympy.Pow) -> Tree:
        base, exponent = expr.base, expr.exp
        if base == sympy.E:
            return Tree("exp", (self.build(exponent),))
        if exponent.is_number and exponent.is_negative:
            return Tree("/", (const(1.0), self.build(base ** (-exponent))))
        if exponent == 2:
            return Tree("square", (self.build(base),))
        if exponent.is_number and float(exponent) == 0.5:
            return Tree("sqrt", (self.build(base),))
        return Tree("^", (self.build(base), self.build(exponent)))

    def _piecewise(self, expr: sympy.Piecewise) -> Tree:
        *cases, (last, condition) = expr.args
        if condition != sympy.true:
            raise InputError(
                f"'{expr}' has no value where none of its conditions holds: end it with a True case"
            )
        result = self.build(last)
        for value, test in reversed(cases):
            result = Tree("select", (self.build(test), self.build(value), result))
        return result

    def _condition(self, expr: sympy.logic.boolalg.Boolean) -> Tree:
        """Conditions joined by and, or, not as choices between 1 and 0."""
        if isinstance(expr, sympy.Eq | sympy.Ne):
            distance = Tree("abs", (self.build(expr.lhs - expr.rhs),))
            return Tree("<=" if isinstance(expr, sympy.Eq) else ">", (distance, const(0.0)))
        if isinstance(expr, sympy.logic.boolalg.BooleanAtom):
            return const(float(bool(expr)))
        args = [self.build(a) for a in expr.args]
        if isinstance(expr, sympy.ITE):
            return Tree("select", tuple(args))
        if isinstance(expr, sympy.Not):
            return Tree("select", (args[0], const(0.0), const(1.0)))
        if not isinstance(expr, sympy.And | sympy.Or):
            raise InputError(f"'{expr}' is no condition that a formula can have")
        result = args[-1]
        for arg in reversed(args[:-1]):
            both = (arg, result, const(0.0)) if isinstance(expr, sympy.And) else (arg, const(1.0), result)
            result = Tree("select", both)
        return result

    def _function(self, expr: sympy.Basic) -> Tree:
        name = type(expr).__name__
        if isinstance(expr, sympy.core.function.AppliedUndef):
            name = expr.func.__name__
        name = self._by_sympy.get(name, name)
        if name not in self._operators:
            raise InputError(
                f"unknown function '{name}' in '{expr}': define it in an operator file ([operators.{name}])"
            )
        args = tuple(self.build(a) for a in expr.args)
        if name in ("max", "min"):
            result = args[0]
            for arg in args[1:]:
                result = Tree(name, (result, arg))
            return result
        return Tree(self._operators.canonical(name), args)


def _cube_roots(factors: list[sympy.Basic]) -> tuple[list[sympy.Basic], list[sympy.Basic]]:
    """Return factors without pairs sign(a)·|a|^(1/3), and each such a: its real cube root."""
    roots = []
    for factor in list(factors):
        if isinstance(factor, sympy.sign):
            root = sympy.Abs(factor.args[0]) ** sympy.Rational(1, 3)
            if root in factors and factor in factors:
                factors.remove(factor)
                factors.remove(root)
                roots.append(factor.args[0])
    return factors, roots

"""Formulas as one graph: every subexpression once, across all outputs, still in real numbers."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue

from sr2hls.arrays import FloatArray
from sr2hls.errors import LoweringError
from sr2hls.program.functions import UNARY
from sr2hls.program.node import Node, NodeKind, apply_node
from sr2hls.program.ops import Predicate

_RELATIONS: dict[type[Relational], Predicate] = {
    sp.StrictLessThan: Predicate.LT,
    sp.LessThan: Predicate.LE,
    sp.StrictGreaterThan: Predicate.GT,
    sp.GreaterThan: Predicate.GE,
    sp.Equality: Predicate.EQ,
    sp.Unequality: Predicate.NE,
}


@dataclass
class Graph:
    """Nodes in the order of their dependence, and the positions of the outputs.

    Attributes:
        nodes: all of them.
        outputs: output name to position.
        shown: input name to what the user calls it, for messages.
    """

    nodes: list[Node] = field(default_factory=list)
    outputs: dict[str, int] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)
    _position: dict[Node, int] = field(default_factory=dict)
    _texts: dict[sp.Basic, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, formulas: Mapping[str, sp.Expr], inputs: Iterable[str], shown: Mapping[str, str] | None = None
    ) -> "Graph":
        """Build the graph of several formulas over the named inputs.

        Args:
            formulas: output name to formula.
            inputs: names of the inputs.
            shown: what the user calls them, for messages.

        Raises:
            LoweringError: a formula uses a symbol that is no input, or a construct without a meaning here, or
                is nested too deeply.
        """
        graph = cls(shown=dict(shown or {}))
        names = list(inputs)
        for name in names:
            graph._push(Node(NodeKind.INPUT, (), _symbol(name), name=name))
        for output, formula in formulas.items():
            if isinstance(formula, str):
                raise LoweringError(
                    f"formula of '{output}' is text: parse it first (sympify runs text as code)"
                )
            try:
                graph._add_output(output, sp.sympify(formula), names)
            except RecursionError:
                raise LoweringError(
                    f"formula of '{output}' is nested too deeply: simplify it or split it"
                ) from None
        return graph

    def _add_output(self, output: str, expr: sp.Basic, names: list[str]) -> None:
        if not isinstance(expr, sp.Expr | Boolean):
            raise LoweringError(f"formula of '{output}' is not an expression but {type(expr).__name__}")
        unknown = sorted(str(s) for s in expr.free_symbols if str(s) not in names)
        if unknown:
            raise LoweringError(
                f"formula of '{output}' uses {', '.join(map(repr, unknown))}, "
                f"which is none of the inputs {', '.join(names)}"
            )
        # Inputs are real: sympy then drops what it wrote for complex ones, e.g. re(x) in Abs(exp(x)).
        real = {s: _symbol(str(s)) for s in expr.free_symbols}
        self.outputs[output] = self._lower(expr.xreplace(real))

    def text(self, expr: sp.Basic) -> str:
        """Return an expression with the inputs as the user calls them."""
        # Every precision that is tried asks again, and sympy takes longer to print a sum than to compile it.
        if expr not in self._texts:
            named = expr.xreplace({_symbol(k): sp.Symbol(v) for k, v in self.shown.items()})
            self._texts[expr] = str(sp.sstr(named))
        return self._texts[expr]

    def _push(self, node: Node) -> int:
        if node not in self._position:
            self._position[node] = len(self.nodes)
            self.nodes.append(node)
        return self._position[node]

    def _constant(self, expr: sp.Basic, value: float) -> int:
        if not np.isfinite(value):
            raise LoweringError(
                f"'{self.text(expr)}' is not a finite real number and has no fixed-point value"
            )
        return self._push(Node(NodeKind.CONSTANT, (), sp.Float(value), value=value))

    def _lower(self, expr: sp.Basic) -> int:
        if isinstance(expr, sp.Symbol):
            return self._push(Node(NodeKind.INPUT, (), expr, name=str(expr)))
        if isinstance(expr, BooleanTrue | BooleanFalse):
            return self._constant(expr, float(bool(expr)))
        if isinstance(expr, sp.Expr) and not expr.free_symbols:
            return self._constant(expr, _real(expr))
        if isinstance(expr, sp.Add):
            return self._push(Node(NodeKind.ADD, tuple(self._lower(a) for a in expr.args), expr))
        if isinstance(expr, sp.Mul):
            return self._lower_product(expr)
        if isinstance(expr, sp.Pow):
            return self._lower_power(expr)
        if isinstance(expr, sp.Abs):
            return self._push(Node(NodeKind.ABS, (self._lower(expr.args[0]),), expr))
        if isinstance(expr, sp.Min | sp.Max):
            kind = NodeKind.MIN if isinstance(expr, sp.Min) else NodeKind.MAX
            args = [self._lower(a) for a in expr.args]
            return reduce(lambda a, b: self._push(Node(kind, (a, b), expr)), args)
        if isinstance(expr, sp.Piecewise):
            return self._lower_piecewise(expr)
        if isinstance(expr, Relational):
            return self._lower_relation(expr)
        if isinstance(expr, sp.And | sp.Or | sp.Not | sp.ITE):
            return self._lower_logic(expr)
        if isinstance(expr, sp.Mod):
            a, b = expr.args
            return self._lower(a - b * sp.floor(a / b))
        if isinstance(expr, sp.Heaviside) and expr.args[1] == sp.S.Half:
            return self._push(Node(NodeKind.UNARY, (self._lower(expr.args[0]),), expr, function=sp.Heaviside))
        if isinstance(expr, sp.Function) and type(expr) in UNARY and len(expr.args) == 1:
            arg = self._lower(expr.args[0])
            return self._push(Node(NodeKind.UNARY, (arg,), expr, function=type(expr)))
        raise LoweringError(
            f"'{self.text(expr)}' ({type(expr).__name__}) has no meaning in the fixed-point program: rewrite "
            "it with + - * / powers, elementary functions, Abs, Min, Max or Piecewise, or define the operator"
        )

    def _lower_product(self, expr: sp.Mul) -> int:
        inverse = [a for a in expr.args if isinstance(a, sp.Pow) and _is_reciprocal(a)]
        if inverse:
            rest = [a for a in expr.args if a not in inverse]
            denominator = sp.Mul(*[a.base ** (-a.exp) for a in inverse])
            reciprocal = self._push(
                Node(NodeKind.POWER, (self._lower(denominator),), 1 / denominator, value=-1.0)
            )
            if not rest:
                return reciprocal
            return self._push(Node(NodeKind.MUL, (self._lower(sp.Mul(*rest)), reciprocal), expr))
        coefficient, rest = expr.as_independent(*expr.free_symbols, as_Add=False)
        factors = [self._lower(a) for a in sp.Mul.make_args(rest)]
        product = reduce(lambda a, b: self._push(Node(NodeKind.MUL, (a, b), rest)), factors)
        if coefficient == 1:
            return product
        return self._push(
            Node(NodeKind.MUL, (self._constant(coefficient, _real(coefficient)), product), expr)
        )

    def _lower_power(self, expr: sp.Pow) -> int:
        base, exponent = expr.args
        if base == sp.E:
            return self._push(Node(NodeKind.UNARY, (self._lower(exponent),), expr, function=sp.exp))
        if exponent.free_symbols:
            # Where the base is negative this is undefined, as a power with any real exponent is.
            scaled = self._lower(exponent * sp.log(base))
            return self._push(Node(NodeKind.UNARY, (scaled,), expr, function=sp.exp))
        value = _real(exponent)
        return self._push(Node(NodeKind.POWER, (self._lower(base),), expr, value=value))

    def _lower_piecewise(self, expr: sp.Piecewise) -> int:
        *cases, (last, condition) = expr.args
        if condition is not sp.true:
            raise LoweringError(
                f"'{self.text(expr)}' does not say what it is elsewhere: end it with (value, True)"
            )
        result = self._lower(last)
        for value, condition in reversed(cases):
            args = (self._lower_condition(condition), self._lower(value), result)
            result = self._push(Node(NodeKind.SELECT, args, expr))
        return result

    def _lower_relation(self, expr: Relational) -> int:
        args = (self._lower(expr.lhs), self._lower(expr.rhs))
        return self._push(Node(NodeKind.COMPARE, args, expr, predicate=_RELATIONS[type(expr)]))

    def _lower_condition(self, expr: sp.Basic) -> int:
        """Lower a truth value to 0 or 1; an input used as one is true where it is not zero."""
        return self._lower(sp.Ne(expr, 0) if isinstance(expr, sp.Symbol) else expr)

    def _lower_logic(self, expr: sp.Basic) -> int:
        args = [self._lower_condition(a) for a in expr.args]
        if isinstance(expr, sp.Not):
            one = self._constant(sp.Integer(1), 1.0)
            zero = self._constant(sp.Integer(0), 0.0)
            return self._push(Node(NodeKind.SELECT, (args[0], zero, one), expr))
        if isinstance(expr, sp.ITE):
            # What sympy makes of a comparison of a Piecewise.
            return self._push(Node(NodeKind.SELECT, (args[0], args[1], args[2]), expr))
        kind = NodeKind.MIN if isinstance(expr, sp.And) else NodeKind.MAX
        return reduce(lambda a, b: self._push(Node(kind, (a, b), expr)), args)

    def evaluate(self, node: int, known: dict[int, FloatArray]) -> FloatArray:
        """Return a node's values, shape (rows,), for those below it; ``known`` is filled on the way."""
        pending = [node]
        while pending:
            at = pending[-1]
            missing = [a for a in self.nodes[at].args if a not in known]
            if at in known or not missing:
                pending.pop()
                if at not in known:
                    known[at] = apply_node(self.nodes[at], [known[a] for a in self.nodes[at].args])
            else:
                pending.extend(missing)
        return known[node]


def _symbol(name: str) -> sp.Symbol:
    return sp.Symbol(name, real=True)


def _is_reciprocal(expr: sp.Pow) -> bool:
    return bool(expr.free_symbols and expr.exp.is_number and expr.exp.is_negative and expr.base != sp.E)


def _real(expr: sp.Basic) -> float:
    try:
        value = complex(sp.N(expr, 17))
    except (ArithmeticError, LookupError, TypeError, ValueError, NotImplementedError) as error:
        raise LoweringError(f"'{expr}' has no numeric value") from error
    if value.imag and math.isfinite(value.imag):
        raise LoweringError(f"'{expr}' is a complex number; formulas are real")
    return value.real if not math.isnan(value.imag) else math.nan

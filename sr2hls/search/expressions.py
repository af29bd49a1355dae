"""Formulas in their three forms, text, tree and sympy, and their values on data."""

import math
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, cast

import numpy as np
import sympy
from numpy.typing import NDArray
from scipy import special
from sympy.printing.str import StrPrinter

from sr2hls.costs import Operator, Operators, Tree, tree_of
from sr2hls.costs.tree import const, var
from sr2hls.data.reason import reason
from sr2hls.errors import InputError
from sr2hls.search.grammar import parse

Floats = NDArray[np.floating[Any]]

_EXACT_BITS, _MOST_EXPONENT = 64, 1023
"""Powers of numbers are exact up to so many bits, and refused above (or below) so many."""

_SYMPY: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": lambda a, b: _power(a, b),
    "neg": lambda a: -a,
    "square": lambda a: a**2,
    "cube": lambda a: a**3,
    "inv": lambda a: 1 / a,
    "abs": lambda a: _real(sympy.Abs(a)),
    "sign": lambda a: _real(sympy.sign(a)),
    "sqrt": sympy.sqrt,
    "cbrt": lambda a: _real(sympy.sign(a) * sympy.Abs(a) ** sympy.Rational(1, 3)),
    "log2": lambda a: sympy.log(a) / sympy.log(2),
    "log10": lambda a: sympy.log(a) / sympy.log(10),
    "log1p": lambda a: sympy.log(1 + a),
    "sigmoid": lambda a: 1 / (1 + sympy.exp(-a)),
    "relu": lambda a: sympy.Max(a, 0),
    "select": lambda c, a, b: sympy.Piecewise((as_number(a), as_condition(c)), (as_number(b), True)),
}


def as_number(expr: sympy.Basic) -> sympy.Expr:
    """Return 1 where a condition holds and 0 where not; a number as it is."""
    if isinstance(expr, sympy.Expr):
        return expr
    return sympy.Piecewise((sympy.Integer(1), expr), (sympy.Integer(0), True))


def as_condition(expr: sympy.Basic) -> sympy.Basic:
    """Return whether a number is not zero; a condition as it is."""
    if not isinstance(expr, sympy.Expr) or isinstance(expr, sympy.Symbol):
        return expr
    return sympy.Ne(expr, 0)


def _real(expr: sympy.Expr) -> sympy.Expr:
    """Undo what sympy does because symbols may be complex: Abs(exp(x)) is exp(re(x)) to it."""
    return expr.replace(sympy.re, lambda z: z).replace(sympy.im, lambda z: sympy.Integer(0))


def _power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    """Raise to a power; powers of numbers that a double cannot hold exactly become doubles.

    Raises:
        InputError: the power of two numbers is larger than any double.
    """
    # sympy works powers of integers out to the last digit: 9^9^9 has 369 million.
    if base.is_Rational and exponent.is_Rational and abs(exponent) > 1:
        magnitude = abs(float(base))
        bits = abs(float(exponent)) * abs(math.log2(magnitude)) if magnitude else 0.0
        if bits > _MOST_EXPONENT:
            raise InputError(
                f"the power {_brief(base)}^{_brief(exponent)} in a formula is out of the range of doubles"
            )
        if bits > _EXACT_BITS:
            return sympy.Float(base) ** sympy.Float(exponent)
    return base**exponent


def _brief(number: sympy.Expr) -> str:
    return f"{float(number):g}"


_NUMPY: dict[str, Callable[..., Any]] = {
    "cube": lambda a: a * a * a,
    "relu": lambda a: np.maximum(a, 0),
    "erf": special.erf,
    "sigmoid": special.expit,
}


class _TreeBuilder:
    def number(self, text: str) -> Tree:
        return const(float(text))

    def named(self, name: str) -> Tree:
        return const(np.pi if name == "pi" else np.e)

    def variable(self, name: str) -> Tree:
        return var(name)

    def apply(self, operator: str, args: tuple[Tree, ...]) -> Tree:
        # As written: a chain is a sequence of binary operations, from the left.
        while operator in "+*" and len(args) > 2:
            args = (Tree(operator, args[:2]), *args[2:])
        return Tree(operator, args)


class _SympyBuilder:
    """Makes sympy expressions; with ``floats``, 1.0 stays a Float and only 1 is an Integer."""

    def __init__(self, operators: Operators, *, floats: bool = False) -> None:
        self._operators = operators
        self._floats = floats

    def number(self, text: str) -> sympy.Expr:
        if not self._floats:
            return exact_number(float(text))
        return sympy.Integer(text) if text.removeprefix("-").isdigit() else sympy.Float(float(text))

    def named(self, name: str) -> sympy.Expr:
        return sympy.pi if name == "pi" else sympy.E

    def variable(self, name: str) -> sympy.Expr:
        return sympy.Symbol(name)

    def apply(self, operator: str, args: tuple[sympy.Expr, ...]) -> sympy.Expr:
        return apply_sympy(operator, args, self._operators)


def exact_number(value: float) -> sympy.Expr:
    """A sympy number of exactly this value: an Integer where it is one of moderate size, else a Float."""
    if np.isfinite(value) and value == int(value) and abs(value) < 2**31:
        return sympy.Integer(int(value))
    return sympy.Float(value)


def apply_sympy(operator: str, args: Sequence[sympy.Expr], operators: Operators) -> sympy.Expr:
    """Apply an operator to sympy expressions; the user's own are replaced by their definition.

    Raises:
        InputError: sympy cannot work it out.
    """
    op = operators[operator]
    if op.is_custom:
        return parse(
            op.definition,
            _SympyBuilder(operators),
            operators,
            variables=dict(zip(op.parameters, args, strict=True)),
        )
    if op.name in "+*" and len(args) != 2:
        return cast(sympy.Expr, (sympy.Add if op.name == "+" else sympy.Mul)(*map(as_number, args)))
    function = _SYMPY.get(op.name) or getattr(sympy, op.sympy)
    if op.name != "select":
        args = [as_number(a) for a in args]
    if op.name in ("/", "inv") and args[-1].is_zero:
        # To sympy it is an infinity, and 0 times an infinity that floor takes in is 0: mod(x, 0) is x.
        raise InputError(f"'{op.name}' in a formula divides by 0")
    try:
        return cast(sympy.Expr, function(*args))
    except (ArithmeticError, TypeError, ValueError, RecursionError) as error:
        # sympy evaluates functions of numbers at once, and gives up on some: exp(exp(exp(9))) > 3, 1/0 > 3.
        raise InputError(f"'{op.name}' in a formula cannot be worked out: {reason(error)}") from error


def tree_from_text(text: str, operators: Operators | None = None, variables: Collection[str] = ()) -> Tree:
    """Read a formula exactly as it is written, without simplifying anything.

    Args:
        text: the formula.
        operators: the operators known.
        variables: names that are inputs, though they could be taken for the constants ``pi`` or ``E``.
    """
    inputs = {name: var(name) for name in variables}
    return parse(text, _TreeBuilder(), operators or Operators(), variables=inputs)


def expr_from_text(text: str, operators: Operators | None = None) -> sympy.Expr:
    """Read a formula as a sympy expression. Nothing in the text is executed.

    A comparison that is the whole formula is 1 where it holds and 0 where not, as it is inside of others.

    Raises:
        InputError: it is no formula, or has an unknown function.
    """
    ops = operators or Operators()
    return as_number(parse(text, _SympyBuilder(ops), ops))


def expr_of(text: str) -> sympy.Expr:
    """Read what `text_of` wrote: numbers are Floats where they were, so that both expressions are equal.

    Raises:
        InputError: it is no formula, or has an unknown function.
    """
    ops = Operators()
    return as_number(parse(text, _SympyBuilder(ops, floats=True), ops))


def expr_from_tree(tree: Tree, operators: Operators | None = None) -> sympy.Expr:
    """Return the sympy expression of a tree."""
    ops = operators or Operators()

    def leaf(node: Tree) -> sympy.Expr:
        return sympy.Symbol(str(node.value)) if node.op == "var" else exact_number(float(node.value or 0.0))

    return as_number(tree.fold(leaf, lambda node, args: apply_sympy(node.op, args, ops)))


class _Exact(StrPrinter):  # type: ignore[misc]
    """Prints every digit of a Float, and conditions in a form that `expr_of` reads."""

    def _print_Float(self, expr: sympy.Float) -> str:  # noqa: N802
        return repr(float(expr))

    def _print_Piecewise(self, expr: sympy.Piecewise) -> str:  # noqa: N802
        *cases, (last, _) = expr.args
        text = self._print(last)
        for value, condition in reversed(cases):
            text = f"select({self._print(condition)}, {self._print(value)}, {text})"
        return str(text)

    def _print_And(self, expr: sympy.And) -> str:  # noqa: N802
        return self._nested(expr.args, "select({}, {}, 0)")

    def _print_Or(self, expr: sympy.Or) -> str:  # noqa: N802
        return self._nested(expr.args, "select({}, 1, {})")

    def _nested(self, args: Sequence[sympy.Basic], form: str) -> str:
        first, *rest = (self._print(a) for a in args)
        return form.format(first, self._nested(args[1:], form)) if rest else first

    def _print_Not(self, expr: sympy.Not) -> str:  # noqa: N802
        return f"select({self._print(expr.args[0])}, 0, 1)"

    def _print_ITE(self, expr: sympy.ITE) -> str:  # noqa: N802
        return "select({}, {}, {})".format(*(self._print(a) for a in expr.args))

    def _print_Relational(self, expr: sympy.core.relational.Relational) -> str:  # noqa: N802
        if isinstance(expr, sympy.Ne | sympy.Eq):
            difference = self._print(sympy.Add(expr.lhs, sympy.Mul(-1, expr.rhs)))
            return f"abs({difference}) {'>' if isinstance(expr, sympy.Ne) else '<='} 0"
        return str(super()._print_Relational(expr))

    def _print_BooleanTrue(self, expr: sympy.Basic) -> str:  # noqa: N802
        return "1"

    def _print_BooleanFalse(self, expr: sympy.Basic) -> str:  # noqa: N802
        return "0"


def text_of(expr: sympy.Expr) -> str:
    """Write a sympy expression so that `expr_of` gives it back with every bit of its constants."""
    return str(_Exact({"order": "lex"}).doprint(expr))


def variables_of(tree: Tree) -> tuple[str, ...]:
    """Names of the variables of a tree, in order of appearance."""
    return tuple(dict.fromkeys(str(n.value) for n in tree.nodes() if n.op == "var"))


def evaluate(
    tree: Tree,
    columns: Mapping[str, Floats],
    operators: Operators | None = None,
    dtype: type[np.floating[Any]] = np.float64,
) -> Floats:
    """Value of a tree on data, computed node by node in ``dtype``, as the search engines do.

    Args:
        tree: the formula.
        columns: values of each variable, shape (n,).
        operators: definitions of the user's own operators.
        dtype: ``numpy.float64``, or ``numpy.float32`` as PySR's default.

    Returns:
        Shape (n,); NaN or infinite where the formula has no real value.

    Raises:
        InputError: a variable has no column.
    """
    ops = operators or Operators()
    cast_columns = {name: np.asarray(v, dtype=dtype) for name, v in columns.items()}
    rows = max((len(v) for v in cast_columns.values()), default=1)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = _evaluate(tree, cast_columns, ops, dtype)
    return np.broadcast_to(value, (rows,)) if value.ndim == 0 else value


def _evaluate(tree: Tree, columns: Mapping[str, Floats], ops: Operators, dtype: Any) -> Any:
    def leaf(node: Tree) -> Any:
        if node.op == "const":
            return np.asarray(dtype(node.value))
        if node.value not in columns:
            raise InputError(f"the formula uses '{node.value}', the data have {', '.join(columns)}")
        return columns[str(node.value)]

    return tree.fold(leaf, lambda node, args: np.asarray(_apply_numpy(node.op, args, ops, dtype)))


def numpy_function(operator: Operator) -> Callable[..., Any]:
    """Return what a built-in operator is in numpy, on arrays of any shape."""
    return _NUMPY.get(operator.name) or cast(Callable[..., Any], getattr(np, operator.numpy))


def _apply_numpy(name: str, args: list[Any], ops: Operators, dtype: Any) -> Any:
    op = ops[name]
    if op.is_custom:
        body = tree_from_text(op.definition, ops)
        return _evaluate(body, dict(zip(op.parameters, args, strict=True)), ops, dtype)
    function = numpy_function(op)
    value = args[0] if op.arity > 1 else function(args[0])
    if op.arity == 3:
        return np.where(*args)
    for arg in args[1:]:
        value = function(value, arg)
    return value.astype(dtype)


def evaluate_expr(expr: sympy.Expr, X: Floats, operators: Operators | None = None) -> Floats:
    """Value of a sympy expression over x0, x1, ... on data of shape (n, f)."""
    columns = {f"x{i}": X[:, i] for i in range(X.shape[1])}
    value = evaluate(tree_of(expr, operators), columns, operators)
    return np.broadcast_to(value, (len(X),))

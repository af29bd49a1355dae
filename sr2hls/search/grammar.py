"""Formulas as text: a small grammar on Python's ``ast``. Nothing in the text is ever executed.

Reads what PySR, Julia, sympy and Operon write: ``^`` or ``**``, ``1.5f0``, ``sin(x0)``, comparisons.
"""

import ast
import re
import sys
from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar

from sr2hls.costs.operators import Operators
from sr2hls.errors import InputError
from sr2hls.search.pysr_operators import DEFINITIONS

T = TypeVar("T")

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eEf][+-]?\d+)?"
_TOKEN = re.compile(rf"\s*(?:({_NUMBER})|([^\W\d]\w*)|(\*\*|<=|>=|==|[-+*/^()<>,]))")
CONSTANTS = ("pi", "E", "π", "ℯ")
"""Names that mean a number, unless the caller says that they are variables."""

_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "^"}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_SELECT = ("ifelse", "select", "where")


class ExpressionBuilder(Protocol[T]):
    """What a formula is turned into: a tree, a sympy expression."""

    def number(self, text: str) -> T:
        """A literal."""

    def named(self, name: str) -> T:
        """The constant ``pi`` or ``E``."""

    def variable(self, name: str) -> T:
        """An input."""

    def apply(self, operator: str, args: tuple[T, ...]) -> T:
        """An operator on its arguments; a chain of ``+`` or ``*`` comes as one call with all of them."""


def parse(
    text: str,
    builder: ExpressionBuilder[T],
    operators: Operators,
    *,
    variables: Mapping[str, T] | None = None,
) -> T:
    """Read one formula.

    Args:
        text: the formula.
        builder: makes the result.
        operators: functions that may occur.
        variables: names with a meaning of their own; every other name is a variable. A name in here hides the
            constants ``pi`` and ``E``.

    Raises:
        InputError: the text is not a formula, or has an unknown function; the message names it.
    """
    source, names = _rename(text)
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, MemoryError, RecursionError, ValueError) as error:
        raise InputError(f"'{_short(text)}' is not a formula: {getattr(error, 'msg', error)}") from None
    return _Reader(text, builder, operators, names, dict(variables or {})).read(tree)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def _rename(text: str) -> tuple[str, list[str]]:
    """Replace names by placeholders, so that ``lambda`` is a name like any other; ``^`` becomes ``**``."""
    out: list[str] = []
    names: list[str] = []
    position = 0
    text = text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            rest = text[position:].strip()
            hint = ": it is a template expression, give its parts one by one" if rest[:1] in "#;=[" else ""
            raise InputError(f"unexpected '{_short(rest)}' in the formula '{_short(text)}'{hint}")
        number, name, symbol = match.groups()
        if number:
            out.append(number.replace("f", "e"))
        elif name:
            if name not in names:
                names.append(name)
            out.append(f"n{names.index(name)}")
        else:
            out.append("**" if symbol == "^" else symbol)
        position = match.end()
    # Spaces between: "1 2" stays two numbers, which is no formula.
    return " ".join(out), names


class _Reader(Generic[T]):
    def __init__(
        self,
        text: str,
        builder: ExpressionBuilder[T],
        operators: Operators,
        names: list[str],
        known: Mapping[str, T],
    ) -> None:
        self._text = text
        self._builder = builder
        self._operators = operators
        self._names = names
        self._known = known

    def read(self, node: ast.expr) -> T:
        if isinstance(node, ast.BinOp):
            return self._chain(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return self._number(node.value)
        if isinstance(node, ast.Name):
            return self._name(self._names[int(node.id[1:])])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            if isinstance(node.operand, ast.Constant) and isinstance(node.operand.value, (int, float)):
                return self._number(-node.operand.value)
            return self._builder.apply("neg", (self.read(node.operand),))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return self.read(node.operand)
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARE:
            sides = (self.read(node.left), self.read(node.comparators[0]))
            return self._builder.apply(_COMPARE[type(node.ops[0])], sides)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            return self._call(self._names[int(node.func.id[1:])], node.args)
        raise InputError(f"'{_short(self._text)}' has a part that no formula has ({type(node).__name__})")

    def _number(self, value: float) -> T:
        if not -sys.float_info.max <= value <= sys.float_info.max:
            raise InputError(f"a number in '{_short(self._text)}' is out of the range of doubles")
        return self._builder.number(repr(value))

    def _chain(self, node: ast.BinOp) -> T:
        # Sums of hundreds of terms lean left: walk that spine in a loop, not by recursion.
        spine: list[ast.BinOp] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            spine.append(left)
            left = left.left
        # -(a + b)*c is -((a + b)*c): the same value, and sympy does not distribute the sign into the sum.
        steps = spine[::-1]
        run = next((i for i, s in enumerate(steps) if not isinstance(s.op, (ast.Mult, ast.Div))), len(steps))
        negative = run > 0 and isinstance(left, ast.UnaryOp) and isinstance(left.op, ast.USub)
        if negative and isinstance(left, ast.UnaryOp) and not isinstance(left.operand, ast.Constant):
            product = self._fold(self.read(left.operand), steps[:run])
            return self._fold(self._builder.apply("neg", (product,)), steps[run:])
        return self._fold(self.read(left), steps)

    def _fold(self, first: T, steps: list[ast.BinOp]) -> T:
        args = [first]
        last = ""
        for step in steps:
            if type(step.op) not in _BINARY:
                raise InputError(f"'{_short(self._text)}' has an operator that no formula has")
            operator = _BINARY[type(step.op)]
            if len(args) > 1 and (operator != last or operator not in "+*"):
                args = [self._builder.apply(last, tuple(args))]
            args.append(self.read(step.right))
            last = operator
        return self._builder.apply(last, tuple(args)) if last else first

    def _name(self, name: str) -> T:
        if name in self._known:
            return self._known[name]
        if name in CONSTANTS:
            return self._builder.named("pi" if name in ("pi", "π") else "E")
        return self._builder.variable(name)

    def _call(self, name: str, arguments: list[ast.expr]) -> T:
        if name == "Piecewise":
            return self._piecewise(arguments)
        args = tuple(self.read(a) for a in arguments)
        if name in DEFINITIONS and name not in self._operators.entries:
            parameters, formula = DEFINITIONS[name]
            self._check_count(name, len(parameters), len(args))
            known = dict(zip(parameters, args, strict=True))
            return parse(formula, self._builder, self._operators, variables=known)
        op = self._operators["select" if name in _SELECT else name]
        if op.name in ("max", "min") and len(args) > 2:
            value = args[0]
            for arg in args[1:]:
                value = self._builder.apply(op.name, (value, arg))
            return value
        self._check_count(name, op.arity, len(args))
        return self._builder.apply(op.name, args)

    def _check_count(self, name: str, arity: int, given: int) -> None:
        if given != arity:
            raise InputError(
                f"'{name}' takes {arity} argument{'s'[: int(arity > 1)]}, not {given}, in "
                f"'{_short(self._text)}'"
            )

    def _piecewise(self, arguments: list[ast.expr]) -> T:
        """sympy's ``Piecewise((value, condition), ..., (value, True))`` as nested selects."""
        pairs = [a.elts for a in arguments if isinstance(a, ast.Tuple) and len(a.elts) == 2]
        complete = len(pairs) == len(arguments) > 0 and self._is_true(pairs[-1][1])
        if not complete:
            raise InputError(
                f"a Piecewise in '{_short(self._text)}' does not say what holds otherwise: end it with "
                "(value, True)"
            )
        result = self.read(pairs[-1][0])
        for value, condition in reversed(pairs[:-1]):
            result = self._builder.apply("select", (self.read(condition), self.read(value), result))
        return result

    def _is_true(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and self._names[int(node.id[1:])] == "True"

"""Operators, defined once: how each tool spells them and what they mean in hardware."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from sr2hls.errors import InputError


class Hardware(StrEnum):
    """How an operator becomes hardware."""

    EXACT = "exact"
    """By an exact integer rule: adders, multipliers, comparators, shifts."""
    TABLE = "table"
    """By a lookup table over the bits of its argument."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator and how every tool spells it.

    Attributes:
        name: name used in formulas and cost tables, e.g. ``+`` or ``sin``.
        arity: number of arguments.
        hardware: whether it is lowered by an exact rule or by a table.
        sympy: name of the sympy function or class; empty for infix operators and for the user's own.
        numpy: name in numpy (or scipy.special after a dot).
        torch: name in torch.
        julia: name in Julia; PySR makes ``log``, ``sqrt`` and ``^`` safe by itself.
        operon: name of the pyoperon node type; ``None`` where Operon has none.
        expansion: operators that it is made of, for tables without it (``cos`` is a shifted ``sin``).
        parameters: names of the arguments in ``definition`` and ``julia_definition``.
        definition: formula of a user's own operator, e.g. ``1/(1.5 + x**2)``; empty for the built-in ones.
        julia_definition: Julia code of a user's own operator; generated from ``definition`` if empty.
    """

    name: str
    arity: int
    hardware: Hardware
    sympy: str = ""
    numpy: str = ""
    torch: str = ""
    julia: str = ""
    operon: str | None = None
    expansion: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    definition: str = ""
    julia_definition: str = ""

    @property
    def is_custom(self) -> bool:
        """Whether the operator is the user's own."""
        return bool(self.definition)


def _unary(name: str, operon: str | None = None, **more: object) -> Operator:
    spelled = {"sympy": name, "numpy": name, "torch": name, "julia": name, **more}
    return Operator(name, 1, Hardware.TABLE, operon=operon, **spelled)  # type: ignore[arg-type]


_BUILTIN: tuple[Operator, ...] = (
    Operator("+", 2, Hardware.EXACT, "Add", "add", "add", "+", "Add"),
    Operator("-", 2, Hardware.EXACT, "", "subtract", "sub", "-", "Sub"),
    Operator("*", 2, Hardware.EXACT, "Mul", "multiply", "mul", "*", "Mul"),
    Operator("/", 2, Hardware.EXACT, "", "divide", "div", "/", "Div"),
    Operator("^", 2, Hardware.TABLE, "Pow", "power", "pow", "^", "Pow"),
    Operator("neg", 1, Hardware.EXACT, "", "negative", "neg", "neg", None, ("-",)),
    Operator("square", 1, Hardware.EXACT, "", "square", "square", "square", "Square", ("*",)),
    Operator("cube", 1, Hardware.EXACT, "", "", "", "cube", None, ("*", "*")),
    Operator("inv", 1, Hardware.TABLE, "", "reciprocal", "reciprocal", "inv", None, ("/",)),
    Operator("abs", 1, Hardware.EXACT, "Abs", "abs", "abs", "abs", "Abs", ("-",)),
    Operator("sign", 1, Hardware.EXACT, "sign", "sign", "sign", "sign", None, ("-",)),
    Operator("floor", 1, Hardware.EXACT, "floor", "floor", "floor", "floor", "Floor", ("-",)),
    Operator("ceil", 1, Hardware.EXACT, "ceiling", "ceil", "ceil", "ceil", "Ceil", ("-",)),
    Operator("max", 2, Hardware.EXACT, "Max", "maximum", "maximum", "max", "Fmax", ("-", "select")),
    Operator("min", 2, Hardware.EXACT, "Min", "minimum", "minimum", "min", "Fmin", ("-", "select")),
    Operator("<", 2, Hardware.EXACT, "StrictLessThan", "less", "lt", "less", None, ("-",)),
    Operator("<=", 2, Hardware.EXACT, "LessThan", "less_equal", "le", "less_equal", None, ("-",)),
    Operator(">", 2, Hardware.EXACT, "StrictGreaterThan", "greater", "gt", "greater", None, ("-",)),
    Operator(">=", 2, Hardware.EXACT, "GreaterThan", "greater_equal", "ge", "greater_equal", None, ("-",)),
    Operator("select", 3, Hardware.EXACT, "", "where", "where", "ifelse", None, ("-",)),
    _unary("sqrt", "Sqrt"),
    _unary("cbrt", "Cbrt", torch="", expansion=("^",)),
    _unary("exp", "Exp"),
    _unary("log", "Log"),
    _unary("log2", None, sympy="", expansion=("log",)),
    _unary("log10", None, sympy="", expansion=("log",)),
    _unary("log1p", "Log1p", sympy="", expansion=("+", "log")),
    _unary("sin", "Sin"),
    _unary("cos", "Cos", expansion=("+", "sin")),
    _unary("tan", "Tan"),
    _unary("asin", "Asin", numpy="arcsin"),
    _unary("acos", "Acos", numpy="arccos"),
    _unary("atan", "Atan", numpy="arctan"),
    _unary("sinh", "Sinh"),
    _unary("cosh", "Cosh"),
    _unary("tanh", "Tanh"),
    _unary("asinh", None, numpy="arcsinh"),
    _unary("acosh", None, numpy="arccosh"),
    _unary("atanh", None, numpy="arctanh"),
    _unary("erf", None, numpy="scipy.special.erf"),
    _unary("sigmoid", None, sympy="", numpy="scipy.special.expit", expansion=("exp", "+", "/")),
    _unary("relu", None, sympy="", numpy="", expansion=("max",)),
)

_SPELLINGS: dict[str, str] = {
    "+": "plus add",
    "-": "sub subtract",
    "*": "mult mul",
    "/": "div divide",
    "^": "pow ** pow_abs powabs safe_pow Pow",
    "log": "log_abs logabs safe_log ln",
    "log2": "safe_log2",
    "log10": "safe_log10",
    "log1p": "safe_log1p",
    "sqrt": "sqrt_abs sqrtabs safe_sqrt",
    "asin": "safe_asin arcsin",
    "acos": "safe_acos arccos",
    "acosh": "safe_acosh",
    "atanh": "safe_atanh",
    "abs": "Abs",
    "max": "Max fmax",
    "min": "Min fmin",
    "ceil": "ceiling",
    "atan": "arctan",
    "sigmoid": "expit",
}
_ALIASES: Mapping[str, str] = MappingProxyType(
    {alias: name for name, aliases in _SPELLINGS.items() for alias in aliases.split()}
)


@dataclass(frozen=True, slots=True)
class Operators:
    """The operators that formulas may use, by name. Immutable; `extend` gives a larger set."""

    entries: Mapping[str, Operator] = field(default_factory=lambda: {o.name: o for o in _BUILTIN})

    def __iter__(self) -> Iterator[Operator]:
        return iter(self.entries.values())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.canonical(name) in self.entries

    def canonical(self, name: str) -> str:
        """Return the name that formulas and tables use for ``name`` (``pow_abs`` is ``^``)."""
        return name if name in self.entries else _ALIASES.get(name, name)

    def __getitem__(self, name: str) -> Operator:
        key = self.canonical(name)
        if key not in self.entries:
            near = difflib.get_close_matches(name, self.entries, n=1)
            hint = f" (did you mean '{near[0]}'?)" if near else ""
            raise InputError(
                f"unknown operator '{name}'{hint}: define it in an operator file, e.g. "
                f'[operators.{name}] parameters = ["x"], definition = "1/(1 + x**2)"'
            )
        return self.entries[key]

    def extend(self, more: Iterable[Operator]) -> "Operators":
        """Return these operators and ``more``.

        Raises:
            InputError: a built-in operator would be redefined, or definitions lead in a circle or grow beyond
                all bounds.
        """
        entries = dict(self.entries)
        for op in more:
            if self.canonical(op.name) in entries and entries[self.canonical(op.name)] != op:
                raise InputError(f"operator '{op.name}' exists already: give your own another name")
            entries[op.name] = op
        _refuse_endless([op for op in entries.values() if op.is_custom])
        return Operators(MappingProxyType(entries))

    @property
    def custom(self) -> tuple[Operator, ...]:
        """The user's own operators."""
        return tuple(op for op in self if op.is_custom)


_LARGEST_DEFINITION = 10_000
"""Calls that a definition may come to once those that it uses are put in."""


def _refuse_endless(operators: list[Operator]) -> None:
    """Refuse definitions that use themselves, or double each other until nothing can hold them."""
    known = {op.name: op for op in operators}
    sizes: dict[str, int] = {}

    def size(name: str, above: tuple[str, ...]) -> int:
        if name in above:
            circle = " -> ".join([*above[above.index(name) :], name])
            raise InputError(f"operator '{name}' is defined by itself ({circle}): define it without")
        if name not in sizes:
            calls = re.findall(r"([^\W\d]\w*)\s*\(", known[name].definition)
            below = sum(size(c, (*above, name)) for c in calls if c in known)
            sizes[name] = 1 + below
        if sizes[name] > _LARGEST_DEFINITION:
            raise InputError(
                f"operator '{name}' comes to more than {_LARGEST_DEFINITION:,} calls of others once all "
                "definitions are put in: write it more simply"
            )
        return sizes[name]

    for name in known:
        size(name, ())

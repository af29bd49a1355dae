"""Formulas as a torch module whose constants can be trained together, on whatever the design is for."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce

import numpy as np
import sympy as sp
import torch
from torch import Tensor, nn

from sr2hls.arrays import FloatArray
from sr2hls.errors import LoweringError

Loss = Callable[[Tensor], Tensor]
"""Outputs, shape (samples, outputs), to a scalar."""

_UNARY: dict[type[sp.Basic], Callable[[Tensor], Tensor]] = {
    sp.sin: torch.sin,
    sp.cos: torch.cos,
    sp.tan: torch.tan,
    sp.asin: torch.asin,
    sp.acos: torch.acos,
    sp.atan: torch.atan,
    sp.sinh: torch.sinh,
    sp.cosh: torch.cosh,
    sp.tanh: torch.tanh,
    sp.asinh: torch.asinh,
    sp.exp: torch.exp,
    sp.log: torch.log,
    sp.erf: torch.erf,
    sp.Abs: torch.abs,
    sp.sign: torch.sign,
}


class FormulaModule(nn.Module):
    """Several formulas over common inputs; every constant but exponents and factors of ±1 is a parameter.

    Args:
        formulas: one for each output.
        inputs: names of the columns of the input.

    Raises:
        LoweringError: a formula has a construct that has no gradient here.
    """

    def __init__(self, formulas: Sequence[sp.Expr], inputs: Sequence[str]) -> None:
        super().__init__()
        self._columns = {name: k for k, name in enumerate(inputs)}
        self._symbols: list[sp.Symbol] = []
        initial: list[float] = []
        self._templates = [self._with_symbols(sp.sympify(f), initial) for f in formulas]
        self.constants = nn.Parameter(torch.tensor(initial, dtype=torch.float64))
        self._check()

    def forward(self, X: Tensor) -> Tensor:
        """Return the outputs, shape (samples, outputs), for inputs, shape (samples, inputs)."""
        known: dict[sp.Basic, Tensor] = {s: self.constants[k] for k, s in enumerate(self._symbols)}
        known |= {sp.Symbol(name): X[:, k] for name, k in self._columns.items()}
        columns = [_evaluate(template, known) for template in self._templates]
        return torch.stack([c.expand(len(X)) for c in columns], dim=1)

    def formulas(self) -> list[sp.Expr]:
        """Return the formulas with the constants that the module has now."""
        values = self.constants.detach().tolist()
        replacement = {s: sp.Float(v) for s, v in zip(self._symbols, values, strict=True)}
        return [template.xreplace(replacement) for template in self._templates]

    def _with_symbols(self, expr: sp.Expr, initial: list[float]) -> sp.Expr:
        """Replace constants by symbols of their own, in place."""
        if expr.is_number:
            if not expr.is_real:
                return expr
            initial.append(float(expr))
            self._symbols.append(sp.Dummy(f"c{len(initial)}", real=True))
            return self._symbols[-1]
        if expr.is_Symbol:
            return expr
        if isinstance(expr, sp.Pow) and expr.exp.is_number:
            return sp.Pow(self._with_symbols(expr.base, initial), expr.exp, evaluate=False)
        # A factor of ±1 is a sign, not a constant that somebody fitted.
        sign = isinstance(expr, sp.Mul)
        args = [a if sign and a in (1, -1) else self._with_symbols(a, initial) for a in expr.args]
        return expr.func(*args, evaluate=False)

    def _check(self) -> None:
        for template in self._templates:
            for part in sp.preorder_traversal(template):
                if not isinstance(part, sp.Add | sp.Mul | sp.Pow | sp.Symbol | sp.Number) and (
                    type(part) not in _UNARY and not isinstance(part, sp.Max | sp.Min | sp.NumberSymbol)
                ):
                    raise LoweringError(
                        f"'{part}' ({type(part).__name__}) cannot be trained: refine formulas of + - * / "
                        "powers, elementary functions, Abs, Min and Max"
                    )


def _evaluate(expr: sp.Basic, known: dict[sp.Basic, Tensor]) -> Tensor:
    if expr not in known:
        if expr.is_number:
            known[expr] = torch.tensor(float(expr), dtype=torch.float64)
        else:
            args = [_evaluate(a, known) for a in expr.args]
            known[expr] = _apply(expr, args)
    return known[expr]


def _apply(expr: sp.Basic, args: list[Tensor]) -> Tensor:
    if isinstance(expr, sp.Add):
        return reduce(torch.add, args)
    if isinstance(expr, sp.Mul):
        return reduce(torch.mul, args)
    if isinstance(expr, sp.Pow):
        if expr.exp == 2:
            return args[0] * args[0]
        return torch.pow(args[0], args[1])
    if isinstance(expr, sp.Max | sp.Min):
        pick = torch.maximum if isinstance(expr, sp.Max) else torch.minimum
        return reduce(pick, args)
    return _UNARY[type(expr)](args[0])


def refine_constants(
    formulas: Mapping[str, sp.Expr],
    inputs: Sequence[str],
    X: FloatArray,
    loss: Loss,
    *,
    steps: int = 200,
    learning_rate: float = 0.01,
) -> dict[str, sp.Expr]:
    """Return the formulas with constants that lessen a loss of all outputs together.

    The constants with the least loss on the way are kept, so that the result is never worse.

    Args:
        formulas: output name to formula.
        inputs: names of the columns of ``X``.
        X: inputs, shape (samples, inputs).
        loss: see `Loss`.
        steps: of Adam, whose rate decays along a cosine.
        learning_rate: relative to the size of each constant (at least 0.1).

    Raises:
        LoweringError: a formula cannot be trained.
    """
    module = FormulaModule(list(formulas.values()), inputs)
    if not len(module.constants):
        return dict(formulas)
    # A step in units of each constant's own size, so that 0.01 and 50 move alike.
    start = module.constants.detach().clone()
    size = start.abs().clamp(min=0.1)
    change = torch.zeros_like(start, requires_grad=True)
    optimiser = torch.optim.Adam([change], lr=learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    data = torch.from_numpy(np.asarray(X, dtype=np.float64))
    best, best_constants = math.inf, start
    for _ in range(steps):
        optimiser.zero_grad()
        constants = start + size * change
        value = loss(torch.func.functional_call(module, {"constants": constants}, (data,)))
        reached = float(value.detach())
        if reached < best:
            best, best_constants = reached, constants.detach().clone()
        value.backward()  # type: ignore[no-untyped-call]
        assert change.grad is not None
        # A constant whose gradient overflows (inside of a saturated exponential, say) stays where it is.
        change.grad.nan_to_num_(0.0, 0.0, 0.0)
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        module.constants.copy_(best_constants)
    return dict(zip(formulas, module.formulas(), strict=True))

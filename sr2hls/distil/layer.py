"""A formula in the place of a submodule, with constants that can be trained."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy as sp
import torch
from torch import Tensor, nn

from sr2hls.distil.arguments import rows_of
from sr2hls.distil.recording import Features
from sr2hls.errors import InputError
from sr2hls.search.expressions import exact_number
from sr2hls.search.names import safe_names, with_names
from sr2hls.search.train_constants import FormulaModule


class FormulaLayer(nn.Module):
    """Formulas over x0, x1, ... as a module that is called as the one it replaces.

    Every constant but exponents and factors of ±1 is a parameter; `formulas` gives them as they are now.

    Args:
        formulas: one for each output.
        n_inputs: number of variables, x0 to x(n-1).
        squeezed: return outputs without an axis of their own; for one formula.
        features: what makes the variables from the arguments, as in `sr2hls.distil.recording`.

    Raises:
        InputError: a formula uses another variable.
        LoweringError: a formula has a construct without a gradient.
    """

    def __init__(
        self,
        formulas: Sequence[sp.Expr],
        n_inputs: int,
        *,
        squeezed: bool = False,
        features: Features | None = None,
    ) -> None:
        super().__init__()
        names = safe_names(n_inputs)
        for formula in formulas:
            unknown = sorted(str(s) for s in sp.sympify(formula).free_symbols if str(s) not in names)
            if unknown:
                raise InputError(
                    f"the formula uses '{unknown[0]}', the module's inputs are {', '.join(names)}"
                )
        if squeezed and len(formulas) != 1:
            raise InputError(f"{len(formulas)} formulas cannot be squeezed into one output")
        self.n_inputs = n_inputs
        self.squeezed = squeezed
        self.features = features
        self._initial = tuple(sp.sympify(f) for f in formulas)
        self.module = FormulaModule(self._initial, names)
        self._start = self.module.constants.detach().double().clone()

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        """Return the outputs, shape (..., outputs), or (...,) where squeezed.

        Raises:
            InputError: the number of columns is not that of the inputs.
        """
        rows, leading = rows_of((*args, *kwargs.values()))
        if self.features is not None:
            rows = self.features(rows)
        if rows.shape[1] != self.n_inputs:
            raise InputError(f"{rows.shape[1]} columns for a formula of {self.n_inputs} inputs")
        values: Tensor = self.module(rows).to(rows.dtype)
        return values.reshape(leading if self.squeezed else (*leading, values.shape[1]))

    @property
    def constants(self) -> nn.Parameter:
        """The trainable constants, in order of appearance."""
        return self.module.constants

    def formulas(self, names: Sequence[str] | None = None) -> tuple[sp.Expr, ...]:
        """Return the formulas with the present constants, over x0, x1, ... or the names given."""
        values = self.module.constants.detach().double()
        # Constants that nobody trained stay as exact as they came (π, 1/2).
        if torch.equal(values, self._start):
            found = list(self._initial)
        else:
            found = [
                f.xreplace({c: exact_number(float(c)) for c in f.atoms(sp.Float)})
                for f in self.module.formulas()
            ]
        return tuple(f if names is None else with_names(f, names) for f in found)

    def round_constants(self, step: float) -> tuple[sp.Expr, ...]:
        """Round every trainable constant to a multiple of a step, in place; return the formulas.

        Args:
            step: e.g. 0.01.

        Raises:
            InputError: the step is not positive.
        """
        if not step > 0:
            raise InputError(f"constants cannot be rounded to multiples of {step:g}: give a positive step")
        digits = max(0, int(np.ceil(-np.log10(step))) + 6)
        with torch.no_grad():
            values = self.module.constants.double()
            # round(): 3 * 0.01 is 0.03, not 0.03 + 1e-18 or so
            grid = [round(round(v / step) * step, digits) for v in values.tolist()]
            self.module.constants.copy_(torch.tensor(grid, dtype=torch.float64))
        return self.formulas()

"""PySR behind the protocol of search engines. Without Julia it refuses: nothing is downloaded unasked."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from sr2hls.costs import CostModel, Operators, describe
from sr2hls.errors import InputError, ToolError, UnsafeFileError
from sr2hls.search.base import (
    Candidate,
    Front,
    Frontier,
    Progress,
    ProgressCallback,
    SearchOptions,
    checked_data,
    output_names,
)
from sr2hls.search.expressions import expr_from_text
from sr2hls.search.front import Scalar
from sr2hls.search.halloffame import read_rows
from sr2hls.search.julia import julia_status, pysr_signature
from sr2hls.search.names import checked_names
from sr2hls.search.objective import objective_for
from sr2hls.search.polish import Polisher
from sr2hls.search.pysr_kwargs import PySRCall, PySRSettings, Template, pysr_call
from sr2hls.search.pysr_template import compose_template, is_template

__all__ = ["PySREngine", "PySRSettings"]


@dataclass(slots=True)
class PySREngine:
    """PySR.

    Attributes:
        settings: PySR's own settings.
        polish: refit, simplify and snap what PySR finds; else it is kept as PySR wrote it.
        model: PySR's regressor of the last search, for ``warm_start`` and for PySR's own plots and exports.
    """

    settings: PySRSettings = field(default_factory=PySRSettings)
    polish: bool = True
    model: Any = None
    name: str = "pysr"

    @property
    def fingerprint(self) -> str:
        """Changes with every setting, not with the regressor of an earlier search."""
        return f"pysr {self.settings!r} polish={self.polish}"

    def search(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        cost: CostModel,
        options: SearchOptions,
        seed: int = 0,
        time_limit: float | None = None,
        progress: ProgressCallback | None = None,
    ) -> Frontier:
        """See `sr2hls.search.base.Engine.search`.

        Raises:
            InputError: data, options or keyword arguments cannot be used.
            ToolError: PySR or Julia is not installed.
        """
        inputs, outputs = checked_data(X, y)
        names = checked_names(options.input_names, inputs.shape[1])
        out = output_names(options.output_names, outputs.shape[1])
        signature = pysr_signature()
        with tempfile.TemporaryDirectory(prefix="sr2hls_pysr_") as scratch:
            call = pysr_call(
                cost,
                options,
                self.settings,
                signature,
                features=inputs.shape[1],
                seed=seed,
                time_limit=time_limit,
            )
            run_id = str(call.keyword.get("run_id", f"seed{seed}_{time.time_ns()}"))
            directory = str(call.keyword.get("output_directory", scratch))
            keyword = {
                **call.keyword,
                "run_id": run_id,
                "output_directory": directory,
                "temp_equation_file": False,
            }
            if progress is not None:
                progress(Progress(out[0], 0.0, float("nan"), "PySR starts Julia"))
            notes = self._run(keyword, call, inputs, outputs)
            rows = _rows(Path(directory) / run_id, len(out))
        fronts = []
        for k, name in enumerate(out):
            polisher = Polisher(
                inputs,
                objective_for(outputs[:, k], options.loss),
                cost,
                options.latency,
                options.definitions,
            )
            details: dict[str, Scalar] = {"seed": seed, "pysr": signature.version}
            fronts.append(self._front(polisher, name, rows[k], call.unit, details))
            if progress is not None:
                best = min((c.loss for c in fronts[-1].candidates), default=float("nan"))
                progress(Progress(name, (k + 1) / len(out), best, "PySR"))
        return Frontier(tuple(fronts), names, describe(cost), notes)

    def _run(
        self, keyword: Mapping[str, Any], call: PySRCall, X: NDArray[np.float64], Y: NDArray[np.float64]
    ) -> tuple[str, ...]:
        """Run PySR; Ctrl-C ends it, and what its files hold until then is kept."""
        regressor_type = _import_pysr()
        if self.settings.template is not None:
            keyword = {**keyword, "expression_spec": _template_spec(self.settings.template)}
        model = self.model if self.settings.warm_start and self.model is not None else None
        if model is not None:
            model.set_params(**keyword)
        elif self.settings.resume_from is not None:
            if not self.settings.trust_pickle:
                raise UnsafeFileError(
                    f"resuming from {self.settings.resume_from} unpickles PySR's checkpoint, which can run "
                    "code: set trust_pickle if you made it yourself"
                )
            model = regressor_type.from_file(run_directory=self.settings.resume_from)
            model.set_params(**keyword)
        else:
            model = regressor_type(**keyword)
        self.model = model
        try:
            model.fit(X, Y[:, 0] if Y.shape[1] == 1 else Y, **call.fit)
        except KeyboardInterrupt:
            return ("interrupted, the best so far is kept",)
        return ()

    def _front(
        self,
        polisher: Polisher,
        name: str,
        rows: Sequence[tuple[float, float, str]],
        unit: float,
        details: dict[str, Scalar],
    ) -> Front:
        candidates: list[Candidate] = []
        for complexity, loss, equation in rows:
            expr = self._formula(equation, polisher.operators)
            source = {**details, "complexity": complexity, "unit": unit, "pysr_loss": loss}
            if self.polish:
                candidates += polisher.polish(expr, "pysr", source)
            else:
                candidates.append(polisher.score(expr, loss, "pysr", source))
        return polisher.front(name, candidates)

    def _formula(self, equation: str, operators: Operators) -> sympy.Expr:
        if not is_template(equation):
            return expr_from_text(equation, operators)
        spec = self.settings.template or self.settings.keyword.get("expression_spec")
        combine = getattr(spec, "combine", None)
        if not isinstance(combine, str):
            raise InputError(
                f"'{equation}' is a row of a template: give its TemplateExpressionSpec as expression_spec"
            )
        return compose_template(equation, combine, operators)


def _import_pysr() -> Any:
    status = julia_status()
    if not status.ready:
        raise ToolError(
            f"{status.reason}: run 'sr2hls doctor --install-julia', which downloads Julia, or use the "
            "engine 'operon'"
        )
    from pysr import PySRRegressor  # importing it starts Julia

    return PySRRegressor


def _template_spec(template: Template) -> Any:
    from pysr import TemplateExpressionSpec

    return TemplateExpressionSpec(**template.arguments())


def _rows(directory: Path, outputs: int) -> list[list[tuple[float, float, str]]]:
    """Rows of each output's hall of fame in a run directory."""
    names = (
        ["hall_of_fame.csv"] if outputs == 1 else [f"hall_of_fame_output{k + 1}.csv" for k in range(outputs)]
    )
    found = []
    for name in names:
        path = directory / name
        if not path.is_file():
            raise InputError(
                f"PySR wrote no {name}: its front is empty, raise maxsize (it counts in units of complexity) "
                "or the time"
            )
        found.append([(row.complexity, row.loss, row.equation) for row in read_rows(path)])
    return found

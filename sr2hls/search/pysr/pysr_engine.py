"""PySR behind the protocol of search engines. Without Julia it refuses: nothing is downloaded unasked."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.costs import CostModel, additive_cycles, describe, published_cycles
from sr2hls.errors import InputError, UnsafeFileError
from sr2hls.search.base import (
    ProgressCallback,
    SearchOptions,
    SearchProgress,
    checked_data,
    checked_weights,
    output_names,
)
from sr2hls.search.custom import with_definitions
from sr2hls.search.front import Frontier
from sr2hls.search.halloffame import Row
from sr2hls.search.names import checked_names
from sr2hls.search.pysr.call import PySRCall, pysr_call
from sr2hls.search.pysr.fronts import Found, fronts_of
from sr2hls.search.pysr.hall import least_losses, rows_of_run
from sr2hls.search.pysr.julia import checked_julia
from sr2hls.search.pysr.process import Ended, run_child
from sr2hls.search.pysr.request import write_fit
from sr2hls.search.pysr.said import check_found, notes_of
from sr2hls.search.pysr.settings import PySRSettings
from sr2hls.search.pysr.signature import pysr_signature
from sr2hls.search.search_objective import Loss, objective_for

_START_S = 900.0
"""Julia compiles its packages the first time, for some minutes."""
_POLISH_SHARE, _POLISH_S = 0.15, 5.0
"""What is kept of a time limit for polishing: this share of it, at most so many seconds."""
_LAST_POLISH_S = 2.0


@dataclass(slots=True)
class PySREngine:
    """PySR, in a process of its own.

    Attributes:
        settings: PySR's own settings.
        complexity: what PySR is told that formulas cost; by default the clock cycles of the published table,
            or the ``cost`` of a search one of whose operators that table lacks.
        polish: refit, simplify and snap what PySR finds; else it is kept as PySR wrote it.
        last_run: run directory of the last search, for ``warm_start``.
    """

    settings: PySRSettings = field(default_factory=PySRSettings)
    complexity: CostModel | None = None
    polish: bool = True
    last_run: Path | None = None
    name: str = "pysr"

    @property
    def fingerprint(self) -> str:
        """Changes with every setting and with what PySR is told that formulas cost, not with its last run."""
        told = None if self.complexity is None else describe(self.complexity)
        return f"pysr {self.settings!r} complexity={told!r} polish={self.polish}"

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
        weights: ArrayLike | None = None,
    ) -> Frontier:
        """See `sr2hls.search.base.Engine.search`. The time limit does not count the start of Julia.

        Args:
            X: inputs, shape (n, f).
            y: outputs, shape (n,) or (n, k).
            cost: scores what is found; what PySR counts is `complexity`.
            options: operators, sizes, names.
            seed: of PySR and of the rows it sees.
            time_limit: seconds for all outputs together.
            progress: called with what the hall of fame on disk holds; Ctrl-C keeps the best so far.
            weights: what each row's squared error counts, positive, shape of y.

        Raises:
            InputError: data, options or keyword arguments cannot be used.
            ToolError: PySR or Julia is not installed, fails, or finds nothing in its time.
        """
        inputs, outputs = checked_data(X, y)
        weighted = checked_weights(self.settings.fit.get("weights") if weights is None else weights, outputs)
        names = checked_names(options.input_names, inputs.shape[1])
        out = output_names(options.output_names, outputs.shape[1])
        call = pysr_call(
            self.complexity or _told(cost, options),
            _with_loss(options, outputs),
            self.settings,
            pysr_signature(),
            features=inputs.shape[1],
            seed=seed,
            time_limit=None if time_limit is None else time_limit - _reserve(time_limit),
            weighted=weighted is not None,
        )
        resumed = self._resumed()
        checked_julia()
        keep = _rows_seen(len(inputs), call.budget.max_rows, seed)
        data = _data(inputs[keep], outputs[keep], None if weighted is None else weighted[keep])
        with tempfile.TemporaryDirectory(prefix="sr2hls_pysr_") as scratch:
            run = resumed or self._new_run(call, Path(scratch), seed)
            earlier = rows_of_run(run, len(out)) if resumed else ((),) * len(out)
            write_fit(
                Path(scratch),
                keyword={**call.keyword, "run_id": run.name, "output_directory": str(run.parent)},
                fit={k: v for k, v in call.fit.items() if k != "weights"},
                data=data,
                operators=options.definitions,
                used=options.operators,
                resume_from=resumed,
            )
            if progress is not None:
                progress(SearchProgress(out[0], 0.0, float("nan"), "PySR starts Julia"))
            outcome = run_child(
                Path(scratch),
                time_limit=call.keyword.get("timeout_in_seconds"),
                start_limit=_START_S,
                on_look=None if progress is None else _reporter(progress, run, out, time_limit),
            )
            rows = _merged(earlier, rows_of_run(run, len(out)))
        self.last_run = run if self.settings.output_directory is not None or resumed else None
        check_found(outcome, rows, call, bool(resumed))
        remaining = 0.0 if time_limit is None else time_limit - outcome.fit_s
        deadline = time.monotonic() + max(_LAST_POLISH_S, remaining)
        found = Found(
            inputs,
            outputs,
            weighted,
            rows,
            {"seed": seed, "pysr": outcome.versions.get("pysr", ""), "unit": call.told.step},
            None if time_limit is None and outcome.ended is not Ended.INTERRUPTED else deadline,
            self._combine(),
        )
        fronts, more = fronts_of(found, out, cost, options, self.polish)
        if progress is not None:
            for front in fronts:
                best = min((c.loss for c in front.candidates), default=float("nan"))
                progress(SearchProgress(front.output, 1.0, best, "PySR"))
        notes = (*notes_of(outcome, call, len(keep), len(inputs)), *more)
        return Frontier(fronts, names, describe(cost), notes, {"pysr": call.told.to_dict()})

    def _resumed(self) -> Path | None:
        """Return the run directory to go on from.

        Raises:
            UnsafeFileError: its checkpoint is not this object's own, and nobody said that it may be trusted.
        """
        if self.settings.warm_start and self.last_run is not None:
            return self.last_run
        if self.settings.resume_from is None:
            return None
        run = Path(self.settings.resume_from).absolute()
        if not self.settings.trust_pickle:
            raise UnsafeFileError(
                f"resuming from {self.settings.resume_from} unpickles PySR's checkpoint, which can run "
                "code: set trust_pickle if you made it yourself"
            )
        if not (run / "checkpoint.pkl").is_file():
            raise InputError(
                f"'{self.settings.resume_from}' has no checkpoint.pkl: give a run directory of PySR"
            )
        return run

    def _new_run(self, call: PySRCall, scratch: Path, seed: int) -> Path:
        directory = self.settings.output_directory or call.keyword.get("output_directory", scratch)
        run_id = self.settings.run_id or call.keyword.get("run_id", f"seed{seed}_{time.time_ns()}")
        return Path(directory).absolute() / str(run_id)

    def _combine(self) -> str | None:
        """Return the code of the template, by which its rows are put together."""
        spec = self.settings.keyword.get("expression_spec")
        combine = spec.get("combine") if isinstance(spec, dict) else None
        return combine if isinstance(combine, str) else None


def _told(cost: CostModel, options: SearchOptions) -> CostModel:
    table = published_cycles(operators=options.definitions)
    if any(table.get(name) is None and not options.definitions[name].is_custom for name in options.operators):
        return cost
    return additive_cycles(with_definitions(table, options.definitions))


def _with_loss(options: SearchOptions, outputs: FloatArray) -> SearchOptions:
    """Resolve `Loss.AUTO`; PySR has one loss for all outputs, the relative one where all ask for it."""
    losses = {objective_for(y, options.loss).loss for y in outputs.T}
    return replace(options, loss=losses.pop() if len(losses) == 1 else Loss.MSE)


def _reserve(time_limit: float) -> float:
    return min(_POLISH_SHARE * time_limit, _POLISH_S)


def _rows_seen(rows: int, most: int, seed: int) -> IntArray:
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def _data(X: FloatArray, Y: FloatArray, weights: FloatArray | None) -> dict[str, FloatArray]:
    data = {"X": X, "y": Y} | ({} if weights is None else {"weights": weights})
    # PySR takes one output, and its weights, as a vector.
    return {name: a[:, 0] if name != "X" and Y.shape[1] == 1 else a for name, a in data.items()}


def _merged(
    earlier: tuple[tuple[Row, ...], ...], later: tuple[tuple[Row, ...], ...]
) -> tuple[tuple[Row, ...], ...]:
    return tuple(
        tuple({row.equation: row for row in (*a, *b)}.values()) for a, b in zip(earlier, later, strict=True)
    )


def _reporter(
    progress: ProgressCallback, run: Path, out: tuple[str, ...], time_limit: float | None
) -> Callable[[float], None]:
    def report(seconds: float) -> None:
        # Without a limit PySR alone knows how far it is.
        fraction = 0.0 if time_limit is None else min(0.99, seconds / time_limit)
        for name, loss in zip(out, least_losses(run, len(out)), strict=True):
            progress(SearchProgress(name, fraction, loss, f"PySR, {seconds:.0f} s"))

    return report

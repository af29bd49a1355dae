"""From a named submodule to its formulas."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp
from sklearn.metrics import r2_score
from torch import nn

from sr2hls.costs import CostModel, node_count
from sr2hls.distil.choose_candidate import Choose, choose_from, elbow
from sr2hls.distil.layer import FormulaLayer
from sr2hls.distil.recording import Recording
from sr2hls.distil.submodule import replace_submodule
from sr2hls.errors import InputError
from sr2hls.search.auto import choose_engine
from sr2hls.search.base import Engine, ProgressCallback, SearchOptions
from sr2hls.search.expressions import evaluate_expr
from sr2hls.search.front import Candidate, Frontier
from sr2hls.search.names import with_names


@dataclass(frozen=True, slots=True, eq=False)
class Distilled:
    """The formulas that a search found for a submodule.

    Attributes:
        recording: rows that the search did not see; fidelities are measured on them.
        frontier: everything found, a front for each output searched.
        searched: which outputs of the submodule these are.
        chosen: the candidate taken for each of them.
        fidelity: R² of each chosen formula against the submodule, on ``recording``.
    """

    recording: Recording
    frontier: Frontier
    searched: tuple[int, ...]
    chosen: tuple[Candidate, ...]
    fidelity: tuple[float, ...]

    @property
    def formulas(self) -> tuple[sp.Expr, ...]:
        """The chosen formulas over x0, x1, ..."""
        return tuple(c.expr for c in self.chosen)

    @property
    def named(self) -> tuple[sp.Expr, ...]:
        """The chosen formulas over the user's names."""
        return tuple(with_names(f, self.frontier.input_names) for f in self.formulas)

    def choose(self, by: Choose, value: float | None = None) -> "Distilled":
        """Take other candidates, as in `sr2hls.search.Front.select` or by a function."""
        chosen = (by(f) if callable(by) else f.select(by, value) for f in self.frontier.fronts)
        return self.take(tuple(chosen))

    def take(self, candidates: Sequence[Candidate]) -> "Distilled":
        """Take these candidates, one for each output searched.

        Raises:
            InputError: there is not one candidate for each output.
        """
        if len(candidates) != len(self.searched):
            raise InputError(f"{len(candidates)} candidates for {len(self.searched)} outputs: give one each")
        chosen = tuple(candidates)
        return replace(self, chosen=chosen, fidelity=_fidelity(self.recording, self.searched, chosen))

    def layer(self) -> FormulaLayer:
        """The formulas as a module that can stand in the submodule's place.

        An output that was not searched is the constant that it is on average.
        """
        formulas = [sp.Float(float(m)) for m in self.recording.Y.mean(axis=0)]
        for k, formula in zip(self.searched, self.formulas, strict=True):
            formulas[k] = formula
        r = self.recording
        return FormulaLayer(formulas, r.X.shape[1], squeezed=r.squeezed, features=r.features)

    def put_back(self, model: nn.Module) -> FormulaLayer:
        """Put the formulas in the place of the submodule; return the new module.

        Raises:
            InputError: the model has no such submodule any more.
        """
        layer = self.layer()
        replace_submodule(model, self.recording.module, layer)
        return layer


def distil(
    recording: Recording,
    *,
    outputs: Sequence[int] | None = None,
    engine: Engine | None = None,
    options: SearchOptions | None = None,
    cost: CostModel | None = None,
    choose: Choose = elbow,
    max_rows: int = 2000,
    seed: int = 0,
    time_limit: float | None = None,
    progress: ProgressCallback | None = None,
) -> Distilled:
    """Search for formulas of recorded inputs and outputs.

    Args:
        recording: from `record`.
        outputs: which outputs to search, e.g. those that vary; by default all.
        engine: by default `choose_engine`'s ``auto``.
        options: operators, sizes, names.
        cost: by default the number of nodes; for hardware, `sr2hls.costs.area` or a target's clock cycles.
        choose: how one candidate is taken from each front.
        max_rows: rows drawn for the search, at most four fifths; the fidelity is measured on the others.
        seed: of the draw and of the search.
        time_limit: seconds for all outputs together.
        progress: called now and then; Ctrl-C keeps the best so far.

    Raises:
        InputError: see `sr2hls.search.base.Engine.search`; an output does not exist; too few rows.
    """
    if len(recording) < 5:
        raise InputError(f"'{recording.module}' was recorded on {len(recording)} rows: give more data")
    count = recording.Y.shape[1]
    searched = tuple(range(count)) if outputs is None else tuple(outputs)
    for k in searched:
        if not 0 <= k < count:
            raise InputError(f"output {k} of '{recording.module}' does not exist: it has {count}")
    seen, unseen = recording.split(min(0.8, max_rows / len(recording)), seed)
    options = options or SearchOptions()
    if options.output_names is None and len(searched) > 1:
        options = replace(options, output_names=tuple(f"y{k}" for k in searched))
    frontier = (engine or choose_engine()[0]).search(
        seen.X,
        seen.Y[:, list(searched)],
        cost=cost or node_count(options.definitions),
        options=options,
        seed=seed,
        time_limit=time_limit,
        progress=progress,
    )
    chosen = tuple(choose_from(f, choose) for f in frontier.fronts)
    return Distilled(unseen, frontier, searched, chosen, _fidelity(unseen, searched, chosen))


def _fidelity(
    recording: Recording, searched: tuple[int, ...], chosen: tuple[Candidate, ...]
) -> tuple[float, ...]:
    values = [np.broadcast_to(evaluate_expr(c.expr, recording.X), (len(recording),)) for c in chosen]
    outputs = np.stack(values, axis=1).astype(np.float64)
    truth = recording.Y[:, list(searched)]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = r2_score(truth, outputs, multioutput="raw_values", force_finite=False)
    return tuple(1.0 if np.isnan(r2) else float(r2) for r2 in found)  # NaN: a constant that is met

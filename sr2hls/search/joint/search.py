"""The joint search: from rows and a loss to a front of models over score, nodes and hardware."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.costs import CostModel, Operators
from sr2hls.errors import InputError
from sr2hls.search.apart import Send, messages_apart
from sr2hls.search.base import ProgressCallback, SearchProgress
from sr2hls.search.joint.dictionary import entries_of, mixed_entries, one_input_entries, user_entries
from sr2hls.search.joint.joint_front import (
    JointFront,
    Scored,
    Yardstick,
    estimate_luts,
    not_dominated,
    thin_out,
)
from sr2hls.search.joint.joint_model import MOST_INPUTS, JointModel
from sr2hls.search.joint.joint_state import InputColumns, JointState
from sr2hls.search.joint.loss import JointLoss
from sr2hls.search.joint.newton_refit import RIDGE, refit
from sr2hls.search.joint.numbers import MOST_DIGITS
from sr2hls.search.joint.price import Prices
from sr2hls.search.joint.proposals import Proposer
from sr2hls.search.joint.proposed import Proposed
from sr2hls.search.joint.readable import measure_readability
from sr2hls.search.joint.rounding import round_constants
from sr2hls.search.joint.scanner import Scanner
from sr2hls.search.joint.select_terms import SelectionPoint, SelectionSteps, TermSelection
from sr2hls.search.joint.template import Template
from sr2hls.search.names import safe_names

_FINAL_STEPS = 8


@dataclass(frozen=True, eq=False)
class JointData:
    """What the search sees.

    Attributes:
        X: inputs of the training rows, shape (rows, inputs).
        loss: on the training rows.
        validation_inputs: inputs of the validation rows, by which models are chosen.
        validation_loss: on the validation rows.
        score: outputs of the validation rows, shape (rows, outputs), to a score, the higher the better.
        bounds: least and largest value that each input can have, shape (inputs, 2); ``None``: those of the
            training rows.
    """

    X: FloatArray
    loss: JointLoss
    validation_inputs: FloatArray
    validation_loss: JointLoss
    score: Callable[[FloatArray], float]
    bounds: FloatArray | None = None

    def __post_init__(self) -> None:
        for name, X, loss in (
            ("training", self.X, self.loss),
            ("validation", self.validation_inputs, self.validation_loss),
        ):
            if X.ndim != 2 or len(X) != loss.shape[0]:
                raise InputError(
                    f"the {name} inputs have the shape {X.shape} for {loss.shape[0]} rows of the loss"
                )
            if not np.all(np.isfinite(X)):
                raise InputError(f"the {name} inputs have NaN or infinite values: remove these rows")


@dataclass(frozen=True, kw_only=True)
class JointOptions:
    """What the user decides.

    Attributes:
        max_nodes: no model is longer than about this.
        time_limit: seconds for the search, without the rounding at its end; ``None``: until ``max_nodes``.
        lut_price: nodes that a LUT is worth.
        hardware: cost model of the formulas as they stand, such as the published clock cycles.
        hardware_price: nodes that a unit of ``hardware`` is worth.
        proposers: engines that propose terms besides the dictionary.
        template: which inputs may come together; ``None``: all.
        start: model to start from.
        operators: the operators known; the user's own of one input become shapes.
        allowed: names of the operators that shapes may have; ``None``: all.
        most_inputs: inputs of a term, at most; ``None``: whole formulas may have terms of any number.
        digits: significant digits of a constant, at most; ``None``: all where none can be spared.
        rows: rows of the steps; the constants of the models that are kept are fitted to all rows.
        most_pairs: pairs of inputs looked at in a step.
        models: models that are finished, at most, of each beam.
        beams: the search is made once for each of these factors of ``lut_price``; the fronts are merged.
        jobs: processes for the beams.
        steps: how much is tried.
        yardstick: what the front's hardware costs are.
    """

    max_nodes: int = 200
    time_limit: float | None = None
    lut_price: float = 0.25
    hardware: CostModel | None = None
    hardware_price: float = 1.0
    proposers: tuple[Proposer, ...] = ()
    template: Template | None = None
    start: JointModel | None = None
    operators: Operators = field(default_factory=Operators)
    allowed: tuple[str, ...] | None = None
    most_inputs: int | None = MOST_INPUTS
    digits: int | None = MOST_DIGITS
    rows: int = 30_000
    most_pairs: int = 300
    models: int = 16
    beams: tuple[float, ...] = (1.0, 4.0)
    jobs: int = 1
    steps: SelectionSteps = field(default_factory=SelectionSteps)
    yardstick: Yardstick = field(default_factory=Yardstick)

    def __post_init__(self) -> None:
        if min(self.max_nodes, self.rows, self.models, self.most_pairs, self.jobs, len(self.beams)) < 1:
            raise InputError("all sizes of the joint search have to be at least 1")


def search_jointly(
    data: JointData, options: JointOptions, *, seed: int = 0, progress: ProgressCallback | None = None
) -> JointFront:
    """Search formulas of all outputs together.

    Ctrl-C ends the search; the models found until then are rounded and returned.

    Args:
        data: rows, losses and the score that models are judged by.
        options: what the user decides.
        seed: the same seed gives the same front, unless a time limit ends the search.
        progress: called after each step with the loss and the nodes so far.

    Raises:
        InputError: the data cannot be used.
    """
    beams: list[list[SelectionPoint]] = []
    interrupted = False
    try:
        if options.jobs > 1 and len(options.beams) > 1:
            _search_apart(beams, data, options, seed, progress)
        else:
            _search_in_turn(beams, data, options, seed, progress)
    except KeyboardInterrupt:
        interrupted = True
        if not any(beams):
            raise
    columns = InputColumns(data.X)
    best = [point for points in beams for point in _worth_finishing(points, options)]
    finished = [_finished(point, columns, data, options) for point in best]
    notes = ("the search was interrupted: the best so far is kept",) if interrupted else ()
    return JointFront(not_dominated(finished, hardware=options.hardware is not None), notes, interrupted)


def _search_in_turn(
    beams: list[list[SelectionPoint]],
    data: JointData,
    options: JointOptions,
    seed: int,
    progress: ProgressCallback | None,
) -> None:
    """Fill the list with the points of each beam."""
    began, told = time.monotonic(), _Teller(data)
    for index, beam in enumerate(options.beams):
        beams.append([])
        seconds = None
        if options.time_limit is not None:
            left = options.time_limit - (time.monotonic() - began)
            seconds = max(0.0, left) / (len(options.beams) - index)
        for point in _path(data, options, beam, seed, seconds):
            beams[-1].append(point)
            if progress is not None:
                share = (index + min(1.0, point.nodes / options.max_nodes)) / len(options.beams)
                progress(told(point, share))


def _search_apart(
    beams: list[list[SelectionPoint]],
    data: JointData,
    options: JointOptions,
    seed: int,
    progress: ProgressCallback | None,
) -> None:
    """The same in processes, one a beam; the score is not sent, it may be anything."""
    bare, told = replace(data, score=_no_score), _Teller(data)
    calls = [(bare, options, beam, seed, options.time_limit) for beam in options.beams]
    beams += [[] for _ in calls]
    with closing(messages_apart(_send_path, calls, options.jobs)) as found:
        for number, point in found:
            beams[number].append(point)
            if progress is not None:
                shares = [min(1.0, points[-1].nodes / options.max_nodes) for points in beams if points]
                progress(told(point, sum(shares) / len(beams)))


class _Teller:
    """What progress says of a model: terms, nodes, and the score on the validation rows."""

    def __init__(self, data: JointData) -> None:
        self._columns, self._score = InputColumns(data.validation_inputs), data.score

    def __call__(self, point: SelectionPoint, share: float) -> SearchProgress:
        score = self._score(self._columns.outputs(point.state))
        message = f"{len(point.state.links())} terms, {point.nodes} nodes, score {score:.4f}"
        return SearchProgress("all outputs", share, point.loss, message)


def _no_score(_: FloatArray) -> float:
    return float("nan")


def _send_path(send: Send, *call: Any) -> None:
    for point in _path(*call):
        send(point)


def _path(
    data: JointData, options: JointOptions, beam: float, seed: int, seconds: float | None
) -> Iterator[SelectionPoint]:
    began = time.monotonic()

    def on_time(share: float) -> bool:
        return seconds is None or time.monotonic() - began < share * seconds

    rows = np.arange(len(data.X))
    if len(rows) > options.rows:
        rows = np.sort(np.random.default_rng(seed).choice(len(rows), options.rows, replace=False))
    columns, loss = InputColumns(data.X[rows]), data.loss.part(rows)
    prices = Prices(beam * options.lut_price, options.hardware, options.hardware_price)
    template = options.template or Template.everything(data.X.shape[1])
    entries = (*one_input_entries(), *user_entries(options.operators))
    mixed = mixed_entries()
    if options.allowed is not None:
        entries, mixed = entries_of(options.allowed, options.operators)
    scanner = Scanner(columns, entries, mixed, template, prices, options.most_pairs, data.bounds)
    proposed = Proposed(options.proposers, columns, loss, template, options.most_inputs, seed)
    selection = TermSelection(columns, loss, scanner, prices, options.steps, proposed, seed, on_time)
    start = JointState.empty(loss.start()) if options.start is None else JointState.of(options.start)
    return selection.path(start, options.max_nodes)


def _worth_finishing(points: list[SelectionPoint], options: JointOptions) -> list[SelectionPoint]:
    """All whole formulas, which their engine has thinned out already, and some of the other models."""
    wholes = [point for point in points if point.exact is not None]
    return [*wholes, *thin_out([point for point in points if point.exact is None], options.models)]


def _finished(point: SelectionPoint, columns: InputColumns, data: JointData, options: JointOptions) -> Scored:
    """Fit a model to all rows, round its constants and measure it on the validation rows."""
    exact, ridge = point.exact, RIDGE if point.exact is None else 0.0
    fitted = refit(point.state, columns, data.loss, steps=_FINAL_STEPS, ridge=ridge, fixed=exact).state
    rounded = round_constants(fitted, columns, data.loss, digits=options.digits, exact=exact)
    model = rounded.state.model()
    outputs = model.predict(data.validation_inputs)
    names = safe_names(data.X.shape[1])
    formulas = model.formulas([f"y{k}" for k in range(len(model.bias))])
    cycles, path = options.yardstick.measure(model)
    return Scored(
        model,
        data.validation_loss.value(outputs),
        data.score(outputs),
        measure_readability(formulas, data.validation_inputs, names),
        estimate_luts(model),
        cycles,
        path,
        point.source,
    )

"""Forward, backward and swap steps: which terms each output has, for a falling price of a node.

At a price λ the search lowers loss + λ · cost. Terms are added while they gain more than they cost, removed
where they do not, and swapped for others; all constants are refitted after each step. Then the price falls.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from sr2hls.search.joint.gains import PER_OUTPUT, TermCandidate, rate_terms
from sr2hls.search.joint.joint_state import InputColumns, JointState
from sr2hls.search.joint.loss import JointLoss
from sr2hls.search.joint.newton_refit import Refit, assemble, loss_of, refit
from sr2hls.search.joint.price import Prices
from sr2hls.search.joint.proposed import Proposed
from sr2hls.search.joint.readable import MOST_CANCELLATION
from sr2hls.search.joint.scanner import Scanner
from sr2hls.search.joint.whole import WholeState

_HOPE = 0.3
"""Terms that gain this share of their cost by the quadratic model are tried: refitted constants add to it."""
_ASK_AGAIN = 0.3
"""When the price has fallen by this factor the engines are asked again."""
_ALONE = 0.25
"""Share of the time for the steps without proposers."""
_CANCELLING = 0.8 * MOST_CANCELLATION
"""Rounded constants and other rows may make a term somewhat larger."""
_LITTLE = 1e-3
"""The search ends when as many nodes as are allowed would lower the loss by less than this share."""
_BATCHES, _REFITTED = 4, 3
"""Batches of candidates that are tried for a step, and models of a batch that are fitted to all rows."""
_DOUBT = 2.0
"""Terms that are worth up to so many times their cost by the quadratic model are tried without."""


@dataclass(frozen=True, kw_only=True)
class SelectionSteps:
    """How much is tried.

    Attributes:
        factor: the price falls by this factor when no step helps any more.
        tried: candidates whose gain is worked out by a refit, in each step.
        trial_steps: Newton steps of such a refit.
        trial_rows: rows of such a refit.
        refit_steps: Newton steps after a step was taken.
        swaps: most swaps tried at a price.
        least_loss: the search ends at this share of the loss of constants.
        alone_first: proposers are asked only after all steps without them, if these do not reach that loss.
    """

    factor: float = 0.75
    tried: int = 8
    trial_steps: int = 2
    trial_rows: int = 8000
    refit_steps: int = 4
    swaps: int = 6
    least_loss: float = 1e-8
    alone_first: bool = False


@dataclass(frozen=True, eq=False)
class SelectionPoint:
    """A model that the search came by.

    Attributes:
        state: the model.
        loss: its loss on the rows of the search.
        cost: by the prices, in nodes.
        nodes: of its formulas, before common factors are taken out.
        exact: where it is a whole formula, which of its parameters are exact, shape (parameters,).
        source: who found it, where it is a whole formula.
    """

    state: JointState
    loss: float
    cost: float
    nodes: int
    exact: NDArray[np.bool_] | None = None
    source: str = ""


class TermSelection:
    """The search at work."""

    def __init__(
        self,
        data: InputColumns,
        loss: JointLoss,
        scanner: Scanner,
        prices: Prices,
        steps: SelectionSteps,
        proposed: Proposed,
        seed: int,
        on_time: Callable[[float], bool],
    ) -> None:
        self._data, self._loss = data, loss
        self._scanner, self._prices, self._steps = scanner, prices, steps
        self._within, self._share = on_time, 1.0
        self._proposed = proposed
        generator = np.random.default_rng(seed)
        rows = np.arange(len(data))
        if len(rows) > steps.trial_rows:
            rows = np.sort(generator.choice(len(rows), steps.trial_rows, replace=False))
        self._trial_data, self._trial_loss = data.part(rows), loss.part(rows)

    def path(self, start: JointState, max_nodes: int) -> Iterator[SelectionPoint]:
        """Yield the model after every step, from a start to the first one of more nodes than wanted.

        Whole formulas of a single output are models of their own, and come when they are found.
        """
        point = self._point(refit(start, self._data, self._loss, steps=self._steps.refit_steps))
        yield point
        enough = self._steps.least_loss * point.loss
        if self._proposed and self._steps.alone_first:
            self._share, least = _ALONE, point.loss
            for reached in self._descend(point, max_nodes, enough, ask=False):
                least = min(least, reached.loss)
                yield reached
            if least <= enough:
                return
            self._share = 1.0
        self._proposed.ask(point.state, whole=True)
        if len(start.bias) == 1:
            yield from self._wholes(point)
        yield from self._descend(point, max_nodes, enough)

    def _descend(
        self, point: SelectionPoint, max_nodes: int, enough: float, *, ask: bool = True
    ) -> Iterator[SelectionPoint]:
        """Yield the model after every step at a falling price."""
        best = self._candidates(point.state)
        price = best[0].worth if best else 0.0
        asked = price
        while price > 0 and point.loss > enough and self._on_time():
            if ask and price < _ASK_AGAIN * asked:
                self._proposed.ask(point.state, whole=False)
                asked = price
            for step in (self._replace, self._settle, self._swap):
                for reached in step(point, price):
                    if reached.nodes > max_nodes or not self._on_time():
                        return
                    point = reached
                    yield point
                    if point.loss <= enough:
                        return
            price *= self._steps.factor
            if price * max_nodes < _LITTLE * point.loss:
                return

    def _on_time(self) -> bool:
        return self._within(self._share)

    def _wholes(self, point: SelectionPoint) -> Iterator[SelectionPoint]:
        """Yield each whole formula of the only output as a model, its constants refitted."""
        for formula in self._proposed.formulas:
            yield self._fitted(WholeState.of(formula, point.state), formula.source)

    def _replace(self, point: SelectionPoint, price: float) -> Iterator[SelectionPoint]:
        """Put a whole formula in the place of all terms of an output, where that helps."""
        best, least, source = None, loss_of(point.state, self._trial_data, self._trial_loss), ""
        least += price * point.cost
        for formula in self._proposed.formulas:
            whole = WholeState.of(formula, point.state)
            total = price * self._prices.of_model(whole.state)
            if total < least:
                total += loss_of(whole.state, self._trial_data, self._trial_loss)
            if total < least:
                best, least, source = whole, total, formula.source
        if best is not None and self._total(found := self._fitted(best, source), price) < self._total(
            point, price
        ):
            yield found

    def _fitted(self, whole: WholeState, source: str) -> SelectionPoint:
        fitted = refit(
            whole.state, self._data, self._loss, steps=self._steps.refit_steps, ridge=0.0, fixed=whole.exact
        )
        return replace(self._point(fitted), exact=whole.exact, source=source)

    def _settle(self, point: SelectionPoint, price: float) -> Iterator[SelectionPoint]:
        """Add and remove terms until nothing helps."""
        while self._on_time():
            grown = self._grow(point, price)
            if grown is None:
                return
            point = self._prune(grown, price)
            yield point

    def _grow(self, point: SelectionPoint, price: float) -> SelectionPoint | None:
        options = _diverse(c for c in self._candidates(point.state) if c.worth > _HOPE * price)
        # Where others would have to cancel the first terms the next are tried: the search must not end there.
        for _ in range(_BATCHES):
            batch = list(islice(options, self._steps.tried))
            for grown in self._tried(point.state, batch, price)[:_REFITTED]:
                found = self._point(refit(grown, self._data, self._loss, steps=self._steps.refit_steps))
                if self._total(found, price) >= self._total(point, price):
                    return None
                if not self._cancels(found.state):
                    return found
            if len(batch) < self._steps.tried:
                return None
        return None

    def _tried(self, state: JointState, batch: Sequence[TermCandidate], price: float) -> list[JointState]:
        """The models with one of the candidates each, after a short refit, the best first."""
        found: list[tuple[float, JointState]] = []
        for candidate in batch:
            grown = state.added(candidate.atom, candidate.output, 0.0)
            fitted = refit(grown, self._trial_data, self._trial_loss, steps=self._steps.trial_steps)
            if np.isfinite(fitted.loss) and not self._cancels(fitted.state):
                found.append((fitted.loss + price * self._prices.of_model(grown), fitted.state))
        return [fitted for _, fitted in sorted(found, key=itemgetter(0))]

    def _prune(self, point: SelectionPoint, price: float) -> SelectionPoint:
        """Remove terms that are worth less than they cost."""
        while self._on_time():
            doubtful = [
                (rise - price * cost, link)
                for link, rise, cost in self._worths(point)
                if rise < _DOUBT * price * cost
            ]
            for _, (output, place) in sorted(doubtful)[:2]:
                less = refit(
                    point.state.removed(output, place), self._data, self._loss, steps=self._steps.refit_steps
                )
                found = self._point(less)
                if self._total(found, price) < self._total(point, price):
                    point = found
                    break
            else:
                return point
        return point

    def _swap(self, point: SelectionPoint, price: float) -> Iterator[SelectionPoint]:
        """Take each term out in turn, the least worth first, and put the best one in its place."""
        tried: set[object] = set()
        for _ in range(self._steps.swaps):
            worths = sorted(self._worths(point), key=lambda w: w[1] / w[2])
            fresh = [link for link, _, _ in worths if self._key(point.state, link) not in tried]
            if not fresh or not self._on_time():
                return
            tried.add(self._key(point.state, fresh[0]))
            found = self._exchanged(point, fresh[0], price)
            if found is not None:
                point = self._prune(found, price)
                yield point

    def _exchanged(self, point: SelectionPoint, link: tuple[int, int], price: float) -> SelectionPoint | None:
        removed = point.state.removed(*link)
        less = refit(removed, self._data, self._loss, steps=self._steps.trial_steps).state
        first = list(islice(_diverse(self._candidates(less)), self._steps.tried))
        if not (best := self._tried(less, first, price)):
            return None
        found = self._point(refit(best[0], self._data, self._loss, steps=self._steps.refit_steps))
        if self._cancels(found.state):
            return None
        better = self._total(point, price) - self._total(found, price)
        return (
            found if better > 1e-3 * price * self._prices.of_shape(point.state.atoms[link[1]].shape) else None
        )

    def _candidates(self, state: JointState) -> list[TermCandidate]:
        slopes = self._loss.slopes(self._data.outputs(state))
        found = self._scanner.candidates(state, slopes)
        if terms := self._proposed.terms:
            found += rate_terms(terms, state, self._data, slopes, self._prices)
        return sorted(found, key=lambda c: -c.worth)

    def _worths(self, point: SelectionPoint) -> list[tuple[tuple[int, int], float, float]]:
        """For each use of a term: by how much the loss rises without it (quadratic model), and its cost.

        A coefficient c that goes to zero while all else follows costs c²/(2 (H⁻¹)_cc) (Hassibi and Stork,
        Optimal Brain Surgeon, 1992).
        """
        state = point.state
        system = assemble(state, self._data, self._loss)
        scale = np.sqrt(np.maximum(np.diag(system.hessian), 1e-30))
        scaled = system.hessian / np.outer(scale, scale) + 1e-6 * np.eye(len(scale))
        inverse = np.diag(np.linalg.pinv(scaled, hermitian=True)) / scale**2
        result = []
        for output, place, coefficient, _ in state.link_parameters():
            rise = state.coefficients[output, place] ** 2 / (2 * max(inverse[coefficient], 1e-30))
            cost = point.cost - self._prices.of_model(state.removed(output, place))
            result.append(((output, place), float(rise), max(cost, 1e-9)))
        return result

    def _cancels(self, state: JointState) -> bool:
        """Whether a term is much larger than its output, so that others have to cancel it."""
        values = np.stack([self._trial_data.values(atom) for atom in state.atoms], axis=1)
        outputs = values @ state.coefficients.T + state.bias
        terms = np.abs(state.coefficients) * np.sqrt(np.mean(values**2, axis=0))
        sizes = np.sqrt(np.mean(outputs**2, axis=0))
        return bool(np.any(terms > _CANCELLING * sizes[:, None]))

    def _key(self, state: JointState, link: tuple[int, int]) -> object:
        atom = state.atoms[link[1]]
        return link[0], atom.shape, atom.inputs, len(state.atoms)

    def _point(self, fitted: Refit) -> SelectionPoint:
        state = fitted.state
        return SelectionPoint(state, fitted.loss, self._prices.of_model(state), self._prices.nodes_of(state))

    def _total(self, point: SelectionPoint, price: float) -> float:
        return point.loss + price * point.cost


def _diverse(options: Iterable[TermCandidate]) -> Iterator[TermCandidate]:
    """The candidates in their order, few of the same output and inputs."""
    taken: Counter[tuple[int, tuple[int, ...]]] = Counter()
    for option in options:
        key = (option.output, option.atom.inputs)
        taken[key] += 1
        if taken[key] <= PER_OUTPUT:
            yield option

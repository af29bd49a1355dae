"""The one protocol that search engines follow."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from sr2hls.arrays import FloatArray
from sr2hls.costs import CostModel, Operators
from sr2hls.errors import InputError
from sr2hls.search.front import Frontier
from sr2hls.search.names import checked_names
from sr2hls.search.search_objective import Loss


@dataclass(frozen=True, slots=True)
class SearchProgress:
    """A report of a running search.

    Attributes:
        output: name of the output being searched.
        fraction: how much of the budget is used, 0 to 1.
        loss: least loss so far.
        message: one line.
    """

    output: str
    fraction: float
    loss: float
    message: str = ""


ProgressCallback = Callable[[SearchProgress], None]


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """What every engine understands; an engine's own settings are given to the engine.

    Attributes:
        operators: names of the operators that formulas may use.
        max_size: largest number of nodes of a formula.
        max_depth: largest depth of a formula.
        input_names: the user's names of the columns of X.
        output_names: the user's names of the columns of Y.
        target_loss: stop as soon as a formula reaches this loss.
        loss: what is minimised.
        latency: second cost model, for the longest path, as an objective of its own.
        definitions: the operators known, with the user's own.
    """

    operators: tuple[str, ...] = ("+", "-", "*", "/", "sin", "exp")
    max_size: int = 30
    max_depth: int = 10
    input_names: tuple[str, ...] | None = None
    output_names: tuple[str, ...] | None = None
    target_loss: float | None = None
    loss: Loss = Loss.MSE
    latency: CostModel | None = None
    definitions: Operators = field(default_factory=Operators)

    def __post_init__(self) -> None:
        for name in self.operators:
            self.definitions[name]
        if not self.operators:
            raise InputError("no operators: give some, e.g. + - * sin")
        if self.max_size < 1 or self.max_depth < 1:
            raise InputError("max_size and max_depth have to be at least 1")


class Engine(Protocol):
    """A search engine."""

    @property
    def name(self) -> str:
        """Name of the engine, e.g. ``operon``."""

    @property
    def fingerprint(self) -> str:
        """Text that changes with everything about the engine that decides what a search finds."""

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
        """Search formulas for each column of y.

        Args:
            X: inputs, shape (n, f).
            y: outputs, shape (n,) or (n, k).
            cost: what a formula costs.
            options: operators, sizes, names.
            seed: the same seed gives the same front.
            time_limit: seconds for all outputs together; ``None``: the engine's budget alone decides.
            progress: called now and then; Ctrl-C keeps the best so far.

        Raises:
            InputError: shapes, names or values cannot be used.
        """


@dataclass(frozen=True, slots=True, eq=False)
class SearchTask:
    """What an engine is asked for, checked.

    Attributes:
        X: inputs, shape (n, f), finite.
        Y: outputs, shape (n, k), finite.
        input_names: of the columns of X.
        output_names: of the columns of Y.
        cost: what a formula costs.
        options: operators, sizes, names.
        seed: of every random choice.
        time_limit: seconds for all outputs together.
        progress: called now and then.
    """

    X: FloatArray
    Y: FloatArray
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    cost: CostModel
    options: SearchOptions
    seed: int
    time_limit: float | None
    progress: ProgressCallback | None

    def deadlines(self) -> Iterator[float | None]:
        """Yield when each output has to be done, in time.time(): those that are left share what is left."""
        end = None if self.time_limit is None else time.time() + self.time_limit
        for k in range(len(self.output_names)):
            now = time.time()
            yield None if end is None else now + max(0.0, end - now) / (len(self.output_names) - k)


class CheckedEngine(ABC):
    """An engine that is given what has been checked."""

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
        """Check data, shapes as for `Engine.search`, and names; then run.

        Raises:
            InputError: as there, and what `run` cannot do.
        """
        inputs, outputs = checked_data(X, y)
        names = checked_names(options.input_names, inputs.shape[1])
        titles = output_names(options.output_names, outputs.shape[1])
        return self.run(SearchTask(inputs, outputs, names, titles, cost, options, seed, time_limit, progress))

    @abstractmethod
    def run(self, task: SearchTask) -> Frontier:
        """Search formulas for each output."""


def checked_data(X: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return X of shape (n, f) and Y of shape (n, k) as doubles.

    Raises:
        InputError: shapes do not fit, or a value is not finite.
    """
    inputs = np.asarray(X, dtype=np.float64)
    outputs = np.asarray(y, dtype=np.float64)
    if inputs.ndim != 2 or inputs.size == 0:
        raise InputError(f"X has shape {inputs.shape}: give rows and columns, (n, f)")
    if outputs.ndim == 1:
        outputs = outputs[:, None]
    if outputs.ndim != 2 or len(outputs) != len(inputs):
        raise InputError(f"y has shape {np.shape(y)} for {len(inputs)} rows of X: give (n,) or (n, k)")
    for name, values in (("X", inputs), ("y", outputs)):
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            raise InputError(
                f"{name} has {int(bad.sum())} rows with NaN or infinite values, first row "
                f"{int(bad.argmax())}: remove them"
            )
    return inputs, outputs


def checked_weights(weights: ArrayLike | None, outputs: FloatArray) -> FloatArray | None:
    """Return weights of rows, of the shape of the outputs, (n, k).

    Args:
        weights: of shape (n,), for all outputs alike, or (n, k).
        outputs: shape (n, k).

    Raises:
        InputError: shapes do not fit, or a weight is not a positive number.
    """
    if weights is None:
        return None
    given = np.asarray(weights, dtype=np.float64)
    shaped = given[:, None] if given.ndim == 1 else given
    if shaped.ndim != 2 or len(shaped) != len(outputs) or shaped.shape[1] not in (1, outputs.shape[1]):
        raise InputError(f"weights have shape {given.shape} for outputs of shape {outputs.shape}")
    if not (np.isfinite(shaped).all() and (shaped > 0).all()):
        raise InputError("weights have to be positive numbers")
    return np.broadcast_to(shaped, outputs.shape)


def output_names(names: Iterable[str] | None, count: int) -> tuple[str, ...]:
    """The user's output names, or y (y0, y1, ... for several).

    Raises:
        InputError: there is not one name for each output.
    """
    if names is None:
        return ("y",) if count == 1 else tuple(f"y{i}" for i in range(count))
    given = tuple(names)
    if len(given) != count:
        raise InputError(f"{len(given)} output names for {count} outputs: give one name an output")
    return given

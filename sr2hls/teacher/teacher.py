"""A trained network as the teacher: features in, outputs out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import nn

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.errors import InputError
from sr2hls.teacher.chain import NetworkGraph, layers_of
from sr2hls.teacher.layers import Affine, Dense, Layer, evaluate
from sr2hls.teacher.task import Task

Progress = Callable[[int, int], None]
"""Called with the rows done and the rows to do."""


class Runner(Protocol):
    """Runs a network on rows of shape (n, n_features), giving (n, n_outputs)."""

    def __call__(self, rows: FloatArray) -> FloatArray:
        """Run rows."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Teacher:
    """A trained network.

    Attributes:
        path: file it was read from.
        n_features: number of features a row.
        n_outputs: number of outputs a row.
        task: what the outputs mean.
        runner: runs rows.
        graph: gives the network as a graph, where the file allows to.
        module: torch module in evaluation mode with its named submodules; None for an ONNX file.
        input_names: names of the features as the file has them; None where it has none.
        output_names: names of the outputs as the file has them; None where it has none.
    """

    path: Path
    n_features: int
    n_outputs: int
    task: Task
    runner: Runner
    graph: Callable[[], NetworkGraph]
    module: nn.Module | None = None
    input_names: tuple[str, ...] | None = None
    output_names: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """File name without its ending."""
        return self.path.stem

    @property
    def n_parameters(self) -> int | None:
        """Number of trained weights and biases; None where the file does not tell them apart."""
        if self.module is not None and (count := sum(p.numel() for p in self.module.parameters())):
            return count
        try:
            return sum(x.weight.size + x.bias.size for x in self.layers() if isinstance(x, Dense))
        except InputError:
            return None

    def with_task(self, task: Task | str) -> "Teacher":
        """Return the same network with its outputs read in another way."""
        return replace(self, task=Task(task))

    def predict(self, X: ArrayLike, *, batch: int = 8192, progress: Progress | None = None) -> FloatArray:
        """Run the network.

        Args:
            X: features of shape (n, n_features).
            batch: rows run at once.
            progress: called after each batch.

        Returns:
            Outputs of shape (n, n_outputs).

        Raises:
            InputError: X has another number of columns, or an output is not finite.
        """
        rows = self._checked(X)
        out = np.empty((len(rows), self.n_outputs))
        for start in range(0, len(rows), batch):
            stop = min(start + batch, len(rows))
            out[start:stop] = self._run(rows[start:stop], start)
            if progress is not None:
                progress(stop, len(rows))
        return out

    def decide(self, X: ArrayLike, *, batch: int = 8192) -> IntArray:
        """Return the network's class, shape (rows,), of each row of X, shape (rows, features)."""
        return self.task.decide(self.predict(X, batch=batch))

    def layers(self) -> tuple[Layer, ...]:
        """Take a plain network apart into dense layers, affine maps and activations.

        Raises:
            InputError: the network is not a plain chain, or the layers do not compute what it does.
        """
        try:
            layers = layers_of(self.graph())
        except InputError as error:
            raise InputError(f"'{self.path.name}' cannot be taken apart: {error}") from error
        rows = probe_rows(self.n_features)
        ours, theirs = evaluate(layers, rows), self._run(rows, 0)
        if not np.allclose(ours, theirs, rtol=1e-3, atol=1e-3 * max(1.0, float(np.abs(theirs).max()))):
            raise InputError(
                f"'{self.path.name}' cannot be taken apart: its layers give other outputs than the network "
                f"itself"
            )
        return layers

    @property
    def scaler(self) -> Affine | None:
        """The affine map at the front of a plain network; None where there is none to be found."""
        try:
            layers = self.layers()
        except InputError:
            return None
        return layers[0] if layers and isinstance(layers[0], Affine) else None

    def _checked(self, X: ArrayLike) -> NDArray[np.floating]:
        rows = np.asarray(X)
        if rows.ndim != 2 or rows.shape[1] != self.n_features:
            raise InputError(
                f"'{self.path.name}' takes {self.n_features} features a row, but the data have the shape "
                f"{rows.shape}: select the features that it was trained on"
            )
        return rows

    def _run(self, rows: NDArray[np.floating], first_row: int) -> FloatArray:
        out = self.runner(np.ascontiguousarray(rows, dtype=np.float64))
        if out.shape != (len(rows), self.n_outputs):
            raise InputError(
                f"'{self.path.name}' gives outputs of shape {out.shape} for {len(rows)} rows instead of "
                f"{(len(rows), self.n_outputs)}: its outputs have to be one row of numbers for a row of "
                f"features"
            )
        bad = np.argwhere(~np.isfinite(out))
        if len(bad):
            row, column = bad[0]
            raise InputError(
                f"'{self.path.name}' gives {out[row, column]} for output {column} in row {row + first_row}: "
                "check the features of that row and the network's weights"
            )
        return out


def run_in_batches(run: Runner, rows: FloatArray, batch: int | None) -> FloatArray:
    """Run rows of shape (n, n_features) so many at a time as the network insists on, None for any number.

    What is missing in the last batch is filled up with the last row.
    """
    if batch is None or not len(rows):
        return run(rows)
    parts = []
    for part in np.split(rows, range(batch, len(rows), batch)):
        filled = np.concatenate([part, np.repeat(part[-1:], batch - len(part), axis=0)])
        parts.append(run(filled)[: len(part)])
    return np.concatenate(parts)


def probe_rows(n_features: int, rows: int = 5) -> FloatArray:
    """A few fixed rows for trying a network out; their scale is that of standardised features."""
    return np.random.default_rng(12345).normal(size=(rows, n_features))

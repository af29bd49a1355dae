"""What a submodule sees and says while the model runs, as a table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sr2hls.arrays import FloatArray
from sr2hls.distil.arguments import rows_of
from sr2hls.distil.submodule import submodule
from sr2hls.errors import InputError

Batch = Tensor | Sequence[Any] | Mapping[str, Any]
Data = Tensor | NDArray[Any] | Iterable[Batch] | Callable[[], object]
"""One array of inputs, batches of arguments of the model, or a function that runs the model itself."""
Features = Callable[[Tensor], Tensor]
"""Recorded columns to the variables of the formulas: (rows, columns) to (rows, features), in torch."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Inputs and outputs of a submodule, one row a sample.

    Attributes:
        module: dotted name of the submodule.
        X: inputs, shape (rows, features).
        Y: outputs, shape (rows, outputs).
        squeezed: the outputs came without an axis of their own.
        features: what made ``X`` from the recorded columns; ``None`` where these are the features.
    """

    module: str
    X: FloatArray
    Y: FloatArray
    squeezed: bool = False
    features: Features | None = None

    def __len__(self) -> int:
        return len(self.X)

    def sample(self, rows: int, seed: int = 0) -> "Recording":
        """Draw rows without replacement, in their order; all of them if there are not more."""
        if rows >= len(self):
            return self
        kept = np.sort(np.random.default_rng(seed).choice(len(self), rows, replace=False))
        return Recording(self.module, self.X[kept], self.Y[kept], self.squeezed, self.features)

    def split(self, share: float, seed: int = 0) -> tuple["Recording", "Recording"]:
        """Draw a share of the rows; return them and the others."""
        order = np.random.default_rng(seed).permutation(len(self))
        first = max(1, round(share * len(self)))
        parts = (np.sort(order[:first]), np.sort(order[first:]))
        a, b = (Recording(self.module, self.X[p], self.Y[p], self.squeezed, self.features) for p in parts)
        return a, b


def record(
    model: nn.Module,
    module: str,
    data: Data,
    *,
    features: Features | None = None,
    max_rows: int | None = None,
    seed: int = 0,
) -> Recording:
    """Run a model on data and record what one of its submodules is given and returns.

    Every call counts, however often a forward pass makes it (a shared message function, the vector field of
    an ODE). All axes but the last are rows; see `sr2hls.distil.arguments.rows_of`. The model runs in
    evaluation mode and is left as it was.

    Args:
        model: the model.
        module: dotted name of the submodule; empty for the whole model.
        data: see `Data`. Arrays and batches are run without gradients.
        features: variables for the formulas, from the recorded columns; by default these columns themselves.
        max_rows: keep a draw of so many rows.
        seed: of that draw.

    Raises:
        InputError: no such submodule, it is never called, or it does not map tensors to one tensor row by
            row; values are not finite.
    """
    target = submodule(model, module)
    title = f"the submodule '{module}'" if module else "the model"
    inputs: list[Tensor] = []
    outputs: list[Tensor] = []
    squeezed: list[bool] = []

    def hook(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], result: object) -> None:
        try:
            rows, leading = rows_of((*args, *kwargs.values()))
            values, flat = _output_rows(result, leading)
        except InputError as error:
            raise InputError(f"{title} cannot be recorded: {error}") from None
        inputs.append(rows.detach())
        outputs.append(values.detach())
        squeezed.append(flat)

    handle = target.register_forward_hook(hook, with_kwargs=True)
    training = model.training
    _set_mode(model, False)
    try:
        _run(model, data)
    finally:
        handle.remove()
        _set_mode(model, training)
    if not inputs:
        raise InputError(f"{title} is never called while the model runs on these data: name another one")
    if len({(i.shape[1], o.shape[1]) for i, o in zip(inputs, outputs, strict=True)}) > 1:
        raise InputError(f"{title} is called with different numbers of features: it is no single function")
    table = torch.cat(inputs)
    if features is not None:
        table = features(table).detach()
    X, Y = (t.double().cpu().numpy() for t in (table, torch.cat(outputs)))
    if len(X) != len(Y):
        raise InputError(f"the features of {title} have {len(X)} rows for {len(Y)} outputs: keep each row")
    bad = ~(np.isfinite(X).all(axis=1) & np.isfinite(Y).all(axis=1))
    if bad.any():
        raise InputError(f"{title} has {int(bad.sum())} rows that are not finite: check the model and data")
    recording = Recording(module, X, Y, squeezed[0], features)
    return recording if max_rows is None else recording.sample(max_rows, seed)


def _set_mode(model: nn.Module, training: bool) -> None:
    with suppress(NotImplementedError):  # a program of torch.export stays as it was exported
        model.train(training)


def _output_rows(result: object, leading: torch.Size) -> tuple[Tensor, bool]:
    if not isinstance(result, Tensor):
        raise InputError(f"it returns a {type(result).__name__}, not one tensor")
    if result.shape[:-1] == leading and result.dim() > 0:
        return result.reshape(leading.numel(), -1), False
    if result.shape == leading:
        return result.reshape(-1, 1), True
    raise InputError(
        f"it returns the shape {tuple(result.shape)} for rows of the shape {tuple(leading)}: a formula works "
        "row by row"
    )


def _run(model: nn.Module, data: Data) -> None:
    if callable(data) and not isinstance(data, Tensor):
        data()
        return
    kind = next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.get_default_dtype())
    batches: Iterable[Batch]
    if isinstance(data, np.ndarray):
        batches = [torch.as_tensor(data, dtype=kind)]
    else:
        batches = [data] if isinstance(data, Tensor) else data
    with torch.no_grad():
        for batch in batches:
            if isinstance(batch, Mapping):
                model(**batch)
            elif isinstance(batch, list | tuple):
                model(*batch)
            else:
                model(batch)

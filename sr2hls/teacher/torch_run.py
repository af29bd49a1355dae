"""What all torch formats have in common: running rows and finding out how many features a network takes."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sr2hls.arrays import FloatArray
from sr2hls.data.reason import reason
from sr2hls.errors import InputError
from sr2hls.teacher.heads import heads_of
from sr2hls.teacher.teacher import probe_rows, run_in_batches


@dataclass(frozen=True, slots=True, eq=False)
class TorchRunner:
    """Runs rows through a torch module.

    Attributes:
        module: in evaluation mode.
        dtype: of the input.
        batch: rows that an exported program insists on, None for any number.
    """

    module: Any  # a callable: nn.Module, ScriptModule or GraphModule
    dtype: torch.dtype
    batch: int | None = None

    def __call__(self, rows: FloatArray) -> FloatArray:
        """Run rows of shape (n, n_features)."""
        return run_in_batches(self._run, rows, self.batch)

    def _run(self, rows: FloatArray) -> FloatArray:
        with torch.no_grad():
            out = self.module(torch.from_numpy(rows).to(self.dtype))
        if not isinstance(out, torch.Tensor):
            heads = heads_of(out)
            helps = f"choose one with --head, of {', '.join(heads)}" if heads else "save one that does"
            raise InputError(
                f"the network returns a {type(out).__name__}, not one tensor (rows, outputs): {helps}"
            )
        values: FloatArray = out.to(torch.float64).numpy()
        return values.reshape(len(values), -1)


def dtype_of(module: nn.Module) -> torch.dtype:
    """Type of the first floating-point parameter or buffer; float32 where there is none."""
    for tensor in itertools.chain(module.parameters(), module.buffers()):
        if tensor.is_floating_point():
            return tensor.dtype
    return torch.float32


def find_features(module: nn.Module, path: Path, given: int | None) -> tuple[int, int]:
    """Return the numbers of features and outputs, found by running the network.

    Candidates are the number given, or else the input widths of the weights in their order.

    Raises:
        InputError: the network runs with none of them.
    """
    tensors = [t for t in itertools.chain(module.parameters(), module.buffers()) if 0 < t.dim() < 5]
    widths = [t.shape[1] for t in tensors if t.dim() == 2] + [t.shape[0] for t in tensors if t.dim() == 1]
    candidates = [given] if given is not None else list(dict.fromkeys(widths))
    why = "it has no weights to tell the number from"
    runner = TorchRunner(module, dtype_of(module))
    for width in candidates:
        try:
            out = runner(probe_rows(width, 2))
        except InputError:
            raise
        except Exception as error:  # whatever the user's own module raises
            why = reason(error)
            continue
        if len(out) == 2:
            return width, out.shape[1]
        why = f"two rows give {len(out)}"
    tried = ", ".join(str(width) for width in candidates) or "none"
    raise InputError(
        f"the network of '{path}' does not run on rows of features (tried: {tried}; {why}): give the right "
        f"n_features"
    )

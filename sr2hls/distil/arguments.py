"""The arguments of a module's call as rows of a table."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from sr2hls.errors import InputError


def rows_of(arguments: Sequence[object]) -> tuple[Tensor, torch.Size]:
    """Return the arguments side by side, shape (rows, columns), and the leading shape they had.

    Features are on the last axis of each tensor. Leading axes are broadcast and flattened to rows; a number
    or a tensor without axes (the time of an ODE, say) is one column with the same value in each row. ``None``
    is left out.

    Raises:
        InputError: an argument is neither tensor nor number, or leading shapes do not fit together.
    """
    tensors: list[Tensor] = []
    for k, argument in enumerate(arguments):
        if argument is None:
            continue
        if isinstance(argument, int | float) and not isinstance(argument, bool):
            argument = torch.tensor(float(argument))
        if not isinstance(argument, Tensor):
            raise InputError(
                f"argument {k} is a {type(argument).__name__}: only modules of tensors can be distilled"
            )
        tensors.append(argument.reshape(1) if argument.dim() == 0 else argument)
    if not tensors:
        raise InputError("it is called without tensors: only functions of tensors can be distilled")
    try:
        leading = torch.Size(np.broadcast_shapes(*(tuple(t.shape[:-1]) for t in tensors)))
    except ValueError:
        shapes = ", ".join(str(tuple(t.shape)) for t in tensors)
        raise InputError(
            f"its arguments have the shapes {shapes}, which do not fit row by row: features belong on the "
            "last axis"
        ) from None
    kind = _common_type(tensors)
    wide = [t.to(kind).expand(*leading, t.shape[-1]) for t in tensors]
    return torch.cat(wide, dim=-1).reshape(leading.numel(), -1), leading


def _common_type(tensors: Sequence[Tensor]) -> torch.dtype:
    """Return the floating-point type of the tensors with rows: a number must not widen them."""
    kinds = [t.dtype for t in tensors if t.is_floating_point() and t.dim() > 1]
    kinds = kinds or [t.dtype for t in tensors if t.is_floating_point()] or [torch.get_default_dtype()]
    result = kinds[0]
    for kind in kinds[1:]:
        result = torch.promote_types(result, kind)
    return result

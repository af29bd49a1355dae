"""One output of a torch network that has several."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from sr2hls.errors import InputError


class Head(nn.Module):
    """A network of which one output is taken.

    Args:
        network: returns a tuple, a list or a dictionary of tensors.
        head: the number of an output, from 0, or its key.
    """

    def __init__(self, network: nn.Module, head: str) -> None:
        super().__init__()
        self.network = network
        self.head = head

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the output of rows of shape (rows, features)."""
        return chosen(self.network(rows), self.head)


def chosen(outputs: Any, head: str) -> torch.Tensor:
    """Return one of a network's outputs.

    Raises:
        InputError: there is no such output.
    """
    there = heads_of(outputs)
    if head not in there:
        has = f"the outputs {', '.join(there)}" if there else "a single output"
        raise InputError(f"--head {head} is no output of the network, which has {has}")
    found = outputs[head] if isinstance(outputs, Mapping) else outputs[int(head)]
    if not isinstance(found, torch.Tensor):
        raise InputError(f"the output '{head}' of the network is a {type(found).__name__} and no tensor")
    return found


def heads_of(outputs: Any) -> list[str]:
    """Return what --head can be for the outputs of a network; nothing where it has a single one."""
    if isinstance(outputs, Mapping):
        return [str(key) for key in outputs]
    return [str(k) for k in range(len(outputs))] if isinstance(outputs, Sequence) else []

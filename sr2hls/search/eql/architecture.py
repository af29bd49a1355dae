"""The shape of an equation learner and its forward pass as a pure function of the weights."""

from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from sr2hls.errors import InputError
from sr2hls.search.eql.primitives import Primitive

Weights = list[Tensor]
"""One tensor a linear map, shape (trials, fan-in + 1, fan-out); the last row is the bias."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """Layers of an equation learner.

    Each hidden layer is a linear map to the arguments of its units, and the units. The output is linear. All
    tensors have a leading axis of independent trials, so that many restarts train in one run.

    Attributes:
        n_inputs: number of inputs.
        n_outputs: number of outputs.
        layers: units of each hidden layer.
        skip: whether the inputs also reach every later layer.
    """

    n_inputs: int
    n_outputs: int
    layers: tuple[tuple[Primitive, ...], ...]
    skip: bool = True

    def __post_init__(self) -> None:
        if self.n_inputs < 1 or self.n_outputs < 1:
            raise InputError(
                f"{self.n_inputs} inputs and {self.n_outputs} outputs: give at least one of each"
            )
        if not all(self.layers):
            raise InputError("a hidden layer has no units: give each at least one primitive")

    @property
    def fan_in(self) -> tuple[int, ...]:
        """Sources of each linear map, without the bias."""
        extra = self.n_inputs if self.skip else 0
        return (self.n_inputs, *(len(units) + extra for units in self.layers))

    @property
    def fan_out(self) -> tuple[int, ...]:
        """Arguments that each linear map feeds."""
        return (*(sum(p.arity for p in units) for units in self.layers), self.n_outputs)

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shape of each weight matrix, the bias as its last row."""
        return tuple((i + 1, o) for i, o in zip(self.fan_in, self.fan_out, strict=True))

    def arguments(self, layer: int) -> list[tuple[int, ...]]:
        """Columns of the linear map that feed each unit of a hidden layer."""
        columns: list[tuple[int, ...]] = []
        at = 0
        for unit in self.layers[layer]:
            columns.append(tuple(range(at, at + unit.arity)))
            at += unit.arity
        return columns

    def activate(self, layer: int, z: Tensor) -> Tensor:
        """Units of a hidden layer; z has shape (trials, arguments, n), the result (trials, units, n)."""
        parts: list[Tensor] = []
        at = 0
        for unit, group in groupby(self.layers[layer]):
            count = len(list(group))
            block = z[:, at : at + count * unit.arity]
            at += count * unit.arity
            if unit.arity == 1:
                parts.append(unit.torch(block))
            else:
                parts.append(unit.torch(*(block[:, k :: unit.arity] for k in range(unit.arity))))
        return torch.cat(parts, 1)

    def forward(self, weights: Weights, x: Tensor) -> Tensor:
        """Outputs, shape (trials, n, outputs), for x of shape (n, inputs) or (trials, n, inputs)."""
        return self.trace(weights, x)[0].transpose(1, 2)

    def trace(self, weights: Weights, x: Tensor) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Outputs, sources of each linear map and what each linear map gives, each of shape (trials, ..., n).

        Samples are the last axis, so that each kind of unit works on contiguous memory.
        """
        columns = x.transpose(-2, -1).contiguous()
        if columns.dim() == 2:
            columns = columns.expand(weights[0].shape[0], *columns.shape)
        hidden = columns
        sources: list[Tensor] = []
        sums: list[Tensor] = []
        for layer, weight in enumerate(weights):
            sources.append(hidden)
            turned = weight.transpose(1, 2)
            z = torch.baddbmm(turned[..., -1:], turned[..., :-1], hidden)
            sums.append(z)
            if layer < len(self.layers):
                hidden = self.activate(layer, z)
                if self.skip:
                    hidden = torch.cat([hidden, columns], 1)
        return z, sources, sums


def live(arch: Architecture, masks: Weights) -> Weights:
    """Clear every weight that no output depends on.

    Args:
        arch: the architecture.
        masks: boolean, shaped as the weights.

    Returns:
        New masks in which a unit without use has no incoming weights.
    """
    result = [m.clone() for m in masks]
    for layer in range(len(arch.layers) - 1, -1, -1):
        used = result[layer + 1].any(2)
        for unit, columns in enumerate(arch.arguments(layer)):
            result[layer][:, :, list(columns)] &= used[:, unit, None, None]
    return result


def fold_constants(arch: Architecture, weights: Weights, masks: Weights) -> tuple[Weights, Weights]:
    """Move units that depend on no input into the bias of what they feed.

    Args:
        arch: the architecture.
        weights: the weights.
        masks: boolean, shaped as the weights.

    Returns:
        New weights and masks of the same function.
    """
    weights = [w * m for w, m in zip(weights, masks, strict=True)]
    masks = [m.clone() for m in masks]
    for layer in range(len(arch.layers)):
        value = arch.activate(layer, weights[layer][:, -1, :, None])[:, :, 0]
        fed = masks[layer][:, :-1].any(1)
        constant = torch.stack([~fed[:, list(columns)].any(1) for columns in arch.arguments(layer)], 1)
        rows = weights[layer + 1][:, : constant.shape[1]]
        moved = torch.einsum("tu,tuo->to", torch.where(constant, value, torch.zeros_like(value)), rows)
        touched = (masks[layer + 1][:, : constant.shape[1]] & constant[:, :, None]).any(1)
        weights[layer + 1][:, -1] += moved
        masks[layer + 1][:, -1] |= touched
        masks[layer + 1][:, : constant.shape[1]] &= ~constant[:, :, None]
        weights[layer + 1][:, : constant.shape[1]] *= ~constant[:, :, None]
    masks = live(arch, masks)
    return [w * m for w, m in zip(weights, masks, strict=True)], masks

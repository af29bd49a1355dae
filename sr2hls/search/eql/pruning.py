"""Dynamic pruning while a network trains: weights, operators and inputs, towards a sparsity or a budget.

Pruning all three kinds in one training run is SymbolNet's idea (arXiv 2401.09949); what goes is decided here
by the loss it is expected to cost for each unit of hardware it frees.
"""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from sr2hls.costs import CostModel
from sr2hls.errors import InputError
from sr2hls.search.eql.architecture import Architecture, Weights, live
from sr2hls.search.eql.eql_network import EQLNetwork
from sr2hls.search.eql.hardware import connection_cost, unit_cost


def squared_error_probe(outputs: Tensor, generator: torch.Generator) -> Tensor:
    """A scalar whose gradient g is a random draw with E[g gᵀ] = JᵀJ/n, the curvature of a mean squared error.

    Each output has a random sign (Hutchinson, Commun. Stat. 19, 1990). The gradient of the loss itself is no
    measure: it vanishes where training has converged.

    Args:
        outputs: of the network, shape (..., n, outputs).
        generator: for the signs.
    """
    signs = 2.0 * torch.randint(0, 2, outputs.shape, generator=generator) - 1
    return (signs * outputs).sum() / math.sqrt(outputs.shape[-2])


def cross_entropy_probe(logits: Tensor, generator: torch.Generator) -> Tensor:
    """The same for a cross entropy: its Fisher matrix, by labels drawn from the network's own probabilities.

    Args:
        logits: of the network, shape (..., n, classes).
        generator: for the labels and signs.
    """
    log_p = torch.log_softmax(logits, -1)
    flat = log_p.detach().exp().reshape(-1, logits.shape[-1])
    labels = torch.multinomial(flat, 1, generator=generator).reshape(*logits.shape[:-1], 1)
    signs = 2.0 * torch.randint(0, 2, labels.shape, generator=generator) - 1
    return (signs * log_p.gather(-1, labels)).sum() / math.sqrt(logits.shape[-2])


@dataclass(frozen=True, slots=True)
class StructureCost:
    """What the structure of a network costs: its living weights, units and inputs.

    Attributes:
        connection: cost of a weight.
        units: cost of each unit of each hidden layer.
        input: cost of an input that is used.
    """

    connection: float
    units: tuple[tuple[float, ...], ...]
    input: float = 0.0

    @classmethod
    def of(cls, arch: Architecture, cost: CostModel, input_cost: float = 0.0) -> "StructureCost":
        """Costs by a cost model, in its unit.

        Raises:
            InputError: the model does not know one of the operators.
        """
        each = tuple(tuple(unit_cost(u, cost) for u in layer) for layer in arch.layers)
        return cls(connection_cost(cost), each, input_cost)

    @classmethod
    def weights_only(cls, arch: Architecture) -> "StructureCost":
        """Every weight counts one, units and inputs nothing: the cost is the number of weights."""
        return cls(1.0, tuple(tuple(0.0 for _ in layer) for layer in arch.layers))

    def total(self, arch: Architecture, masks: Weights) -> Tensor:
        """Cost of each trial, shape (trials,). Biases count nothing, they are constants of the adders."""
        masks = live(arch, masks)
        total = torch.stack([m[:, :-1].sum((1, 2)) for m in masks]).sum(0) * self.connection
        for layer, costs in enumerate(self.units):
            used = masks[layer + 1][:, : len(costs)].any(2)
            total = total + (used * torch.tensor(costs)).sum(1)
        return total + self.input * used_inputs(arch, masks).sum(1)


def used_inputs(arch: Architecture, masks: Weights) -> Tensor:
    """Which inputs have a living weight, shape (trials, inputs)."""
    used = masks[0][:, :-1].any(2)
    if arch.skip:
        for mask in masks[1:]:
            used = used | mask[:, -1 - arch.n_inputs : -1].any(2)
    return used


@dataclass(frozen=True, slots=True)
class PruningSchedule:
    """When and how far to prune.

    Attributes:
        begin: first step that prunes.
        end: step at which the target is reached; what is left trains on.
        every: steps between prunings.
        sparsity: share of the weights to remove, or ``None``.
        max_cost: cost to get below, in the unit of the cost model, or ``None``.
    """

    begin: int
    end: int
    every: int = 20
    sparsity: float | None = None
    max_cost: float | None = None

    def __post_init__(self) -> None:
        if (self.sparsity is None) == (self.max_cost is None):
            raise InputError("pruning needs either a sparsity or a max_cost")
        if self.sparsity is not None and not 0 <= self.sparsity < 1:
            raise InputError(f"sparsity is {self.sparsity}: give a share of at least 0 and below 1")
        if self.max_cost is not None and self.max_cost < 0:
            raise InputError(f"max_cost is {self.max_cost}: give a cost of at least 0")
        if not 0 <= self.begin < self.end or self.every < 1:
            raise InputError(f"pruning from step {self.begin} to {self.end}: end has to be after begin")

    def allowed(self, step: int, first: float) -> float:
        """Largest cost at a step: a cubic descent from ``first`` (Zhu and Gupta, arXiv 1710.01878)."""
        target = (1 - self.sparsity) * first if self.sparsity is not None else float(self.max_cost or 0.0)
        at = min(1.0, max(0.0, (step - self.begin) / (self.end - self.begin)))
        return target + max(0.0, first - target) * (1 - at) ** 3


@dataclass(frozen=True, slots=True)
class _Move:
    """Something that could go: the rise of the loss, the cost saved, (layer, row, column) of its weights."""

    rise: float
    saved: float
    places: tuple[tuple[int, int, int | slice], ...]


@dataclass(slots=True)
class Pruner:
    """Prunes a network while it trains: call `observe` now and then, and `step` after each step of training.

    What the loss is expected to rise by when weights go is wᵀ H w for those weights (optimal brain damage,
    LeCun et al., NIPS 1989), with the curvature H estimated by random probes.

    Attributes:
        network: the network.
        schedule: when and how far.
        cost: what the structure costs; default: the number of weights.
    """

    network: EQLNetwork
    schedule: PruningSchedule
    cost: StructureCost | None = None
    _squares: list[Tensor] = field(default_factory=list)
    _rows: list[Tensor] = field(default_factory=list)
    _first: Tensor | None = None
    _seen: int = 0

    def __post_init__(self) -> None:
        if self.cost is None:
            self.cost = StructureCost.weights_only(self.network.architecture)
        if self.schedule.sparsity is not None:
            weights_only = StructureCost.weights_only(self.network.architecture)
            if self.cost != weights_only:
                raise InputError("a sparsity counts weights: give max_cost to prune by another cost")

    def current_cost(self) -> Tensor:
        """Cost of each trial now, shape (trials,)."""
        assert self.cost is not None
        return self.cost.total(self.network.architecture, self.network.masks)

    def observe(self, probe: Tensor) -> None:
        """Take note of the curvature.

        Args:
            probe: a scalar, `squared_error_probe` or `cross_entropy_probe` of the outputs; where the
                network is part of a larger one, of that one's outputs.
        """
        gradients = torch.autograd.grad(probe, list(self.network.weights), retain_graph=True)
        effects = [(w * g).detach() for w, g in zip(self.network.weights, gradients, strict=True)]
        squares = [torch.nan_to_num(e**2) for e in effects]
        rows = [torch.nan_to_num(e.sum(2) ** 2) for e in effects]
        self._seen += 1
        if not self._squares:
            self._squares, self._rows = squares, rows
            return
        # a plain mean at first, then a running one over some fifty probes
        rate = max(0.02, 1 / self._seen)
        for kept, new in zip(self._squares + self._rows, squares + rows, strict=True):
            kept.lerp_(new, rate)

    @torch.no_grad()
    def step(self, step: int) -> bool:
        """Prune if it is time to; returns whether anything changed."""
        schedule = self.schedule
        if self._first is None:
            self._first = self.current_cost()
        due = step >= schedule.begin and (step % schedule.every == 0 or step == schedule.end)
        if not due or not self._squares:
            return False
        masks = [m.clone() for m in self.network.masks]
        changed = False
        for trial in range(masks[0].shape[0]):
            allowed = schedule.allowed(step, float(self._first[trial]))
            changed |= self._prune_trial(trial, masks, allowed)
        if changed:
            self.network.set_masks(live(self.network.architecture, masks))
        return changed

    def _prune_trial(self, trial: int, masks: Weights, allowed: float) -> bool:
        assert self.cost is not None
        arch = self.network.architecture
        changed = False
        # Removing one thing can make others useless, so what is saved is counted again after each pass.
        for _ in range(50):
            own = live(arch, [m[trial : trial + 1] for m in masks])
            excess = float(self.cost.total(arch, own)[0]) - allowed
            moves = sorted(self._moves(trial, own), key=lambda m: m.rise / max(m.saved, 1e-12))
            if excess <= 1e-9 * max(1.0, allowed) or not moves:
                break
            saved = 0.0
            for move in moves:
                for layer, row, column in move.places:
                    own[layer][0, row, column] = False
                saved += move.saved
                # Half of the excess at a time: overlapping removals save less than they promise.
                if saved >= 0.5 * excess:
                    break
            for mask, new in zip(masks, own, strict=True):
                mask[trial] = new[0]
            changed = True
        return changed

    def _moves(self, trial: int, own: Weights) -> list[_Move]:
        """Every weight, unit and input that could go."""
        assert self.cost is not None
        arch, cost = self.network.architecture, self.cost
        alive = [m[0, :-1] for m in own]
        moves = [
            _Move(float(self._squares[layer][trial, row, column]), cost.connection, ((layer, row, column),))
            for layer, mask in enumerate(alive)
            for row, column in mask.nonzero().tolist()
        ]
        for layer, costs in enumerate(cost.units):
            fed = alive[layer].sum(0)
            for unit, (alone, columns) in enumerate(zip(costs, arch.arguments(layer), strict=True)):
                out = int(alive[layer + 1][unit].sum())
                if out:
                    saved = alone + cost.connection * (out + int(fed[list(columns)].sum()))
                    rise = float(self._rows[layer + 1][trial, unit])
                    moves.append(_Move(rise, saved, ((layer + 1, unit, slice(None)),)))
        for index in range(arch.n_inputs):
            layers = range(len(alive)) if arch.skip else range(1)
            rows = [(layer, index + (len(arch.layers[layer - 1]) if layer else 0)) for layer in layers]
            weights = sum(int(alive[layer][row].sum()) for layer, row in rows)
            if weights:
                rise = sum(float(self._rows[layer][trial, row]) for layer, row in rows)
                places = tuple((layer, row, slice(None)) for layer, row in rows)
                moves.append(_Move(rise, cost.input + cost.connection * weights, places))
        return moves

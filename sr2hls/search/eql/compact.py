"""Equation learners of many inputs and outputs, trained under a hardware budget.

One network for all outputs, so that they share units. It is pruned while it trains until it fits the budget;
then its weights become short binary numbers, because a multiplier by a constant costs an adder a digit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from sr2hls.errors import InputError
from sr2hls.search.eql.eql_network import EQLNetwork
from sr2hls.search.eql.pruning import (
    Pruner,
    PruningSchedule,
    StructureCost,
    cross_entropy_probe,
    squared_error_probe,
)
from sr2hls.search.eql.training import clip_gradients


@dataclass(frozen=True, slots=True)
class CompactOptions:
    """Settings of `train_compact`.

    Attributes:
        steps: Adam steps.
        learning_rate: largest learning rate; it falls to a hundredth.
        batch_size: rows of a step.
        penalty: weight of the sparsity penalty while pruning.
        prune_from: share of the steps after which pruning begins.
        prune_until: share of the steps at which the budget is reached.
        digits: significant binary digits of the weights at the end; ``None`` leaves them as they are.
        round_from: share of the steps after which weights are rounded, the largest first.
    """

    steps: int = 3000
    learning_rate: float = 1e-2
    batch_size: int = 512
    penalty: float = 1e-4
    prune_from: float = 0.1
    prune_until: float = 0.6
    digits: int | None = 3
    round_from: float = 0.7

    def __post_init__(self) -> None:
        if self.steps < 10 or self.batch_size < 1 or not self.learning_rate > 0:
            raise InputError("steps has to be at least 10, batch_size at least 1, learning_rate positive")
        if not 0 <= self.prune_from < self.prune_until <= self.round_from < 1:
            raise InputError("prune_from, prune_until and round_from have to rise, between 0 and 1")
        if self.digits is not None and self.digits < 1:
            raise InputError(f"digits is {self.digits}: give at least 1, or None")


def train_compact(
    network: EQLNetwork,
    x: Tensor,
    y: Tensor,
    cost: StructureCost,
    max_cost: float,
    options: CompactOptions | None = None,
    seed: int = 0,
    callback: Callable[[int, float], bool] | None = None,
) -> float:
    """Train one network until it costs at most ``max_cost``.

    Args:
        network: a network without trials; it may be pruned already.
        x: inputs, shape (n, inputs).
        y: what to learn: class numbers, shape (n,), or probabilities of classes, shape (n, classes) with rows
            that sum to one, by cross entropy; other values of shape (n, outputs) by squared error.
        cost: what the structure costs.
        max_cost: the budget, in the unit of ``cost``.
        options: the settings.
        seed: of batches and probes.
        callback: called every 50 steps with step and loss; returns False to stop early: the budget may not be
            met then.

    Returns:
        The loss of the last batches, averaged.

    Raises:
        InputError: the network has trials.
    """
    if network.trials is not None:
        raise InputError("train_compact trains one network: make it without trials")
    options = options or CompactOptions()
    generator = torch.Generator().manual_seed(seed)
    soft = y.dim() == 2 and bool((y >= 0).all()) and bool((y.sum(1) - 1).abs().max() < 1e-3)
    classes = y.dim() == 1 or soft
    begin, end = int(options.prune_from * options.steps), int(options.prune_until * options.steps)
    pruner = Pruner(network, PruningSchedule(begin, max(end, begin + 1), 10, max_cost=max_cost), cost)
    parameters = list(network.parameters())
    optimizer = torch.optim.Adam(parameters, lr=options.learning_rate)
    rounding = _Rounding(network, options)
    mean = 0.0
    network.train()
    for step in range(options.steps):
        for group in optimizer.param_groups:
            group["lr"] = options.learning_rate * 0.01 ** (step / options.steps)
        rows = torch.randint(len(x), (min(options.batch_size, len(x)),), generator=generator)
        outputs = network(x[rows])
        wanted = y[rows]
        loss = functional.cross_entropy(outputs, wanted) if classes else ((outputs - wanted) ** 2).mean()
        if step % 2 == 0 and step <= end:
            probe = cross_entropy_probe if classes else squared_error_probe
            pruner.observe(probe(outputs, generator))
        optimizer.zero_grad()
        total = loss + (options.penalty * network.penalty() if step <= end else 0.0)
        torch.autograd.backward(total)
        clip_gradients(parameters, per_trial=False)
        optimizer.step()
        pruner.step(step)
        rounding.step(step)
        mean = 0.95 * mean + 0.05 * float(loss.detach())
        if step % 50 == 49 and callback is not None and not callback(step + 1, mean):
            break
    network.eval()
    return mean


class _Rounding:
    """Rounds ever more weights to short binary numbers, the largest first, while the others train on.

    Incremental network quantisation, Zhou et al., arXiv 1702.03044.
    """

    def __init__(self, network: EQLNetwork, options: CompactOptions) -> None:
        self._network, self._digits = network, options.digits
        first = options.round_from * options.steps
        shares: Sequence[float] = (0.5, 0.75, 0.9, 1.0)
        left = options.steps - 1 - first
        self._stages = {int(first + left * k / (len(shares) - 1)): s for k, s in enumerate(shares)}
        self._fixed: list[Tensor] | None = None
        self._values: list[Tensor] = []

    @torch.no_grad()
    def step(self, step: int) -> None:
        if self._digits is None:
            return
        weights = list(self._network.weights)
        if step in self._stages:
            share = self._stages[step]
            sizes = torch.cat([w[m].abs() for w, m in zip(weights, self._network.masks, strict=True)])
            if not len(sizes):
                return
            limit = sizes.sort(descending=True).values[max(0, int(share * len(sizes)) - 1)]
            rounded = [short(w, self._digits) for w in weights]
            old = self._fixed or [torch.zeros_like(w, dtype=torch.bool) for w in weights]
            new = [(w.abs() >= limit) | f for w, f in zip(weights, old, strict=True)]
            kept = self._values or rounded
            self._values = [torch.where(f, k, r) for f, k, r in zip(old, kept, rounded, strict=True)]
            self._fixed = new
        if self._fixed is not None:
            for weight, fixed, value in zip(weights, self._fixed, self._values, strict=True):
                weight.copy_(torch.where(fixed, value, weight))


def short(values: Tensor, digits: int) -> Tensor:
    """The nearest numbers with this many significant binary digits, in the shape of the values."""
    mantissa, exponent = torch.frexp(values)
    return torch.ldexp(torch.round(mantissa * 2**digits), exponent - digits)

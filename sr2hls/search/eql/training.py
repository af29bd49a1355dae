"""First stage of training: fit and sparsify many networks at once."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sr2hls.errors import InputError
from sr2hls.search.eql.eql_network import EQLNetwork
from sr2hls.search.eql.pruning import Pruner, squared_error_probe

StepCallback = Callable[[int, Tensor], bool]
"""Called with the step and the loss of each trial; returns False to stop."""


@dataclass(frozen=True, slots=True)
class SparsifyOptions:
    """Settings of the first stage.

    The penalty's weight rises over the first fifth, stays, and falls by ``final_penalty`` over the last
    three tenths, so that the fit is good when small weights are cut.

    Attributes:
        steps: Adam steps.
        learning_rate: largest learning rate; it follows a half cosine.
        penalty: weight of the penalty against a mean squared error of unit variance.
        penalty_spread: trials take weights from penalty/spread to penalty*spread.
        final_penalty: factor of the penalty at the end.
        threshold: weights below become zero.
        batch_size: rows of a step, drawn anew for each.
    """

    steps: int = 1000
    learning_rate: float = 1e-2
    penalty: float = 2e-3
    penalty_spread: float = 3.0
    final_penalty: float = 0.03
    threshold: float = 0.01
    batch_size: int = 128

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch_size < 1:
            raise InputError(f"steps is {self.steps}, batch_size {self.batch_size}: give at least 1")
        if not self.learning_rate > 0 or self.penalty < 0 or self.penalty_spread < 1:
            raise InputError(
                "learning_rate has to be positive, penalty at least 0, penalty_spread at least 1"
            )

    def penalty_at(self, step: int) -> float:
        """Factor of the penalty at a step."""
        at = step / self.steps
        rise = min(1.0, at / 0.2)
        return rise * (1.0 if at < 0.7 else self.final_penalty ** ((at - 0.7) / 0.3))

    def learning_rate_at(self, step: int) -> float:
        """Learning rate at a step."""
        return self.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / self.steps)))


def sparsify(
    network: EQLNetwork,
    x: Tensor,
    y: Tensor,
    options: SparsifyOptions,
    generator: torch.Generator,
    callback: StepCallback | None = None,
    pruner: Pruner | None = None,
) -> Tensor:
    """Train all trials with the sparsity penalty, then threshold.

    Args:
        network: a network with trials.
        x: inputs, shape (n, inputs).
        y: outputs of about unit variance, shape (n, outputs).
        options: the settings.
        generator: for penalties and for new weights of a trial that diverges.
        callback: called every 50 steps.
        pruner: prunes the network while it trains.

    Returns:
        Mean squared error of each trial before thresholding, shape (trials,).
    """
    trials = network.trials or 1
    exponent = 2 * torch.rand(trials, generator=generator) - 1
    strength = options.penalty * options.penalty_spread**exponent
    parameters = list(network.parameters())
    optimizer = torch.optim.Adam(parameters, lr=options.learning_rate)
    masks = network.masks
    error = torch.full((trials,), torch.inf)
    few = options.batch_size < len(x)
    network.train()
    for step in range(options.steps):
        for group in optimizer.param_groups:
            group["lr"] = options.learning_rate_at(step)
        rows = torch.randint(len(x), (options.batch_size,), generator=generator) if few else slice(None)
        outputs = network(x[rows])
        if pruner is not None and step % 2 == 0:
            pruner.observe(squared_error_probe(outputs, generator))
        error = ((outputs - y[rows]) ** 2).mean((1, 2))
        loss = error + options.penalty_at(step) * strength * network.penalty()
        optimizer.zero_grad()
        torch.autograd.backward(torch.where(torch.isfinite(loss), loss, torch.zeros_like(loss)).sum())
        clip_gradients(parameters, per_trial=True)
        optimizer.step()
        if pruner is not None:
            pruner.step(step)
        if step % 50 == 49:
            _restart_diverged(network, error.detach(), masks, generator)
            if callback is not None and not callback(step + 1, error.detach()):
                break
    network.eval()
    network.threshold(options.threshold)
    return error.detach()


def clip_gradients(parameters: Sequence[nn.Parameter], per_trial: bool) -> None:
    """Limit the norm of the gradient to 1, of each trial by itself where the first axis is trials.

    Values that are not finite become zero.
    """
    grads = [p.grad for p in parameters if p.grad is not None]
    if not grads:
        return
    square = torch.zeros(grads[0].shape[0] if per_trial else 1, dtype=grads[0].dtype)
    for grad in grads:
        torch.nan_to_num_(grad, 0.0, 0.0, 0.0)
        square = square + (grad**2).reshape(len(square), -1).sum(1)
    factor = 1 / square.sqrt().clamp(min=1.0)
    for grad in grads:
        grad.mul_(factor.view(-1, *[1] * (grad.dim() - 1)) if per_trial else factor)


@torch.no_grad()
def _restart_diverged(
    network: EQLNetwork, error: Tensor, masks: list[Tensor], generator: torch.Generator
) -> None:
    """Draw new weights for trials whose error is not finite or absurd."""
    bad = ~(error < 1e4)
    if not bad.any():
        return
    for weight, mask in zip(network.weights, masks, strict=True):
        fresh = 0.3 * torch.randn(weight.shape, generator=generator, dtype=weight.dtype) * mask
        weight.copy_(torch.where(bad[:, None, None], fresh, weight))

"""Equation learners inside a larger network, trained with it end to end."""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sr2hls.errors import InputError
from sr2hls.search.eql.architecture import Architecture, Weights, fold_constants, live
from sr2hls.search.eql.eql_network import EQLNetwork
from sr2hls.search.eql.training import SparsifyOptions, clip_gradients

Loss = Callable[[], Tensor]
"""Loss of the whole model on all of the data, a scalar."""


def train_jointly(
    model: nn.Module,
    networks: Sequence[EQLNetwork],
    loss: Callable[[int], Tensor],
    options: SparsifyOptions,
    callback: Callable[[int, Tensor], bool] | None = None,
) -> Tensor:
    """First stage: train everything with the sparsity penalty, then cut small weights.

    Args:
        model: the whole model, which contains ``networks``. If they have trials, every parameter of the model
            has to have them as its first axis.
        networks: the equation learners in it.
        loss: loss at a step, a scalar or one value a trial; it should be of order one for a useless model.
        options: the settings; ``penalty_spread`` is for trials.
        callback: called every 50 steps with step and loss; returns False to stop.

    Returns:
        The last loss before cutting.

    Raises:
        InputError: there is no equation learner in the model.
    """
    if not networks:
        raise InputError("no equation learner in the model: give at least one EQLNetwork")
    trials = networks[0].trials
    strength = torch.tensor(options.penalty)
    if trials is not None:
        spread = torch.linspace(-1, 1, trials) if trials > 1 else torch.zeros(1)
        strength = options.penalty * options.penalty_spread**spread
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(parameters, lr=options.learning_rate)
    value = torch.tensor(math.inf)
    model.train()
    for step in range(options.steps):
        for group in optimizer.param_groups:
            group["lr"] = options.learning_rate_at(step)
        value = loss(step)
        penalty = torch.stack([n.penalty() for n in networks]).sum(0)
        total = value + options.penalty_at(step) * strength * penalty
        optimizer.zero_grad()
        torch.autograd.backward(torch.where(torch.isfinite(total), total, torch.zeros_like(total)).sum())
        clip_gradients(parameters, per_trial=trials is not None)
        optimizer.step()
        if step % 50 == 49 and callback is not None and not callback(step + 1, value.detach()):
            break
    model.eval()
    for network in networks:
        network.threshold(options.threshold)
    return value.detach()


def refine_jointly(model: nn.Module, loss: Loss, steps: int = 100) -> float:
    """Second stage: refit all parameters by L-BFGS; returns the loss. Use a model in double precision.

    Args:
        model: the model; pruned weights stay zero.
        loss: loss on all of the data.
        steps: most iterations.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    before = [p.detach().clone() for p in parameters]
    first = float(loss().detach())
    optimizer = torch.optim.LBFGS(
        parameters, max_iter=steps, history_size=20, line_search_fn="strong_wolfe",
        tolerance_grad=1e-14, tolerance_change=1e-18,
    )  # fmt: skip

    def closure() -> float:
        optimizer.zero_grad()
        value = loss()
        torch.autograd.backward(value)
        return float(value.detach())

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    last = float(loss().detach())
    if not last <= first:
        with torch.no_grad():
            for parameter, old in zip(parameters, before, strict=True):
                parameter.copy_(old)
        return first
    return last


@dataclass(frozen=True, slots=True)
class JointPruning:
    """Settings of `prune_jointly`.

    Attributes:
        slack: the loss may grow to this multiple of the loss after the first refit.
        floor: losses below this are as good as zero.
        refit_steps: L-BFGS iterations after a removal.
        tries: removals that are tried before giving up.
    """

    slack: float = 1.5
    floor: float = 0.0
    refit_steps: int = 30
    tries: int = 4


def prune_jointly(
    model: nn.Module,
    networks: Sequence[EQLNetwork],
    loss: Loss,
    options: JointPruning | None = None,
    callback: Callable[[int, float], bool] | None = None,
) -> float:
    """Second stage: simplify the equation learners while the rest of the model can make up for it.

    In each round every living weight is set to zero, and every function of one argument replaced by its
    tangent, in turn. What the loss misses least is done for good, the whole model is refitted, and a
    simplification that costs too much is undone. While there are many weights, a share of them goes at once.

    Args:
        model: the whole model without trials, in double precision.
        networks: the equation learners in it.
        loss: loss on all of the data.
        options: the settings.
        callback: called after each simplification with the number of living weights and the loss; returns
            False to stop.

    Returns:
        The loss at the end.
    """
    options = options or JointPruning()
    model.eval()
    current = refine_jointly(model, loss, 3 * options.refit_steps)
    limit = max(options.floor, options.slack * current)
    share = 0.5
    while True:
        ordered = _by_effect(networks, loss)
        after = None
        while after is None and (several := _together(ordered, share)) is not None:
            after = _attempt(model, several, loss, options.refit_steps, limit)
            share = share if after is not None else share / 2
        tries = iter(ordered[: options.tries])
        while after is None and (single := next(tries, None)) is not None:
            after = _attempt(model, single, loss, options.refit_steps, limit)
        if after is None:
            return current
        current = after
        if callback is not None and not callback(sum(int(n.active()[0]) for n in networks), current):
            return current


_Simplified = tuple[EQLNetwork, Weights, Weights]


def _attempt(model: nn.Module, simplified: _Simplified, loss: Loss, steps: int, limit: float) -> float | None:
    """Simplify and refit; the loss, or ``None`` and all as it was if the loss is above the limit."""
    network, weights, masks = simplified
    state = copy.deepcopy(model.state_dict())
    _put(network, *fold_constants(network.architecture, weights, live(network.architecture, masks)))
    after = refine_jointly(model, loss, steps)
    if after <= limit:
        return after
    model.load_state_dict(state)
    return None


def _together(ordered: Sequence[_Simplified], share: float) -> _Simplified | None:
    """A share of the weights of a network removed, those of least effect; ``None`` if fewer than two."""
    if not ordered:
        return None
    network = ordered[0][0]
    masks = [m.clone() for m in network.masks]
    alive = int(network.active()[0])
    left = int(share * alive)
    if left < 2:
        return None
    for owner, _, fewer in ordered:
        is_removal = owner is network and sum(int(m.sum()) for m in fewer) == alive - 1
        if is_removal and left > 0:
            masks = [a & b for a, b in zip(masks, fewer, strict=True)]
            left -= 1
    return network, [w.detach() * m for w, m in zip(network.weights, masks, strict=True)], masks


@torch.no_grad()
def _by_effect(networks: Sequence[EQLNetwork], loss: Loss) -> list[_Simplified]:
    """Every simplification, that of the least loss first."""
    found: list[tuple[float, int, _Simplified]] = []
    for network in networks:
        before = ([w.detach().clone() for w in network.weights], [m.clone() for m in network.masks])
        for weights, masks in (*_removals(*before), *_tangents(network.architecture, *before)):
            _put(network, weights, masks)
            value = float(loss())
            value = value if math.isfinite(value) else math.inf
            found.append((value, len(found), (network, weights, masks)))
        _put(network, *before)
    return [simplified for _, _, simplified in sorted(found, key=lambda f: f[:2])]


def _put(network: EQLNetwork, weights: Weights, masks: Weights) -> None:
    with torch.no_grad():
        for parameter, weight in zip(network.weights, weights, strict=True):
            parameter.copy_(weight)
    network.set_masks(masks)


def _removals(weights: Weights, masks: Weights) -> Iterator[tuple[Weights, Weights]]:
    for layer, mask in enumerate(masks):
        for row, column in mask[0].nonzero().tolist():
            fewer = [m.clone() for m in masks]
            fewer[layer][0, row, column] = False
            yield [w * m for w, m in zip(weights, fewer, strict=True)], fewer


def _tangents(arch: Architecture, weights: Weights, masks: Weights) -> Iterator[tuple[Weights, Weights]]:
    """Networks in which a unit is an identity with the value and derivative of its function at its bias."""
    for layer, units in enumerate(arch.layers):
        columns = arch.arguments(layer)
        used = masks[layer + 1][0].any(1)
        free = [k for k, u in enumerate(units) if u.operator == "identity" and not used[k]]
        for unit, item in enumerate(units):
            if item.arity > 1 or item.operator == "identity" or not used[unit] or not free:
                continue
            into, new = columns[unit][0], columns[free[0]][0]
            with torch.enable_grad():
                bias = weights[layer][0, -1, into].detach().clone().requires_grad_()
                value = item.torch(bias[None])[0]
                derivative = torch.autograd.grad(value, bias)[0]
            if not (torch.isfinite(value) and torch.isfinite(derivative)) or derivative == 0:
                continue
            w, m = [t.clone() for t in weights], [t.clone() for t in masks]
            w[layer][0, :, new] = derivative * w[layer][0, :, into]
            w[layer][0, -1, new] = value.detach()
            m[layer][0, :, new] = m[layer][0, :, into]
            m[layer][0, -1, new] = True
            w[layer + 1][0, free[0]] = w[layer + 1][0, unit]
            m[layer + 1][0, free[0]] = m[layer + 1][0, unit]
            m[layer + 1][0, unit] = False
            m = live(arch, m)
            yield [a * b for a, b in zip(w, m, strict=True)], m

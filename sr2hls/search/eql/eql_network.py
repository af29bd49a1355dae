"""The equation learner as a torch module: batched trials, masks and gates."""

import sympy
import torch
from torch import Tensor, nn

from sr2hls.errors import InputError
from sr2hls.search.eql.architecture import Architecture, Weights, fold_constants, live
from sr2hls.search.eql.penalties import (
    gate_open_probability,
    hard_concrete,
    initial_log_alpha,
    smoothed_l05,
)
from sr2hls.search.eql.primitives import Primitive, units
from sr2hls.search.eql.readout import read_out


class EQLNetwork(nn.Module):
    """A network whose activations are primitives, so that it can be read out as a formula (arXiv 1912.04825).

    It can stand anywhere in another network and is trained with it end to end: add `penalty` to the loss,
    then call `threshold` and train on; pruned weights stay zero.

    Args:
        n_inputs: number of inputs.
        n_outputs: number of outputs.
        n_layers: number of hidden layers.
        layer_units: units of a hidden layer; default: identity, square, sin, exp, sigmoid, product, two each.
        skip: whether the inputs also reach every later layer.
        trials: number of independent networks in one batch; ``None``: one network without a trial axis.
        gated: relaxed L0 instead of smoothed L0.5: a hard concrete gate on each weight.
        init_std: standard deviation of the first weights.
        seed: seed of the first weights and of the gates' noise.
        dtype: type of the weights.
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int = 1,
        *,
        n_layers: int = 2,
        layer_units: tuple[Primitive, ...] | None = None,
        skip: bool = True,
        trials: int | None = None,
        gated: bool = False,
        init_std: float = 0.5,
        seed: int = 0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        if n_layers < 1:
            raise InputError(f"n_layers is {n_layers}: give at least 1")
        if trials is not None and trials < 1:
            raise InputError(
                f"trials is {trials}: give at least 1, or None for a network without a trial axis"
            )
        layer = layer_units if layer_units is not None else units()
        self.architecture = Architecture(n_inputs, n_outputs, (layer,) * n_layers, skip)
        self.trials = trials
        self._generator = torch.Generator().manual_seed(seed)
        count = trials or 1
        self.weights = nn.ParameterList()
        self.log_alpha = nn.ParameterList()
        for index, (rows, columns) in enumerate(self.architecture.shapes):
            first = torch.randn(count, rows, columns, generator=self._generator, dtype=dtype) * init_std
            first[:, -1] = 0
            self.weights.append(nn.Parameter(first))
            self.register_buffer(f"mask{index}", torch.ones(count, rows, columns, dtype=torch.bool))
            self.register_buffer(f"cost{index}", torch.ones(rows, columns, dtype=dtype))
            if gated:
                start = torch.full((count, rows, columns), initial_log_alpha(0.8), dtype=dtype)
                self.log_alpha.append(nn.Parameter(start))

    @property
    def gated(self) -> bool:
        """Whether each weight has a hard concrete gate."""
        return len(self.log_alpha) > 0

    @property
    def masks(self) -> Weights:
        """Which weights are alive; boolean, shaped as the weights."""
        return [self.get_buffer(f"mask{i}") for i in range(len(self.weights))]

    def set_masks(self, masks: Weights) -> None:
        """Set which weights are alive, and the others to zero."""
        for index, mask in enumerate(masks):
            self.get_buffer(f"mask{index}").copy_(mask)
            with torch.no_grad():
                self.weights[index].mul_(mask)

    def set_costs(self, costs: Weights) -> None:
        """Set the factor of each weight in the penalty, shape (fan-in + 1, fan-out); see `weight_costs`."""
        for index, cost in enumerate(costs):
            self.get_buffer(f"cost{index}").copy_(cost)

    def effective(self, *, sample: bool = False) -> Weights:
        """Weights as the forward pass uses them: masked, and gated where there are gates."""
        result: Weights = []
        for index, weight in enumerate(self.weights):
            value = weight * self.get_buffer(f"mask{index}")
            if self.gated:
                alpha = self.log_alpha[index]
                noise = None
                if sample:
                    uniform = torch.rand(alpha.shape, generator=self._generator, dtype=alpha.dtype)
                    noise = uniform.clamp(1e-6, 1 - 1e-6)
                value = value * hard_concrete(alpha, noise)
            result.append(value)
        return result

    def forward(self, x: Tensor) -> Tensor:
        """Outputs.

        Args:
            x: shape (..., inputs) without trials, else (n, inputs) or (trials, n, inputs).

        Returns:
            Shape (..., outputs) without trials, else (trials, n, outputs).
        """
        weights = self.effective(sample=self.training)
        if self.trials is not None:
            return self.architecture.forward(weights, x)
        flat = x.reshape(1, -1, x.shape[-1])
        return self.architecture.forward(weights, flat).reshape(*x.shape[:-1], -1)

    def penalty(self, smoothing: float = 0.05) -> Tensor:
        """Sparsity penalty of each trial, shape (trials,), or a scalar without trials.

        Sum over the living weights of cost · smoothed L0.5, or with gates cost · probability of being open.
        """
        total = torch.zeros(self.trials or 1, dtype=self.weights[0].dtype)
        for index, weight in enumerate(self.weights):
            each = (
                gate_open_probability(self.log_alpha[index])
                if self.gated
                else smoothed_l05(weight, smoothing)
            )
            factor = self.get_buffer(f"cost{index}") * self.get_buffer(f"mask{index}")
            total = total + (each * factor).sum((1, 2))
        return total if self.trials is not None else total[0]

    @torch.no_grad()
    def threshold(self, limit: float = 0.01) -> None:
        """End the first stage: weights below ``limit`` become zero for good, gates are merged into weights.

        Units that nothing uses lose their weights, units that depend on no input move into the biases.
        """
        weights = self.effective()
        masks = [m & (w.abs() > limit) for m, w in zip(self.masks, weights, strict=True)]
        weights, masks = fold_constants(self.architecture, weights, live(self.architecture, masks))
        for parameter, weight in zip(self.weights, weights, strict=True):
            parameter.copy_(weight)
        self.set_masks(masks)
        self.log_alpha = nn.ParameterList()

    def take(self, trial: int) -> "EQLNetwork":
        """One trial as a network of its own without a trial axis."""
        arch = self.architecture
        single = EQLNetwork(
            arch.n_inputs,
            arch.n_outputs,
            n_layers=len(arch.layers),
            layer_units=arch.layers[0],
            skip=arch.skip,
            gated=self.gated,
            dtype=self.weights[0].dtype,
        )
        with torch.no_grad():
            for own, other in zip(single.parameters(), self.parameters(), strict=True):
                own.copy_(other[trial : trial + 1])
            for index, mask in enumerate(self.masks):
                single.get_buffer(f"mask{index}").copy_(mask[trial : trial + 1])
            single.set_costs([self.get_buffer(f"cost{i}") for i in range(len(self.weights))])
        return single.train(self.training)

    def formulas(self) -> tuple[sympy.Expr, ...]:
        """What a network without a trial axis computes, over x0, x1, ...; one formula for each output.

        Raises:
            InputError: the network has trials.
        """
        if self.trials is not None:
            raise InputError("a network with trials has many formulas: take one trial first")
        return read_out(self.architecture, [w.detach().double() for w in self.effective()])

    def active(self) -> Tensor:
        """Number of living weights of each trial, shape (trials,)."""
        return torch.stack([m.sum((1, 2)) for m in self.masks]).sum(0)


def restrict_units(network: EQLNetwork, keep_probability: float, generator: torch.Generator) -> None:
    """Leave each trial a random subset of the primitives; at least one.

    Restarts then differ in structure and not only in their first weights: a formula of few primitives is
    found by the trials that have little else. The first trial keeps them all.
    """
    arch = network.architecture
    trials = network.weights[0].shape[0]
    names = sorted({unit.operator for layer in arch.layers for unit in layer})
    keep = torch.rand(trials, len(names), generator=generator) < keep_probability
    lucky = torch.randint(len(names), (trials,), generator=generator)
    keep[torch.arange(trials), lucky] = True
    keep[0] = True
    masks = [m.clone() for m in network.masks]
    for layer, layer_units in enumerate(arch.layers):
        for unit, (item, columns) in enumerate(zip(layer_units, arch.arguments(layer), strict=True)):
            kept = keep[:, names.index(item.operator), None, None]
            masks[layer][:, :, list(columns)] &= kept
            masks[layer + 1][:, unit : unit + 1] &= kept
    network.set_masks(masks)

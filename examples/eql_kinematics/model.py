"""Encoder and propagator, trained end to end: the encoder finds the parameter, the propagator the law."""

from itertools import pairwise

import torch
from data import System
from torch import Tensor, nn

from sr2hls.costs import additive_cycles, published_cycles
from sr2hls.search.eql import EQLNetwork
from sr2hls.search.eql.hardware import weight_costs
from sr2hls.search.eql.primitives import DEFAULT_UNITS, units


class Dense(nn.Module):
    """Linear maps and tanh or ReLU with an axis of trials."""

    def __init__(self, trials: int, widths: tuple[int, ...], relu: bool, generator: torch.Generator) -> None:
        super().__init__()
        self.relu = relu
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        for rows, columns in pairwise(widths):
            first = torch.randn(trials, rows, columns, generator=generator) * (2 / rows) ** 0.5
            self.weights.append(nn.Parameter(first))
            self.biases.append(nn.Parameter(torch.zeros(trials, 1, columns)))

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() == 2:
            x = x.expand(self.weights[0].shape[0], *x.shape)
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(bias, x, weight)
            if k < len(self.weights) - 1:
                x = torch.relu(x) if self.relu else torch.tanh(x)
        return x


class Encoder(nn.Module):
    """A trajectory to one number of zero mean and spread 0.5.

    Each window of the trajectory goes through the same small network, the mean of what it gives through
    another. With one window there is only one network.

    Args:
        trials: independent encoders in one batch.
        steps: states that are seen.
        window: states in a window.
        generator: for the first weights.
    """

    def __init__(self, trials: int, steps: int, window: int, generator: torch.Generator) -> None:
        super().__init__()
        self.steps, self.window = steps, window
        self.local: Dense | None = None
        widths: tuple[int, ...] = (2 * steps, 32, 32, 1)
        if window < steps:
            self.local = Dense(trials, (2 * window, 16, 16), False, generator)
            widths = (16, 16, 1)
        self.dense = Dense(trials, widths, False, generator)
        self.register_buffer("mean", torch.zeros(trials, 1, 1))
        self.register_buffer("spread", torch.ones(trials, 1, 1))

    def forward(self, seen: Tensor) -> Tensor:
        if self.local is not None:
            count = self.steps // self.window
            parts = self.local(seen.reshape(len(seen) * count, 2 * self.window))
            seen = parts.reshape(len(parts), len(seen), count, -1).mean(2)
        z = self.dense(seen)
        if self.training:
            # the whole training set is one batch, so these are its statistics
            mean, spread = z.mean(1, keepdim=True), z.std(1, keepdim=True) + 1e-6
            self.mean.copy_(mean.detach())
            self.spread.copy_(spread.detach())
        else:
            mean, spread = self.mean, self.spread
        return 0.5 * (z - mean) / spread


class Model(nn.Module):
    """Encoder and recurrent propagator (d, v, z) -> (d, v) of the next step.

    Args:
        trials: independent models in one batch.
        system: what the encoder sees of it.
        relu: the control: a ReLU network as propagator.
        seed: seed of the first weights.
    """

    def __init__(self, trials: int, system: System, relu: bool, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.system = system
        self.encoder = Encoder(trials, system.encoder_steps, system.window, generator)
        self.propagator: nn.Module
        if relu:
            self.propagator = Dense(trials, (3, 64, 64, 2), True, generator)
        else:
            propagator = EQLNetwork(
                3, 2, n_layers=1, layer_units=units(DEFAULT_UNITS), trials=trials, init_std=0.3, seed=seed
            )
            # Functions that cost more clock cycles are penalised more.
            cycles = additive_cycles(published_cycles())
            propagator.set_costs(weight_costs(propagator.architecture, cycles))
            self.propagator = propagator

    def forward(self, seen: Tensor, start: Tensor, steps: int) -> Tensor:
        """Predicted states, shape (trials, n, steps, 2)."""
        z = self.encoder(seen)
        state = start.expand(z.shape[0], *start.shape)
        path = []
        for _ in range(steps):
            state = self.propagator(torch.cat([state, z], 2))
            if state.dim() == 2:
                state = state[None]
            path.append(state)
        return torch.stack(path, 2)

    def best(self, trial: int) -> "Model":
        """One trial as a model of one trial in double precision, its propagator without a trial axis."""
        single = Model(1, self.system, not isinstance(self.propagator, EQLNetwork), 0)
        with torch.no_grad():
            pairs = list(
                zip(single.encoder.state_dict().values(), self.encoder.state_dict().values(), strict=True)
            )
            if isinstance(self.propagator, EQLNetwork):
                single.propagator = self.propagator.take(trial)
            else:
                pairs += zip(
                    single.propagator.state_dict().values(),
                    self.propagator.state_dict().values(),
                    strict=True,
                )
            for own, other in pairs:
                own.copy_(other[trial : trial + 1])
        return single.double().eval()

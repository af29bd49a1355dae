"""The engine ``eql``: many equation learners trained at once by gradient, read out as a front of formulas."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import sympy
import torch
from torch import Tensor

from sr2hls.costs import describe
from sr2hls.errors import InputError
from sr2hls.search.base import CheckedEngine, SearchProgress, SearchTask
from sr2hls.search.eql.elimination import EliminationOptions, EliminationStage, eliminate
from sr2hls.search.eql.eql_network import EQLNetwork, restrict_units
from sr2hls.search.eql.hardware import weight_costs
from sr2hls.search.eql.primitives import Primitive, units_for
from sr2hls.search.eql.pruning import Pruner, PruningSchedule, StructureCost
from sr2hls.search.eql.readout import read_out
from sr2hls.search.eql.training import SparsifyOptions, sparsify
from sr2hls.search.front import Candidate, Front, Frontier
from sr2hls.search.polish import Polisher
from sr2hls.search.search_objective import Loss, SearchObjective


@dataclass(frozen=True, slots=True)
class EQLEngine(CheckedEngine):
    """Equation learner (arXiv 1912.04825) with batched restarts.

    Rounds of restarts run one after another, shallow networks first, until a formula reaches the target loss.
    Each round trains its restarts in one batch with a sparsity penalty, cuts small weights, and then removes
    weight after weight from the most promising ones while Levenberg-Marquardt refits the rest. Every network
    on that way down is a candidate; validation decides which are polished.

    Attributes:
        depths: hidden layers of the networks of each round, in turn.
        rounds: most rounds for each output.
        restarts: networks in each round.
        layer_units: units of a hidden layer; ``None``: two of each operator of the search options.
        gated: relaxed L0 (hard concrete gates) instead of smoothed L0.5.
        keep_probability: share of the primitives that a restart may use; restarts differ in which.
        init_std: standard deviation of the first weights.
        cost_share: how far the penalty follows the cost of operators on the target, 0 to 1.
        sparsity: share of the weights that are pruned while the first stage trains, or ``None``.
        max_cost: cost of the whole network by the search's cost model, to which weights, inputs and operators
            are pruned while the first stage trains, or ``None``.
        validation: share of the rows held out.
        polished: most networks that are polished in a round.
        first_stage: settings of the sparse training.
        second_stage: settings of the elimination.
    """

    depths: tuple[int, ...] = (1, 2, 2, 3)
    rounds: int = 8
    restarts: int = 24
    layer_units: tuple[Primitive, ...] | None = None
    gated: bool = False
    keep_probability: float = 0.5
    init_std: float = 0.5
    cost_share: float = 0.5
    sparsity: float | None = None
    max_cost: float | None = None
    validation: float = 0.2
    polished: int = 6
    first_stage: SparsifyOptions = field(default_factory=SparsifyOptions)
    second_stage: EliminationOptions = field(default_factory=EliminationOptions)

    def __post_init__(self) -> None:
        if not self.depths or min(self.depths) < 1 or self.rounds < 1 or self.restarts < 1:
            raise InputError("depths, rounds and restarts of the engine eql have to be at least 1")
        if not 0 < self.validation < 1:
            raise InputError(f"validation is {self.validation}: give a share between 0 and 1")
        if self.sparsity is not None and self.max_cost is not None:
            raise InputError("the engine eql prunes to a sparsity or to a max_cost: give one of them")

    @property
    def name(self) -> str:
        """Name of the engine."""
        return "eql"

    @property
    def fingerprint(self) -> str:
        """Changes with every setting."""
        return repr(self)

    def run(self, task: SearchTask) -> Frontier:
        """Search one output after the other.

        Raises:
            InputError: EQL can train none of the operators, or the loss is logarithmic.
        """
        options = task.options
        if options.loss is Loss.LOG:
            raise InputError("engine eql minimises the mean squared error: use loss 'mse', or another engine")
        units = self.layer_units or units_for(options.operators, options.definitions)
        fronts: list[Front] = []
        notes: list[str] = []
        for k, deadline in enumerate(task.deadlines()):
            run = _Run(self, units, task, k, deadline)
            fronts.append(run.front(task.seed + 7919 * k))
            notes += run.notes
        return Frontier(tuple(fronts), task.input_names, describe(task.cost), tuple(notes))


class _Run:
    """The search for one output."""

    def __init__(
        self,
        engine: EQLEngine,
        units: tuple[Primitive, ...],
        task: SearchTask,
        k: int,
        deadline: float | None,
    ) -> None:
        X, y, options = task.X, task.Y[:, k], task.options
        self._engine, self._units, self._output = engine, units, task.output_names[k]
        self._cost, self._options = task.cost, options
        self._deadline, self._progress = deadline, task.progress
        # Powers of two, so that scaling changes no digit of a constant.
        self._x_scale = np.array([_power_of_two(np.abs(c).max()) for c in X.T])
        self._y_scale = _power_of_two(float(y.std()) or float(np.abs(y).max()))
        self._x = torch.from_numpy(X / self._x_scale)
        self._y = torch.from_numpy(y / self._y_scale)[:, None]
        self._polisher = Polisher(
            X, SearchObjective(y, Loss.MSE), task.cost, options.latency, options.definitions
        )
        self._target = max(options.target_loss or 0.0, self._polisher.objective.floor)
        self._best = math.inf
        self.notes: list[str] = []

    def front(self, seed: int) -> Front:
        """Run the rounds and return the Pareto front."""
        # A front has a formula however little time there was.
        found = [self._constant()]
        try:
            for index in range(self._engine.rounds):
                found += self._round(index, seed)
                self._best = min([self._best, *(c.loss for c in found)])
                self._report((index + 1) / self._engine.rounds, f"round {index + 1}: {len(found)} formulas")
                if self._best <= self._target:
                    self.notes.append(f"{self._output}: target loss reached in round {index + 1}")
                    break
                if not self._in_time():
                    self.notes.append(f"{self._output}: time limit reached in round {index + 1}")
                    break
        except KeyboardInterrupt:
            self.notes.append(f"{self._output}: interrupted, best so far kept")
        return self._polisher.front(self._output, found)

    def _constant(self) -> Candidate:
        mean = float(self._polisher.objective.y.mean())
        loss = self._polisher.objective.value(np.full(len(self._polisher.X), mean))
        return self._polisher.score(sympy.Float(mean), loss, self._engine.name, {"round": -1})

    def _round(self, index: int, seed: int) -> list[Candidate]:
        engine = self._engine
        depth = engine.depths[index % len(engine.depths)]
        generator = torch.Generator().manual_seed(seed * 1009 + index)
        network = EQLNetwork(
            self._x.shape[1],
            n_layers=depth,
            layer_units=self._units,
            trials=engine.restarts,
            gated=engine.gated,
            init_std=engine.init_std,
            seed=seed * 1009 + index,
        )
        network.set_costs(weight_costs(network.architecture, self._cost, engine.cost_share))
        restrict_units(network, engine.keep_probability, generator)
        order = torch.randperm(len(self._x), generator=generator)
        held_out = max(1, round(engine.validation * len(order)))
        train, validation = order[held_out:], order[:held_out]

        def step(count: int, error: Tensor) -> bool:
            at = (index + 0.5 * count / engine.first_stage.steps) / engine.rounds
            self._report(at, f"round {index + 1}, depth {depth}, step {count}")
            return self._in_time()

        x, y = self._x[train].float(), self._y[train].float()
        sparsify(network, x, y, engine.first_stage, generator, step, self._pruner(network))
        stages = eliminate(
            network.architecture,
            network.effective(),
            network.masks,
            (self._x[train], self._y[train]),
            (self._x[validation], self._y[validation]),
            engine.second_stage,
            self._in_time,
        )
        found: list[Candidate] = []
        for stage in self._chosen(stages):
            expr = self._rescale(read_out(network.architecture, stage.weights)[0])
            details = {"round": index, "restart": stage.trial, "depth": depth, "weights": stage.active}
            found += self._polisher.polish(expr, engine.name, details)
        return [c for c in found if c.complexity <= self._options.max_size]

    def _pruner(self, network: EQLNetwork) -> Pruner | None:
        engine = self._engine
        if engine.sparsity is None and engine.max_cost is None:
            return None
        # It begins where the penalty is full and ends before the last tenths, which only fit.
        begin = engine.first_stage.steps // 5
        end = max(begin + 1, 7 * engine.first_stage.steps // 10)
        schedule = PruningSchedule(begin, end, 20, engine.sparsity, engine.max_cost)
        structure = (
            StructureCost.of(network.architecture, self._cost) if engine.max_cost is not None else None
        )
        return Pruner(network, schedule, structure)

    def _chosen(self, stages: list[EliminationStage]) -> Iterator[EliminationStage]:
        """The best by validation for each number of weights, none worse than one of fewer weights."""
        floor = self._engine.second_stage.exact * float(self._y.var())
        best = math.inf
        kept: list[EliminationStage] = []
        for stage in sorted(stages, key=lambda s: (s.active, max(s.validation, floor), s.loss)):
            loss = max(stage.validation, floor)
            if loss < 0.9 * best or (loss <= floor and len(kept) < 2):
                kept.append(stage)
                best = min(best, loss)
        return iter(sorted(kept, key=lambda s: s.validation)[: self._engine.polished])

    def _rescale(self, expr: sympy.Expr) -> sympy.Expr:
        scaled = expr.xreplace(
            {
                sympy.Symbol(f"x{i}"): sympy.Symbol(f"x{i}") * sympy.Float(1 / s)
                for i, s in enumerate(self._x_scale)
                if s != 1.0
            }
        )
        return scaled if self._y_scale == 1.0 else sympy.expand(scaled * sympy.Float(self._y_scale))

    def _in_time(self) -> bool:
        return self._deadline is None or time.time() < self._deadline

    def _report(self, fraction: float, message: str) -> None:
        if self._progress is not None:
            self._progress(SearchProgress(self._output, min(1.0, fraction), self._best, message))


def _power_of_two(value: float) -> float:
    """The power of two nearest to a magnitude; 1 for zero."""
    return 2.0 ** round(math.log2(value)) if value > 0 and math.isfinite(value) else 1.0

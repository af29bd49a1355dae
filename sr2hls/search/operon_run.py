"""One run of Operon's NSGA-II over loss, cost and latency."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyoperon as op
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray
from sr2hls.costs import CostModel, Operators, Tree
from sr2hls.errors import InputError
from sr2hls.search.operon_tree import node_names, operon_operators, tree_of_nodes


@dataclass(frozen=True, slots=True)
class OperonSettings:
    """Settings of the embedded engine.

    Attributes:
        population: individuals of one run.
        generations: generations of one run.
        restarts: independent runs an output, each with a seed of its own; their fronts are merged.
        local_iterations: Levenberg-Marquardt steps for each new individual.
        mutation: probability of mutating an offspring.
        tournament: size of a tournament.
        max_rows: rows that one run sees, drawn with the seed; constants are then refitted on up to 4,000 rows
            and losses computed on all.
        round_size: restarts between two looks at whether the target loss is reached.
        jobs: processes for the restarts. The result does not depend on it.
    """

    population: int = 200
    generations: int = 40
    restarts: int = 4
    local_iterations: int = 5
    mutation: float = 0.25
    tournament: int = 3
    max_rows: int = 2500
    round_size: int = 1
    jobs: int = 1

    def __post_init__(self) -> None:
        for key in ("population", "generations", "restarts", "max_rows", "round_size", "jobs", "tournament"):
            if getattr(self, key) < 1:
                raise InputError(f"Operon setting {key} is {getattr(self, key)}: give at least 1")


@dataclass(frozen=True, slots=True)
class OperonRun:
    """What one run needs; can be sent to another process.

    Attributes:
        X: inputs, shape (n, columns).
        y: targets, shape (n,).
        cost: cost model.
        latency: second cost model, or ``None``.
        operators: names of the operators.
        definitions: the operators known.
        max_size: largest number of Operon's nodes.
        max_depth: largest depth.
        settings: population and so on.
        seed: seed of this run.
        deadline: time.time() at which to stop, or ``None``.
        target_loss: mean squared error at which to stop, in units of ``y`` squared.
    """

    X: FloatArray
    y: FloatArray
    cost: CostModel
    latency: CostModel | None
    operators: tuple[str, ...]
    definitions: Operators
    max_size: int
    max_depth: int
    settings: OperonSettings
    seed: int
    deadline: float | None = None
    target_loss: float = 0.0


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one run found.

    Attributes:
        trees: formulas of the last front.
        losses: their mean squared errors as Operon computes them, in single precision.
        generations: generations finished.
        interrupted: whether the user stopped it.
        timed_out: whether the deadline stopped it.
    """

    trees: tuple[Tree, ...]
    losses: tuple[float, ...]
    generations: int
    interrupted: bool = False
    timed_out: bool = False


def run_operon(run: OperonRun, on_generation: Callable[[int], None] | None = None) -> RunResult:
    """Run NSGA-II once. Ctrl-C stops it after the generation that is under way and keeps the front.

    It ends after ``settings.generations``, which makes it reproducible, or at the deadline, which does not.
    """
    stop = threading.Event()
    finished = threading.Event()
    box: list[RunResult | BaseException] = []

    def work() -> None:
        try:
            box.append(_evolve(run, stop, on_generation))
        except BaseException as error:
            box.append(error)
        finally:
            finished.set()

    # Operon holds its thread until it ends: signals reach Python only if that is not the main thread.
    # An event, not Thread.join: Ctrl-C inside of join can leave Python believing that the thread has ended.
    threading.Thread(target=work, name="operon", daemon=True).start()
    interrupted = False
    while not finished.is_set():
        try:
            finished.wait(0.05)
        except KeyboardInterrupt:
            interrupted = True
            stop.set()
    result = box[0]
    if isinstance(result, BaseException):
        raise result
    if interrupted:
        return RunResult(result.trees, result.losses, result.generations, True, result.timed_out)
    return result


def _evolve(run: OperonRun, stop: threading.Event, on_generation: Callable[[int], None] | None) -> RunResult:
    # Operon keeps plain references to what it is given: every object below has to live in a variable until
    # the run is over, a temporary is freed and the run crashes.
    settings = run.settings
    data = np.asfortranarray(np.column_stack([run.X, run.y]).astype(np.float32))
    dataset = op.Dataset(data)
    variables = sorted(dataset.Variables, key=lambda v: v.Index)
    inputs = [v.Hash for v in variables[:-1]]
    columns = {v.Hash: f"x{v.Index}" for v in variables[:-1]}
    names = node_names(run.definitions)
    problem = op.Problem(dataset)
    problem.TrainingRange = op.Range(0, dataset.Rows)
    problem.TestRange = op.Range(dataset.Rows - 1, dataset.Rows)
    problem.Target = variables[-1]
    problem.InputHashes = inputs
    kinds = operon_operators(run.operators, run.definitions)
    config = int(op.NodeType.Constant) | int(op.NodeType.Variable)
    for kind in kinds:
        config |= int(getattr(op.NodeType, kind))
    problem.ConfigurePrimitiveSet(config)
    primitives = problem.PrimitiveSet

    creator = op.BalancedTreeCreator(primitives, inputs, 0.0)
    coefficients = op.NormalCoefficientInitializer()
    coefficients.ParameterizeDistribution(0, 1)
    initializer = op.UniformLengthTreeInitializer(creator)
    initializer.ParameterizeDistribution(1, min(10, run.max_size))
    initializer.MinDepth = 1
    initializer.MaxDepth = 1000

    dispatch = op.DispatchTable()
    optimizer = op.LMOptimizer(dispatch, problem, settings.local_iterations, 0)
    local_search = op.CoefficientOptimizer(optimizer)
    metric = op.MSE()
    # Without linear scaling: its two operations would be in no formula and charged to nobody.
    loss = op.Evaluator(problem, dispatch, metric, False)
    objectives: list[Any] = [loss]
    for model in (run.cost, run.latency):
        if model is not None:
            objectives.append(_cost_evaluator(problem, model, columns, names))
    evaluator = op.MultiEvaluator(problem)
    for objective in objectives:
        objective.Budget = 1 << 40
        evaluator.Add(objective)
    evaluator.Budget = 1 << 40

    comparison = op.CrowdedComparison()
    female = op.TournamentSelector(comparison)
    male = op.TournamentSelector(comparison)
    female.TournamentSize = male.TournamentSize = settings.tournament
    reinserter = op.KeepBestReinserter(comparison)
    crossover = op.SubtreeCrossover(0.9, run.max_depth, run.max_size)
    point = op.NormalOnePointMutation()
    point.ParameterizeDistribution(0, 1)
    mutations = [
        point,
        op.ChangeVariableMutation(inputs),
        op.ChangeFunctionMutation(primitives),
        op.ReplaceSubtreeMutation(creator, coefficients, run.max_depth, run.max_size),
        op.InsertSubtreeMutation(creator, coefficients, run.max_depth, run.max_size),
        op.RemoveSubtreeMutation(primitives),
    ]
    mutator = op.MultiMutation()
    for mutation in mutations:
        mutator.Add(mutation, 1.0)
    generator = op.BasicOffspringGenerator(evaluator, crossover, mutator, female, male, local_search)
    configuration = op.GeneticAlgorithmConfig(
        generations=settings.generations,
        max_evaluations=1 << 40,
        local_iterations=settings.local_iterations,
        population_size=settings.population,
        pool_size=settings.population,
        p_crossover=1.0,
        p_mutation=settings.mutation,
        epsilon=1e-9,
        seed=run.seed,
    )
    sorter = op.RankSorter()
    algorithm = op.NSGA2Algorithm(
        configuration, problem, initializer, coefficients, generator, reinserter, sorter
    )
    timed_out = threading.Event()

    failures: list[BaseException] = []

    def generation_done() -> None:
        # Operon ends the run without a word if this raises.
        try:
            check()
        except BaseException as error:
            failures.append(error)
            evaluator.Budget = 0

    def check() -> None:
        if run.deadline is not None and time.time() > run.deadline:
            timed_out.set()
        # The losses of generation 0 are not set yet.
        done = algorithm.Generation > 0
        reached = done and min(i.GetFitness(0) for i in algorithm.BestFront) <= run.target_loss
        if reached or stop.is_set() or timed_out.is_set():
            evaluator.Budget = 0
        if on_generation is not None:
            on_generation(algorithm.Generation)

    algorithm.Run(op.RandomGenerator(run.seed), generation_done, 1, False)
    if failures:
        raise failures[0]
    front = list(algorithm.BestFront)
    trees = tuple(tree_of_nodes(i.Genotype.Nodes, columns, names) for i in front)
    losses = tuple(float(i.GetFitness(0)) for i in front)
    return RunResult(trees, losses, algorithm.Generation, stop.is_set(), timed_out.is_set())


def _cost_evaluator(problem: Any, model: CostModel, columns: dict[int, str], names: dict[str, str]) -> Any:
    def cost(_: Any, individual: Any) -> NDArray[np.float32]:
        try:
            value = model.tree_cost(tree_of_nodes(individual.Genotype.Nodes, columns, names))
        except InputError:
            value = float(np.finfo(np.float32).max)
        return np.array([value], dtype=np.float32)

    return op.UserDefinedEvaluator(problem, cost)

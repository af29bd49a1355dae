"""Formulas for data that need no network: outputs, seeds and engines searched side by side, resumable."""

import numpy as np

from sr2hls.costs import FoldCost, Operators, load_operators, load_table
from sr2hls.data import load_dataset
from sr2hls.errors import InputError
from sr2hls.options import SearchCost, StudyOptions, called_with
from sr2hls.progress import Progress, SilentProgress
from sr2hls.search import (
    Frontier,
    Loss,
    OperonSettings,
    PySREngine,
    SearchOptions,
    Study,
    choose_engine,
    run_study,
)
from sr2hls.search.base import SearchProgress
from sr2hls.search.cost_kinds import cost_of_kind
from sr2hls.search.joint import JointEngine
from sr2hls.search.pysr.settings_file import load_pysr_settings
from sr2hls.search.write_hall_of_fame import write_hall_of_fame
from sr2hls.threads import one_thread

_SEARCH_S = 30.0
"""About how long one search takes where no time is given."""


@called_with(StudyOptions)
def search(options: StudyOptions) -> Frontier:
    """Search formulas for every target of a data file and write them.

    Its arguments are the fields of `StudyOptions`: the data and the folder of the result, then any
    other by name.

    Raises:
        Sr2hlsError: something the user can mend, in one sentence.
    """
    return search_data(options)


@one_thread()
def search_data(options: StudyOptions, progress: Progress | None = None) -> Frontier:
    """Search formulas for every target of a data file and write them.

    The folder gets ``search.json``, ``hall_of_fame*.csv`` (which `sr2hls lower` takes) and one file for
    each finished search: the same call again goes on where it was stopped; further seeds add to it.

    Args:
        options: see `StudyOptions`.
        progress: told of every finished search; by default nothing is shown.

    Raises:
        Sr2hlsError: something the user can mend, in one sentence.
    """
    progress = progress or SilentProgress()
    progress.plan({"data": 2.0, "search": _SEARCH_S})
    with progress.stage("data"):
        study = _study(options, progress)
    progress.plan({"search": (options.time_s or _SEARCH_S) * len(study.tasks) / options.jobs})
    with progress.stage("search", total=len(study.tasks)) as stage:

        def report(done: SearchProgress) -> None:
            stage.advance(1, f"{done.output}: loss {done.loss:.4g}, {done.message}")

        frontier = run_study(
            study, options.output, jobs=options.jobs, scheduler=options.scheduler, progress=report
        )
    if any(front.candidates for front in frontier.fronts):
        frontier.save(options.output / "search.json")
        write_hall_of_fame(frontier, options.output)
    return frontier


def search_cost(options: StudyOptions, operators: Operators, default: SearchCost) -> FoldCost:
    """Return the cost model that is asked for.

    Args:
        options: kind of cost, precision and table.
        operators: the operators known.
        default: the kind where none is asked for.

    Raises:
        InputError: the table is in another unit, or has no such precision.
    """
    return cost_of_kind(
        options.cost or default,
        operators,
        precision=options.precision,
        luts_a_cycle=options.luts_a_cycle,
        table=None if options.cost_table is None else load_table(options.cost_table, operators),
    )


def _study(options: StudyOptions, progress: Progress) -> Study:
    dataset = load_dataset(
        options.data,
        features=options.features,
        target=options.target_column,
        task="regression",
        drop_nonfinite=options.drop_nonfinite,
    )
    if dataset.y is None:
        raise InputError(f"'{options.data}' has no targets: name their column or key with --target-column")
    definitions = Operators()
    if options.definitions is not None:
        definitions = definitions.extend(load_operators(options.definitions))
    pysr = None if options.pysr is None else load_pysr_settings(options.pysr)
    engines = []
    for name in options.engines:
        engine, reason = choose_engine(
            name,
            operon=OperonSettings(restarts=options.restarts),
            pysr=pysr,
            operators=options.operators,
            definitions=definitions,
        )
        progress.note(reason)
        engines.append(engine)
    pysrs = [engine for engine in engines if isinstance(engine, PySREngine)]
    cost = search_cost(options, definitions, SearchCost.CYCLES if pysrs else SearchCost.COMBINED)
    for engine in pysrs:
        engine.complexity = cost
    if pysr is None:
        engines = [
            JointEngine(engine, dictionary_first=name == "auto")
            for name, engine in zip(options.engines, engines, strict=True)
        ]
    return Study.of(
        dataset.X,
        np.asarray(dataset.y, dtype=np.float64),
        cost=cost,
        options=SearchOptions(
            operators=options.operators,
            max_size=options.max_size,
            input_names=dataset.names.display,
            loss=Loss(options.loss.value),
            definitions=definitions,
        ),
        engines=engines,
        seeds=options.seeds,
        time_limit=options.time_s,
    )

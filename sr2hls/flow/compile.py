"""A trained network to a verified circuit: the whole story, told straight through. Read this first."""

from collections.abc import Sequence
from concurrent.futures import Future

from sr2hls.baseline.beside import OriginalResult, original_beside
from sr2hls.circuit import Circuit
from sr2hls.design import Design
from sr2hls.errors import BudgetError, DegenerateDesignError, InputError, Sr2hlsError
from sr2hls.flow.designs import Designs
from sr2hls.flow.explored_design import explored_design
from sr2hls.flow.implement import TITLE, Inputs, Result, implement
from sr2hls.flow.judgement import simple_scores
from sr2hls.flow.make_report import network_report
from sr2hls.flow.plan import PREPARING, building, finishing
from sr2hls.flow.rank_designs import luts_around, rank, refuse_over_budget, sizes_for
from sr2hls.flow.record_points import other_points
from sr2hls.flow.run_folder import RunFolder
from sr2hls.hls.compiler import compiler
from sr2hls.options import CompileOptions, called_with
from sr2hls.prepare import INPUTS_NAME, Prepared, prepare
from sr2hls.program.predict import program_model
from sr2hls.progress import Progress, SilentProgress
from sr2hls.report.model import Report
from sr2hls.threads import one_thread

_ATTEMPTS = 4
"""Designs that are built before a budget is given up."""


@called_with(CompileOptions)
def compile(options: CompileOptions) -> Result:
    """Distil a trained network into formulas and compile them to a verified circuit.

    Its arguments are the fields of `CompileOptions`: the checkpoint, the data and the folder of the result,
    then any other by name, e.g. ``max_lut``.

    Raises:
        Sr2hlsError: something the user can mend, in one sentence.
    """
    return compile_network(options)


@one_thread()
def compile_network(options: CompileOptions, progress: Progress | None = None) -> Result:
    """Distil a trained network into formulas and compile them to a verified circuit.

    Designs of a few sizes are made, as `explore` makes them; the one that is best on validation data within
    the budgets becomes a circuit. The same options and folder go on where an earlier run stopped.

    Args:
        options: see `CompileOptions`.
        progress: told of every stage; by default nothing is shown.

    Raises:
        Sr2hlsError: something the user can mend, in one sentence.
    """
    progress = progress or SilentProgress()
    compiler()  # its C++ is compared after the search: say before it if that cannot be
    with RunFolder(options) as run:
        progress.plan(PREPARING | building(TITLE, options) | finishing(options))
        prepared = prepare(options, progress)
        prepared.inputs.save(run.path / INPUTS_NAME)
        with original_beside(prepared, options, run.path / "network") as original:
            if options.explored is not None:
                designs = [explored_design(prepared, options.explored, options)]
                progress.note(f"of the exploration: {designs[0].proposal.title}")
            else:
                around = luts_around(prepared.problem, Inputs.of(prepared).ends(options))
                sizes = sizes_for(options.target.budget, around)
                search = Designs(prepared, options, sizes, run, progress)
                progress.plan(search.plan())
                designs = list(search.found())
            return _best(prepared, designs, options, run, progress, original)


def _best(
    prepared: Prepared,
    designs: Sequence[Design],
    options: CompileOptions,
    run: RunFolder,
    progress: Progress,
    original: "Future[OriginalResult]",
) -> Result:
    """Implement the best design; where synthesis shows that it breaks a budget, the next one that may not.

    Raises:
        BudgetError: no design meets the budgets; it says how far off the nearest is.
        InputError: there is no design.
    """

    def describe(design: Design, circuit: Circuit) -> Report:
        with progress.stage("original network"):
            beside = original.result()
        points = () if options.explored is None else other_points(options.explored, design)
        simple = simple_scores(prepared.problem, run, progress)
        return network_report(
            prepared, design, circuit, options, progress, designs, points, beside, simple=simple
        )

    if not designs:
        raise InputError("no design was found: give the inputs fewer bits, or search with more effort")
    budget, luts = options.target.budget, program_model().luts
    ends = Inputs.of(prepared).ends(options)
    least = float("inf")
    refused: list[Sr2hlsError] = []
    built: list[Circuit] = []

    def accept(circuit: Circuit) -> None:
        built.append(circuit)
        refuse_over_budget(circuit, budget)

    for design in rank(prepared.problem, designs, budget, ends):
        if len(refused) == _ATTEMPTS or luts(ends.around(design.program)) >= least:
            continue
        try:
            return implement(
                design,
                Inputs.of(prepared),
                options,
                run.path,
                describe=describe,
                accept=accept,
                progress=progress,
            )
        except DegenerateDesignError as error:
            progress.note(f"{design.proposal.name} is left out: {error}")
            refused.append(error)
        except BudgetError as error:
            progress.note(f"{design.proposal.name} is left out: {error}")
            refused.append(error)
            found = built[-1].hardware
            if found and found.used_luts and found.used_luts.value > (budget.max_lut or float("inf")):
                least = luts(ends.around(design.program))  # larger ones need not be tried
    raise refused[-1]

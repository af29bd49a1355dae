"""The choice of an engine, with its reason."""

from collections.abc import Callable, Sequence

from sr2hls.costs import CostModel, Operators
from sr2hls.errors import InputError
from sr2hls.options import Effort
from sr2hls.search.base import Engine
from sr2hls.search.eql.eql_engine import EQLEngine
from sr2hls.search.operon import OperonEngine
from sr2hls.search.operon_run import OperonSettings
from sr2hls.search.operon_tree import operon_operators
from sr2hls.search.pysr import PySREngine, PySRSettings
from sr2hls.search.pysr.julia import JuliaStatus, julia_status

_EQL_ROUNDS = 2
_EVIDENCE = (
    "in the same time it came as close as PySR or closer at most costs of every recorded task "
    "(benchmarks/results/engines_direct.md)"
)


def choose_engine(
    name: str = "auto",
    *,
    operon: OperonSettings | None = None,
    pysr: PySRSettings | None = None,
    eql: EQLEngine | None = None,
    operators: Sequence[str] = (),
    definitions: Operators | None = None,
    effort: Effort = Effort.MEDIUM,
    complexity: CostModel | None = None,
    status: Callable[[], JuliaStatus] = julia_status,
) -> tuple[Engine, str]:
    """Return an engine and one line that says which and why.

    ``auto`` takes the embedded engine, which the comparison is for on every recorded task
    (``benchmarks/results/engines_direct.md``), but where the task needs what only PySR does: settings of PySR
    (units, a template, constraints), or an operator that Operon lacks.

    Args:
        name: ``auto``, ``pysr``, ``operon`` or ``eql``.
        operon: settings of the embedded engine.
        pysr: settings of PySR; ``None`` where the user gave none.
        eql: the equation learner with its settings; by default one of few rounds, as a teacher seldom is a
            formula exactly and a search for one would run through all of them.
        operators: names of the operators that formulas may use.
        definitions: the operators known.
        effort: what PySR makes of a search where its settings and the time say nothing else.
        complexity: what PySR is told that formulas cost; ``None``: clock cycles of the published table.
        status: tells whether PySR can run.

    Raises:
        InputError: there is no such engine.
    """
    made = PySREngine(pysr or PySRSettings(effort=effort), complexity)
    embedded = OperonEngine(operon or OperonSettings())
    if name == "operon":
        return embedded, "engine operon: asked for"
    if name == "pysr":
        return made, "engine pysr: asked for"
    if name == "eql":
        return eql or EQLEngine(rounds=_EQL_ROUNDS), "engine eql: asked for"
    if name != "auto":
        raise InputError(f"engine '{name}' is unknown: use auto, pysr, operon or eql")
    if pysr is not None:
        return made, "engine pysr: there are settings for it"
    try:
        operon_operators(tuple(operators), definitions or Operators())
    except InputError as lacking:
        found = status()
        if found.ready:
            return made, f"engine pysr: {str(lacking).partition(':')[0]}"
    return embedded, f"engine operon (embedded): {_EVIDENCE}"

"""The choice of an engine, with its reason."""

from collections.abc import Callable

from sr2hls.errors import InputError
from sr2hls.search.base import Engine
from sr2hls.search.eql.engine import EQLEngine
from sr2hls.search.julia import JuliaStatus, julia_status
from sr2hls.search.operon import OperonEngine
from sr2hls.search.operon_run import OperonSettings
from sr2hls.search.pysr import PySREngine
from sr2hls.search.pysr_kwargs import PySRSettings

_EQL_ROUNDS = 2


def choose_engine(
    name: str = "auto",
    *,
    operon: OperonSettings | None = None,
    pysr: PySRSettings | None = None,
    eql: EQLEngine | None = None,
    status: Callable[[], JuliaStatus] = julia_status,
) -> tuple[Engine, str]:
    """Return an engine and one line that says which and why.

    ``auto`` takes PySR where it can start without downloading anything, else the embedded engine.

    Args:
        name: ``auto``, ``pysr``, ``operon`` or ``eql``.
        operon: settings of the embedded engine.
        pysr: settings of PySR.
        eql: the equation learner with its settings; by default one of few rounds, as a teacher seldom is a
            formula exactly and a search for one would run through all of them.
        status: tells whether PySR can run.

    Raises:
        InputError: there is no such engine.
    """
    if name == "operon":
        return OperonEngine(operon or OperonSettings()), "engine operon: asked for"
    if name == "pysr":
        return PySREngine(pysr or PySRSettings()), "engine pysr: asked for"
    if name == "eql":
        return eql or EQLEngine(rounds=_EQL_ROUNDS), "engine eql: asked for"
    if name != "auto":
        raise InputError(f"engine '{name}' is unknown: use auto, pysr, operon or eql")
    found = status()
    if found.ready:
        return PySREngine(pysr or PySRSettings()), f"engine pysr: {found.reason}"
    return (
        OperonEngine(operon or OperonSettings()),
        f"engine operon (embedded): {found.reason}; 'sr2hls doctor --install-julia' makes PySR available",
    )

"""Search for formulas: engines behind one protocol, and reading what other searches wrote."""

from sr2hls.search.auto import choose_engine
from sr2hls.search.base import Engine, SearchOptions, SearchProgress
from sr2hls.search.eql import EQLEngine, EQLNetwork
from sr2hls.search.front import Candidate, CandidateChoice, Front, Frontier
from sr2hls.search.halloffame import read_formulas, read_hall_of_fame
from sr2hls.search.operon import OperonEngine
from sr2hls.search.operon_run import OperonSettings
from sr2hls.search.parallel import Study, run_study
from sr2hls.search.pysr import PySREngine, PySRSettings
from sr2hls.search.pysr.julia import install_julia, julia_status
from sr2hls.search.search_objective import Loss

__all__ = [
    "Candidate",
    "CandidateChoice",
    "EQLEngine",
    "EQLNetwork",
    "Engine",
    "Front",
    "Frontier",
    "Loss",
    "OperonEngine",
    "OperonSettings",
    "PySREngine",
    "PySRSettings",
    "SearchOptions",
    "SearchProgress",
    "Study",
    "choose_engine",
    "install_julia",
    "julia_status",
    "read_formulas",
    "read_hall_of_fame",
    "run_study",
]

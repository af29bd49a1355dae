"""What the user may set of PySR, and what an effort means for it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sr2hls.errors import InputError
from sr2hls.options import Effort

_UNTIL_STOPPED = 10_000_000
"""Iterations where time ends the search."""
_POPULATIONS_A_CORE = 3
"""As PySR's guide to tuning says: https://ai.damtp.cam.ac.uk/pysr/tuning."""
_MOST_POPULATIONS = 31
"""PySR's own default."""


@dataclass(frozen=True, slots=True)
class PySRSettings:
    """Settings of the PySR engine.

    Attributes:
        effort: iterations, populations and rows where nothing below and no time limit says otherwise.
        deterministic: same seed, same front; PySR then runs serially. ``None``: only without a time limit.
        niterations: PySR's iterations.
        populations: PySR's populations.
        max_rows: rows that PySR sees, drawn with the seed; losses are then computed on all.
        maxsize: largest complexity in the units of the cost; chosen from the costs if ``None``.
        output_directory: where PySR writes its runs; a temporary directory if ``None``.
        run_id: name of the run directory.
        resume_from: run directory of an earlier run to go on from. Its checkpoint is a pickle: see
            ``trust_pickle``.
        trust_pickle: allow reading that checkpoint, which can run any code that is in it.
        warm_start: go on from the last search of the same engine object; needs ``output_directory``.
        keyword: further keyword arguments of ``PySRRegressor``: nested_constraints, constraints,
            elementwise_loss, loss_function, batching, parallelism, procs, cluster_manager,
            select_k_features, ... They win over what sr2hls chooses. Objects of PySR are tables with the key
            ``class``, e.g. ``{"class": "TensorBoardLoggerSpec", "log_dir": "logs"}``.
        fit: further keyword arguments of ``PySRRegressor.fit``: X_units, y_units, ...
    """

    effort: Effort = Effort.MEDIUM
    deterministic: bool | None = None
    niterations: int | None = None
    populations: int | None = None
    max_rows: int | None = None
    maxsize: int | None = None
    output_directory: str | None = None
    run_id: str | None = None
    resume_from: str | None = None
    trust_pickle: bool = False
    warm_start: bool = False
    keyword: Mapping[str, Any] = field(default_factory=dict)
    fit: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key in ("niterations", "populations", "max_rows", "maxsize"):
            value = getattr(self, key)
            if value is not None and value < 1:
                raise InputError(f"PySR's setting {key} is {value}: give at least 1")
        if self.warm_start and self.output_directory is None:
            raise InputError("warm_start goes on from files of the last search: set output_directory as well")


@dataclass(frozen=True, slots=True)
class SearchBudget:
    """How much PySR does.

    Attributes:
        niterations: its iterations.
        populations: its populations.
        max_rows: rows that it sees.
        deterministic: serial, so that the same seed gives the same front.
    """

    niterations: int
    populations: int
    max_rows: int
    deterministic: bool


_EFFORTS = {
    Effort.LOW: SearchBudget(10, 8, 1_000, True),
    Effort.MEDIUM: SearchBudget(40, 15, 2_000, True),
    Effort.HIGH: SearchBudget(200, _MOST_POPULATIONS, 5_000, True),
}


def budget_of(settings: PySRSettings, time_limit: float | None, cores: int | None = None) -> SearchBudget:
    """Return what settings, effort and time come to.

    A time limit makes a search depend on the machine anyway: PySR then takes all cores, with populations to
    keep them busy, and goes on until it is stopped.
    """
    usual = _EFFORTS[settings.effort]
    parallel = settings.deterministic is False or (settings.deterministic is None and time_limit is not None)
    populations = usual.populations
    if parallel:
        populations = max(populations, min(_MOST_POPULATIONS, _POPULATIONS_A_CORE * (cores or _cores())))
    return SearchBudget(
        settings.niterations or (usual.niterations if time_limit is None else _UNTIL_STOPPED),
        settings.populations or populations,
        settings.max_rows or usual.max_rows,
        not parallel,
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

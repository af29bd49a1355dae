"""Records of how well the formulas and the fixed-point design do what the teacher does."""

from typing import Literal

from pydantic import Field

from sr2hls.store.record import Record

Model = Literal["teacher", "formulas", "design"]
"""The network, the formulas in floating point, the fixed-point program."""

Fixed = Literal["false positives", "rate"]
"""What a working point holds fixed."""


class Scores(Record):
    """What one model reaches on one split; ``None`` where it has no meaning or no labels were given."""

    accuracy: float | None = None
    """Share of rows whose decision is the label."""
    agreement: float | None = None
    """Share of rows whose decision is the teacher's; ``None`` for the teacher itself."""
    auc: dict[str, float | None] = Field(default_factory=dict)
    """Class name to area under the one-against-all ROC curve."""
    r2: dict[str, float | None] = Field(default_factory=dict)
    """Output name to R² against the labels (regression)."""
    rmse: dict[str, float | None] = Field(default_factory=dict)
    """Output name to root of the mean squared difference from the labels (regression)."""
    teacher_r2: dict[str, float | None] = Field(default_factory=dict)
    """Output name to R² against the teacher's output."""
    teacher_rmse: dict[str, float | None] = Field(default_factory=dict)
    """Output name to root of the mean squared difference from the teacher's output."""


class RocCurve(Record):
    """A one-against-all ROC curve, thinned for drawing; the area is that of the whole curve."""

    model: Model
    positive: str
    """Class taken as signal; all others are background."""
    n_signal: int
    n_background: int
    false_positive: tuple[float, ...]
    true_positive: tuple[float, ...]


class WorkingPoint(Record):
    """Signal efficiency of a cut that lets through at most a given share of the background."""

    model: Model
    positive: str
    false_positive: float
    """Share of background let through."""
    rate_khz: float
    """The same as a trigger rate: ``false_positive`` times the input rate."""
    fixed: Fixed
    """What was fixed."""
    efficiency: float | None
    """Share of signal kept, or ``None`` where fewer than ten background rows are left to measure it with."""
    error: float | None
    """Binomial standard error of the efficiency."""


class ErrorHistogram(Record):
    """Histogram of a difference of two models' output; rows beyond the edges are in the outermost bins."""

    output: str
    minuend: Model
    subtrahend: Model
    low: float
    high: float
    counts: tuple[int, ...]
    rows: int
    mean: float
    rms: float
    largest: float
    """Largest absolute difference."""


class SplitFidelity(Record):
    """Everything measured on one split."""

    split: str
    rows: int
    scores: dict[Model, Scores]
    """What each model reaches."""
    roc: tuple[RocCurve, ...] = ()
    working_points: tuple[WorkingPoint, ...] = ()
    errors: tuple[ErrorHistogram, ...] = ()

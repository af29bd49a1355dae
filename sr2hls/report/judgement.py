"""What designs are judged by, and what the circuit, the network and simple models reach by it."""

from sr2hls.store.record import Record

CIRCUIT, NETWORK = "circuit", "network"


class ModelScore(Record):
    """What one model reaches on the test rows."""

    name: str
    """``circuit``, ``network`` (in floating point), ``linear``, ``quadratic`` or ``boosted trees``."""
    score: float
    """By the objective; the higher the better."""
    fidelity: float
    """Share of rows decided as the network does, or R² to it."""


class SimpleModels(Record):
    """Models that scikit-learn fits in seconds, in floating point, on the circuit's inputs."""

    fitted_rows: int
    """Training rows that they were fitted to."""
    models: tuple[ModelScore, ...]


class Signal(Record):
    """A yes-or-no decision as a trigger is judged, on labelled test rows."""

    share: float
    """Share of rows that are signal (the second class)."""
    rate: float
    """Share of the background that the network's own decision lets through; all efficiencies are at it."""
    network: float
    """Share of the signal that the network keeps."""
    circuit: float
    """Share of the signal that the circuit keeps with the loosest threshold of no higher rate."""
    network_auc: float
    circuit_auc: float
    """Areas under the ROC curves."""


class Judgement(Record):
    """What designs are judged by, and who reaches what on the same test rows."""

    objective: str
    """What scores are, e.g. ``accuracy``, ``R²``, ``AUC`` or ``efficiency at 0.01 of the background``."""
    asked: bool
    """Whether the user named it; else it is what suits the data."""
    rows: int
    """Test rows."""
    models: tuple[ModelScore, ...]
    """The circuit, the network, then simple models."""
    fitted_rows: int = 0
    """Training rows that the simple models were fitted to; 0 where there are none."""
    signal: Signal | None = None
    """``None`` unless the data label signal and background."""

    def model(self, name: str) -> ModelScore:
        """Return the score of the model of a name."""
        return next(m for m in self.models if m.name == name)

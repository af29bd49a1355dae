"""Data: read it, check it, split it, and decide which fixed-point inputs the circuit sees."""

from sr2hls.data.archive import MAX_BYTES
from sr2hls.data.dataset import Dataset, SplitData, load_dataset
from sr2hls.data.inputs import DEFAULT_WIDTH, InputFormat, choose_input_types
from sr2hls.data.names import FeatureNames
from sr2hls.data.scaler import InputScaler, ScalerKind, load_scaler
from sr2hls.data.split import SplitRows

__all__ = [
    "DEFAULT_WIDTH",
    "MAX_BYTES",
    "Dataset",
    "FeatureNames",
    "InputFormat",
    "InputScaler",
    "ScalerKind",
    "SplitData",
    "SplitRows",
    "choose_input_types",
    "load_dataset",
    "load_scaler",
]

"""What every record that sr2hls writes as JSON has in common."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen, strictly typed record; unknown keys and NaN or infinite numbers are refused."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )

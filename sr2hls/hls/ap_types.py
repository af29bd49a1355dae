"""Where the open ap_types headers are: hls4ml ships them."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from sr2hls.errors import ToolError


@cache
def ap_types_dir() -> Path:
    """Return the directory of ``ap_fixed.h``.

    Raises:
        ToolError: hls4ml is not installed, or without the headers.
    """
    spec = find_spec("hls4ml")
    if spec is not None and spec.origin is not None:
        directory = Path(spec.origin).parent / "templates" / "vivado" / "ap_types"
        if (directory / "ap_fixed.h").is_file():
            return directory
    raise ToolError("hls4ml's ap_types headers are missing: install hls4ml again (pip install hls4ml)")

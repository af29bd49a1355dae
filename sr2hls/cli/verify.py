"""``sr2hls verify``: a finished folder tested and proven again."""

from dataclasses import asdict
from pathlib import Path

from sr2hls.cli.output import TEXT, Shown


def verify(folder: Path, /, *, prove: float = 60.0, shown: Shown = TEXT) -> None:
    """Hold a finished circuit against its program again, also after its Verilog was edited.

    Example: `sr2hls verify result --prove 60`.

    Args:
        folder: Folder of a result, or an RTL project.
        prove: Seconds for each proof; 0 only tests.
    """
    from sr2hls.flow.design_file import design_of
    from sr2hls.prove.folder import verify_folder

    found = verify_folder(folder, prove, design_of(folder.resolve()))
    shown.show(
        {"executors": [asdict(row) for row in found.rows], "claims": [p.record() for p in found.proofs]},
        *found.lines(),
    )

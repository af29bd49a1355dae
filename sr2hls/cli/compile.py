"""``sr2hls compile``: a trained network and its data to a verified circuit."""

from typing import Annotated

from sr2hls.cli.config import ConfigFile
from sr2hls.cli.flags import FLAGS, with_command_line
from sr2hls.cli.output import TEXT, Shown
from sr2hls.cli.show import show_result
from sr2hls.options import CompileOptions


def compile(
    options: Annotated[CompileOptions, FLAGS], *, config: ConfigFile = None, shown: Shown = TEXT
) -> None:
    """Compile a trained network into a verified circuit of formulas.

    Finds formulas that do what the network does, chooses bits and tables for them, writes an HLS and an RTL
    project, compares them bit for bit and proves what can be proven in time, synthesises them beside the
    network, and reports.

    Example: `sr2hls compile jet_tagger.onnx --data jets.npz -o result --max-lut 400`, then open
    `result/report.html`. Run the same command again to go on after an interruption.
    """
    with shown.working(
        f"interrupted; what was finished is kept in '{options.output}': run the same command again to go on"
    ) as progress:
        from sr2hls.flow.compile import compile_network

        result = compile_network(with_command_line(options), progress)
    show_result(shown, result.report, options.output)

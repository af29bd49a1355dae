"""``sr2hls compile``: a trained network and its data to a verified circuit."""

import typer

from sr2hls.cli import arguments
from sr2hls.cli.failure import INTERRUPTED, say
from sr2hls.cli.interrupt import interruptible
from sr2hls.cli.output import JsonOption, Output, QuietOption, VerboseOption
from sr2hls.cli.show import result_data, result_table
from sr2hls.options import Backend, CompileOptions, Effort, Engine, Synthesis

EXAMPLE = (
    "Example: `sr2hls compile jet_tagger.onnx --data jets.npz -o result --max-lut 400` — then open "
    "`result/report.html`. Run the same command again to go on after an interruption."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(compile)


def compile(
    checkpoint: arguments.CheckpointOption,
    data: arguments.DataOption,
    output: arguments.OutputOption,
    model: arguments.ModelOption = None,
    allow_pickle: arguments.AllowPickleOption = False,
    task: arguments.TaskOption = None,
    target_column: arguments.TargetColumnOption = None,
    features: arguments.FeaturesOption = None,
    scaler: arguments.ScalerOption = "auto",
    drop_nonfinite: arguments.DropNonfiniteOption = False,
    input_bits: arguments.InputBitsOption = 6,
    input_type: arguments.InputTypeOption = None,
    part: arguments.PartOption = arguments.PART,
    clock_ns: arguments.ClockNsOption = arguments.CLOCK_NS,
    backend: arguments.BackendOption = Backend.VITIS,
    synthesis: arguments.SynthesisOption = Synthesis.YOSYS,
    max_latency_ns: arguments.MaxLatencyNsOption = None,
    max_lut: arguments.MaxLutOption = None,
    max_dsp: arguments.MaxDspOption = None,
    max_bram: arguments.MaxBramOption = None,
    min_fidelity: arguments.MinFidelityOption = None,
    engine: arguments.EngineOption = Engine.AUTO,
    cost: arguments.CostOption = None,
    pysr: arguments.PySROption = None,
    effort: arguments.EffortOption = Effort.MEDIUM,
    time: arguments.TimeOption = None,
    seed: arguments.SeedOption = 0,
    explored: arguments.ExploredOption = None,
    design: arguments.DesignOption = None,
    baseline: arguments.BaselineOption = True,
    jobs: arguments.JobsOption = None,
    overwrite: arguments.OverwriteOption = False,
    config: arguments.ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Compile a trained network into a verified circuit of formulas.

    Finds formulas that do what the network does, chooses bits and tables for them, writes an HLS and an RTL
    project, proves that both compute the same bits, synthesises them beside the network, and reports.
    """
    options = CompileOptions(**arguments.option_fields(locals()))
    shown = Output(json, quiet, verbose)
    try:
        with shown.progress() as bars, interruptible(bars) as progress:
            from sr2hls.pipeline import compile_network

            result = compile_network(options, progress)
    except KeyboardInterrupt:
        say(f"interrupted; what was finished is kept in '{output}': run the same command again to go on")
        raise typer.Exit(INTERRUPTED) from None
    shown.data(result_data(result.report, output))
    shown.text(*result_table(result.report, output))

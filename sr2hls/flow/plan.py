"""The stages of a run and about how long each takes, so that the time that is left is that of the whole."""

from sr2hls.flow.judgement import STAGE
from sr2hls.options import CompileOptions, LowerOptions, Synthesis

PREPARING = {"teacher": 3.0, "data": 2.0, "teacher evaluation": 3.0}
_TOOL_S = {
    Synthesis.YOSYS: 15.0,
    Synthesis.ECP5: 60.0,
    Synthesis.VITIS: 120.0,
    Synthesis.VITIS_COSIM: 240.0,
    Synthesis.VIVADO: 240.0,
    Synthesis.VIVADO_ROUTED: 600.0,
}


def building(title: str, options: CompileOptions | LowerOptions) -> dict[str, float]:
    """Return the stages in which a design of a title is implemented."""
    stages = {
        f"{title}: checks": 1.0,
        f"{title}: HLS project": 1.0,
        f"{title}: C++ against interpreter": 6.0,
        f"{title}: RTL project": 2.0,
        f"{title}: Verilog against interpreter": 10.0,
    }
    if options.synthesis in _TOOL_S:
        stages[f"{title}: synthesis ({options.synthesis.value})"] = _TOOL_S[options.synthesis]
    if options.prove_s > 0:
        stages[f"{title}: proofs"] = min(options.prove_s, 10.0)
        stages[f"{title}: passes"] = min(options.prove_s, 1.0)
        stages[f"{title}: formulas"] = min(options.prove_s, 3.0)
    return stages


def finishing(options: CompileOptions) -> dict[str, float]:
    """Return the last stages of `compile` and `explore`."""
    return {STAGE: 3.0, "original network": 30.0 if options.baseline else 0.5, "report": 2.0}

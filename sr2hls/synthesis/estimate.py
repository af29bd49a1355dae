"""Figures without any tool: the model of whole programs, and what the pipeline of the RTL says itself."""

from sr2hls.program.predict import program_model
from sr2hls.program.program import Program
from sr2hls.rtl.project import RtlProject
from sr2hls.synthesis.base import HdlDesign, known_timing
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.target import Family, Target


def estimate(program: Program, project: RtlProject, target: Target) -> HardwareReport:
    """Return estimated LUTs beside the cycles of the RTL; nothing is run.

    LUTs are those of UltraScale+ without DSP blocks, and absent for other families and for programs more than
    twice as large as the largest that the model was fitted to.
    """
    model = program_model()
    figures = known_timing(HdlDesign.of(project), target)
    if target.family is Family.ULTRASCALE_PLUS:
        lut, _ = model.predict(program)
        if lut.value <= 2 * model.largest:
            figures["lut"] = lut
    return HardwareReport(
        design=project.name,
        tool="sr2hls model of programs",
        version=model.date,
        part=target.part,
        step="RTL generation",
        settings={"dsp": "none"},
        lut_by_size=None,
        **figures,
    )

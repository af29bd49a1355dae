"""The C++ of an HLS project run on arrays."""

from numpy.typing import ArrayLike

from sr2hls.arrays import FloatArray
from sr2hls.errors import InputError
from sr2hls.hls.batch import CompiledFunction
from sr2hls.hls.compiler import compile_shared
from sr2hls.hls.project import HlsProject
from sr2hls.program.interpreter import dequantize_outputs, quantize_inputs
from sr2hls.store.directory import Directory
from sr2hls.templates import render

BATCH_DIR = "batch"
"""Where a project's batch runner and its libraries are, below the project."""


class CompiledProgram(CompiledFunction):
    """The top function of an HLS project, compiled with g++ and the open headers.

    What the vendor's tools would synthesise is what runs. Libraries are kept below the project and found by
    the digest of the sources.

    Args:
        project: from `write_hls`, `write_hybrid` or `HlsProject.open`.
        threads: how many threads share a call.

    Raises:
        ToolError: there is no C++ compiler, or it fails.

    Example:
        >>> CompiledProgram(project).run(raw)
    """

    def __init__(self, project: HlsProject, *, threads: int = 1) -> None:
        self.project = project
        directory = Directory.at(project.directory).folder(BATCH_DIR)
        # The top function's source is included, so that the compiler sees it and the loop around it together.
        includes = [f"{project.name}.cpp"]
        text = render("hls/batch.cpp.j2", includes=includes, functions=[project.batch_function])
        source = directory.write("batch.cpp", text)
        firmware = project.directory / "firmware"
        headers = [firmware, firmware / "nnet_utils", firmware / "ap_types"]
        library = compile_shared([source], directory.path, include_dirs=headers)
        symbol = project.batch_function.symbol
        super().__init__(library, symbol, project.input_types, project.output_types, threads)

    def predict(self, X: ArrayLike) -> FloatArray:
        """Return real outputs, shape (samples, outputs), for real inputs, quantised to the input types.

        Raises:
            InputError: the project is not one program alone.
        """
        program = self.project.program
        if program is None:
            raise InputError("a project with layers of a network has no program: use run() on raw values")
        return dequantize_outputs(program, self.run(quantize_inputs(program, X)))

"""A submodule of a checkpoint to formulas on disk: what ``sr2hls distil`` does."""

from pathlib import Path

import numpy as np

from sr2hls.data import load_dataset
from sr2hls.data.names import FeatureNames
from sr2hls.data.reason import reason
from sr2hls.distil.choose_candidate import Choose, elbow
from sr2hls.distil.distil import Distilled, distil
from sr2hls.distil.recording import record
from sr2hls.errors import InputError
from sr2hls.options import DistilOptions
from sr2hls.progress import Progress, SilentProgress
from sr2hls.search.auto import choose_engine
from sr2hls.search.base import SearchOptions
from sr2hls.search.base import SearchProgress as SearchReport
from sr2hls.search.expressions import text_of
from sr2hls.search.names import safe_names
from sr2hls.search.operon_run import OperonSettings
from sr2hls.search.pysr.settings_file import load_pysr_settings
from sr2hls.store.directory import Directory
from sr2hls.store.files import write_text
from sr2hls.store.lock import locked
from sr2hls.teacher import load_teacher
from sr2hls.threads import one_thread


@one_thread()
def distil_checkpoint(options: DistilOptions, progress: Progress | None = None) -> Distilled:
    """Load, record, search; write ``search.json``, ``formulas.txt`` and ``recorded.npz`` into the folder.

    ``sr2hls lower formulas.txt --data recorded.npz`` makes a circuit of them.

    Raises:
        InputError: the checkpoint has no submodules, there is none of that name, or data do not fit.
    """
    progress = progress or SilentProgress()
    if options.output.exists() and not options.output.is_dir():
        raise InputError(f"'{options.output}' is a file: give a folder for the result")
    with progress.stage("recording"):
        teacher = load_teacher(
            options.checkpoint, model=options.model, allow_pickle=options.allow_pickle, output=options.head
        )
        if teacher.module is None:
            raise InputError(
                f"'{options.checkpoint}' keeps no submodules: give a state_dict with --model, or a pickled "
                "module with --allow-pickle"
            )
        dataset = load_dataset(
            options.data,
            features=options.features,
            target=options.target_column,
            n_features=teacher.n_features,
            drop_nonfinite=options.drop_nonfinite,
        )
        rows = np.asarray(dataset.train.X, dtype=np.float64)
        try:
            recording = record(teacher.module, options.module, rows)
        except (RuntimeError, AssertionError) as error:
            raise InputError(
                f"'{options.checkpoint}' does not run on {len(rows)} rows at once ({reason(error)}): "
                "export it for any number of rows"
            ) from error
    names = _input_names(dataset.names, options.module, recording.X.shape[1])
    engine, why = choose_engine(
        options.engine,
        operon=OperonSettings(restarts=options.restarts),
        pysr=None if options.pysr is None else load_pysr_settings(options.pysr),
        operators=options.operators,
    )
    progress.note(why)
    rule: Choose = elbow if options.choose == "elbow" else options.choose
    with progress.stage("search", total=1.0) as stage:
        done: dict[str, float] = {}

        def report(said: SearchReport) -> None:
            step = said.fraction - done.get(said.output, 0.0)
            if step > 0:
                done[said.output] = said.fraction
                count = recording.Y.shape[1] if options.outputs is None else len(options.outputs)
                stage.advance(step / max(1, count), f"{said.output}: {said.message}")

        found = distil(
            recording,
            outputs=options.outputs,
            engine=engine,
            options=SearchOptions(operators=options.operators, max_size=options.max_size, input_names=names),
            choose=rule,
            max_rows=options.max_rows,
            seed=options.seed,
            time_limit=options.time_s,
            progress=report,
        )
    with locked(options.output):
        _write(found, options.output)
    return found


def _input_names(features: FeatureNames, module: str, width: int) -> tuple[str, ...] | None:
    """Return the names of the data where the whole network was recorded; x0, x1, ... inside of it."""
    return features.display if not module and len(features.display) == width else None


def _write(found: Distilled, folder: Path) -> None:
    found.frontier.save(folder / "search.json")
    # x0, x1, ... whatever the features are called: every reader takes these by position.
    lines = [
        f"{front.output} = {text_of(formula)}"
        for front, formula in zip(found.frontier.fronts, found.formulas, strict=True)
    ]
    write_text(folder / "formulas.txt", "\n".join(lines) + "\n")
    names = safe_names(found.recording.X.shape[1])
    with Directory.at(folder).unfinished_file("recorded.npz") as beside, beside.open("wb") as file:
        np.savez_compressed(
            file, X=found.recording.X, y=found.recording.Y[:, list(found.searched)], names=np.array(names)
        )

"""Outputs, seeds and settings side by side: local processes or a Dask cluster, resumable after any crash."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError
from numpy.typing import ArrayLike

from sr2hls.arrays import FloatArray
from sr2hls.costs import CostModel, describe
from sr2hls.errors import InputError, ToolError
from sr2hls.orphans import tied_workers
from sr2hls.search.base import Engine, ProgressCallback, SearchOptions, SearchProgress, checked_data
from sr2hls.search.base import output_names as names_of_outputs
from sr2hls.search.front import Front, Frontier
from sr2hls.search.names import checked_names
from sr2hls.store.directory import Directory
from sr2hls.store.files import write_text
from sr2hls.store.lock import locked

_ATTEMPTS = 3
_CONNECT_S = 10.0
_SCHEMA = "sr2hls.study/2"
_PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class StudyTask:
    """One search of a study.

    Attributes:
        output: index of the output.
        setting: index of the engine with its settings.
        seed: seed of the search.
    """

    output: int
    setting: int
    seed: int

    @property
    def name(self) -> str:
        """Name of its file."""
        return f"output{self.output}_setting{self.setting}_seed{self.seed}"


@dataclass(frozen=True, slots=True)
class Study:
    """Searches for every output with every seed and every setting.

    Attributes:
        X: inputs, shape (n, f).
        Y: outputs, shape (n, k).
        cost: cost model.
        options: options of every search.
        engines: engines with their settings.
        seeds: seeds.
        time_limit: seconds for one search, or ``None``.
        input_names: the user's names of the columns of X.
        output_names: the user's names of the columns of Y.
    """

    X: FloatArray
    Y: FloatArray
    cost: CostModel
    options: SearchOptions
    engines: tuple[Engine, ...]
    seeds: tuple[int, ...] = (0,)
    time_limit: float | None = None
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        X: ArrayLike,
        y: ArrayLike,
        *,
        cost: CostModel,
        options: SearchOptions,
        engines: Sequence[Engine],
        seeds: Sequence[int] = (0,),
        time_limit: float | None = None,
    ) -> "Study":
        """Check data and names.

        Raises:
            InputError: shapes, names or values cannot be used, or there is no engine or seed.
        """
        inputs, outputs = checked_data(X, y)
        if not engines or not seeds:
            raise InputError("a study needs at least one engine and one seed")
        if len(set(seeds)) != len(seeds):
            raise InputError(f"the seeds {', '.join(map(str, seeds))} are not all different")
        return cls(
            inputs,
            outputs,
            cost,
            options,
            tuple(engines),
            tuple(int(s) for s in seeds),
            time_limit,
            checked_names(options.input_names, inputs.shape[1]),
            names_of_outputs(options.output_names, outputs.shape[1]),
        )

    @property
    def tasks(self) -> tuple[StudyTask, ...]:
        """All searches."""
        return tuple(
            StudyTask(output, setting, seed)
            for output in range(self.Y.shape[1])
            for seed in self.seeds
            for setting in range(len(self.engines))
        )

    @property
    def fingerprint(self) -> str:
        """Changes with the data, the costs and the options, but not with the seeds: those can be added."""
        digest = hashlib.sha256()
        for array in (self.X, self.Y):
            digest.update(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
        settings = [(e.name, e.fingerprint) for e in self.engines]
        options = (repr(self.options), json.dumps(describe(self.cost)), settings, self.time_limit)
        digest.update(repr(options).encode())
        return digest.hexdigest()[:16]


def run_task(study: Study, task: StudyTask) -> dict[str, Any]:
    """Run one search; returns its frontier as JSON can hold it."""
    names = (study.output_names[task.output],)
    options = replace(study.options, input_names=study.input_names, output_names=names)
    frontier = study.engines[task.setting].search(
        study.X,
        study.Y[:, task.output],
        cost=study.cost,
        options=options,
        seed=task.seed,
        time_limit=study.time_limit,
    )
    return frontier.to_dict()


def run_study(
    study: Study,
    directory: Path | str,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    progress: ProgressCallback | None = None,
) -> Frontier:
    """Run all searches of a study that are not finished yet, and merge everything.

    Each finished search is a file of its own in ``directory/tasks``, written whole or not at all: run the
    same study again after a crash or Ctrl-C, and only what is missing is searched.

    Args:
        study: what to search.
        directory: where it is kept.
        jobs: local processes.
        scheduler: address of a Dask scheduler, e.g. ``tcp://10.0.0.1:8786``; its workers need sr2hls.
        progress: called after each finished search.

    Raises:
        InputError: the directory holds another study, or another run writes to it.
        ToolError: the scheduler cannot be reached, or a search killed its worker three times.
    """
    directory = Path(directory)
    with locked(directory):
        return _run(study, directory, jobs, scheduler, progress)


def _run(
    study: Study, directory: Path, jobs: int, scheduler: str | None, progress: ProgressCallback | None
) -> Frontier:
    folder = _prepare(study, directory)
    todo = [task for task in study.tasks if not _finished(folder, task)]
    total, done = len(study.tasks), len(study.tasks) - len(todo)
    notes: list[str] = []
    runner = _dask(scheduler) if scheduler is not None else _local(jobs)
    try:
        for task, result in runner(study, todo):
            stopped = any("interrupted" in note for note in result["notes"])
            # What Ctrl-C cut short counts, but is searched again.
            write_text(folder / f"{task.name}{_PARTIAL if stopped else ''}.json", json.dumps(result))
            if stopped:
                raise KeyboardInterrupt
            Directory.at(folder).remove(f"{task.name}{_PARTIAL}.json")
            done += 1
            if progress is not None:
                losses = [c["loss"] for c in result["fronts"][0]["candidates"] if c["loss"] is not None]
                best = min(losses, default=float("nan"))
                progress(
                    SearchProgress(
                        study.output_names[task.output], done / total, best, f"{done} of {total} searches"
                    )
                )
    except KeyboardInterrupt:
        notes.append(f"interrupted after {done} of {total} searches: run the study again to go on")
    return collect(study, directory, notes)


def collect(study: Study, directory: Path | str, notes: Sequence[str] = ()) -> Frontier:
    """Merge what a study has found so far; nothing is searched."""
    merged: list[Front] = [Front(name, ()) for name in study.output_names]
    found: list[str] = list(notes)
    told: dict[str, Any] = {}
    for task in study.tasks:
        whole = Path(directory) / "tasks" / f"{task.name}.json"
        path = whole if whole.is_file() else whole.with_name(f"{task.name}{_PARTIAL}.json")
        if path.is_file():
            part = Frontier.load(path)
            merged[task.output] = merged[task.output].merge(part[0])
            found += part.notes
            told |= part.told
    notes = tuple(dict.fromkeys(found))
    return Frontier(tuple(merged), study.input_names, describe(study.cost), notes, told)


def _prepare(study: Study, directory: Path) -> Path:
    folder = Directory.at(directory).folder("tasks").path
    spec = directory / "study.json"
    if spec.is_file():
        try:
            content = json.loads(spec.read_text(encoding="utf-8"))
            schema, found = content["schema"], content["fingerprint"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{spec} is damaged ({error}): choose another directory") from error
        if schema != _SCHEMA:
            raise InputError(f"{directory} holds a study of another version: choose another directory")
        if found != study.fingerprint:
            raise InputError(
                f"{directory} holds a study of other data, costs or options: choose another directory"
            )
    else:
        content = {
            "schema": _SCHEMA,
            "fingerprint": study.fingerprint,
            "inputs": list(study.input_names),
            "outputs": list(study.output_names),
            "cost_model": describe(study.cost),
            "engines": [{"name": e.name, "settings": e.fingerprint} for e in study.engines],
        }
        write_text(spec, json.dumps(content, indent=1))
    return folder


def _finished(folder: Path, task: StudyTask) -> bool:
    return (folder / f"{task.name}.json").is_file()


Runner = Callable[[Study, Sequence[StudyTask]], Iterator[tuple[StudyTask, dict[str, Any]]]]


def _local(jobs: int) -> Runner:
    def serial(study: Study, tasks: Sequence[StudyTask]) -> Iterator[tuple[StudyTask, dict[str, Any]]]:
        for task in tasks:
            yield _numbered(study, task)

    def processes(study: Study, tasks: Sequence[StudyTask]) -> Iterator[tuple[StudyTask, dict[str, Any]]]:
        left = list(tasks)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with tied_workers():
                    results = Parallel(n_jobs=jobs, return_as="generator_unordered")(
                        delayed(_numbered)(study, t) for t in left
                    )
                    for task, result in results:
                        left.remove(task)
                        yield task, result
                return
            except TerminatedWorkerError as error:
                if attempt == _ATTEMPTS:
                    names = ", ".join(t.name for t in left)
                    raise ToolError(
                        f"worker processes died {_ATTEMPTS} times; not finished: {names}"
                    ) from error

    return serial if jobs == 1 else processes


def _numbered(study: Study, task: StudyTask) -> tuple[StudyTask, dict[str, Any]]:
    return task, run_task(study, task)


def _dask(scheduler: str) -> Runner:
    def runner(study: Study, tasks: Sequence[StudyTask]) -> Iterator[tuple[StudyTask, dict[str, Any]]]:
        try:
            from distributed import Client, KilledWorker, as_completed
        except ImportError as error:
            raise ToolError(
                "a Dask scheduler needs the package distributed: pip install 'sr2hls[cluster]'"
            ) from error
        try:
            client = Client(scheduler, timeout=_CONNECT_S)
        except (OSError, ValueError) as error:
            raise ToolError(f"cannot reach the Dask scheduler {scheduler}: {error}") from error
        with client:
            # The study travels with each task rather than scattered: scattered data die with their worker.
            futures = {
                client.submit(
                    run_task,
                    study,
                    task,
                    key=f"{study.fingerprint}-{task.name}",
                    retries=_ATTEMPTS,
                    pure=True,
                ): task
                for task in tasks
            }
            try:
                for future in as_completed(futures):
                    try:
                        result = future.result()
                    except KilledWorker as error:
                        raise ToolError(
                            f"search {futures[future].name} killed its workers: {error}"
                        ) from error
                    yield futures[future], result
            finally:
                client.cancel(list(futures))

    return runner

"""What a design, its network and simple models reach on the test rows, by what designs are judged by."""

import numpy as np
from numpy.typing import NDArray

from sr2hls.baseline.simple_models import simple_models
from sr2hls.design import Design
from sr2hls.flow.run_folder import RunFolder
from sr2hls.objectives import Objective
from sr2hls.problem import Problem
from sr2hls.progress import Progress
from sr2hls.report.judgement import CIRCUIT, NETWORK, Judgement, ModelScore, Signal, SimpleModels

STAGE = "simple models"


def simple_scores(problem: Problem, run: RunFolder, progress: Progress) -> SimpleModels:
    """Return what simple models reach; they are fitted once a folder.

    Args:
        problem: its training rows are learned, its test rows judged.
        run: folder that keeps the result.
        progress: told of the stage.
    """
    with progress.stage(STAGE):
        return run.stage("simple_models", SimpleModels, lambda: _fitted(problem))


def _fitted(problem: Problem) -> SimpleModels:
    rows, models = simple_models(problem)
    found = (ModelScore(name=m.name, score=m.score, fidelity=m.fidelity) for m in models)
    return SimpleModels(fitted_rows=rows, models=tuple(found))


def judge(problem: Problem, design: Design, simple: SimpleModels) -> Judgement:
    """Return the judgement of a design.

    Args:
        problem: has the objective and the test rows.
        design: what became a circuit.
        simple: what simple models reach.
    """
    test = problem.test
    outputs = {CIRCUIT: design.predict(test.inputs), NETWORK: test.outputs}
    scores = (
        ModelScore(name=n, score=problem.score(o, test), fidelity=problem.fidelity(o, test))
        for n, o in outputs.items()
    )
    return Judgement(
        objective=problem.score_name,
        asked=problem.objective is not None and not problem.objective.chosen,
        rows=len(test),
        models=(*scores, *simple.models),
        fitted_rows=simple.fitted_rows if simple.models else 0,
        signal=_signal(problem, outputs[CIRCUIT]),
    )


def _signal(problem: Problem, circuit: NDArray[np.float64]) -> Signal | None:
    test = problem.test
    if not problem.task.is_classification or problem.n_outputs > 2 or test.labels is None:
        return None
    signal = test.labels == 1
    if not 0 < np.count_nonzero(signal) < len(signal):
        return None
    passed = problem.decide(test.outputs) == 1
    rate = float(np.mean(passed[~signal]))
    auc = Objective("auc")
    return Signal(
        share=float(np.mean(signal)),
        rate=rate,
        network=float(np.mean(passed[signal])),
        circuit=Objective("efficiency", rate).score(circuit, test.outputs, test.labels),
        network_auc=auc.score(test.outputs, test.outputs, test.labels),
        circuit_auc=auc.score(circuit, test.outputs, test.labels),
    )

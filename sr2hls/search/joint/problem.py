"""A `Problem` as the joint search sees it."""

import numpy as np

from sr2hls.problem import Problem, Split
from sr2hls.search.base import ProgressCallback
from sr2hls.search.joint.joint_front import JointFront
from sr2hls.search.joint.loss import TEACHER_SHARE, JointLoss, classification_loss, regression_loss
from sr2hls.search.joint.search import JointData, JointOptions, search_jointly


def search_problem(
    problem: Problem,
    options: JointOptions,
    *,
    teacher_share: float = TEACHER_SHARE,
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> JointFront:
    """Search formulas of all outputs of a problem; see `sr2hls.search.joint.search_jointly`.

    Args:
        problem: the teacher's answers on the circuit's inputs. Rows count by their weights.
        options: what the user decides.
        teacher_share: share of the teacher in the target of a classification that has labels.
        seed: the same seed gives the same front.
        progress: told of every step.
    """
    data = joint_data(problem, teacher_share=teacher_share)
    return search_jointly(data, options, seed=seed, progress=progress)


def joint_data(problem: Problem, *, teacher_share: float = TEACHER_SHARE) -> JointData:
    """Return rows and losses of a problem; models are judged by the problem's own score.

    A regression that is judged by its absolute error is fitted to that, others to the squared error.

    Args:
        problem: the teacher's answers on the circuit's inputs.
        teacher_share: share of the teacher in the target of a classification that has labels.
    """
    train, validation = problem.train, problem.validation
    types = problem.types.values()
    return JointData(
        problem.seen(train.inputs),
        _loss(problem, train, teacher_share),
        problem.seen(validation.inputs),
        _loss(problem, validation, teacher_share),
        lambda outputs: problem.score(outputs, validation),
        problem.seen(np.array([[t.min for t in types], [t.max for t in types]])).T,
    )


def _loss(problem: Problem, split: Split, teacher_share: float) -> JointLoss:
    if not problem.task.is_classification:
        absolute = problem.objective is not None and problem.objective.name == "mae"
        return regression_loss(split.outputs, absolute=absolute, weights=split.weights)
    return classification_loss(
        split.outputs, split.labels, teacher_share=teacher_share, weights=split.weights
    )

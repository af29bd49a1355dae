"""Readable formulas of all outputs together, found on the problem's own loss."""

from sr2hls.search.joint.engines import eql_proposer, operon_proposer, pysr_proposer
from sr2hls.search.joint.joint_engine import JointEngine
from sr2hls.search.joint.joint_front import JointFront, Scored
from sr2hls.search.joint.joint_model import JointModel, Term
from sr2hls.search.joint.loss import JointLoss, classification_loss, regression_loss
from sr2hls.search.joint.proposals import Proposer, model_of
from sr2hls.search.joint.readable import Readability, measure_readability
from sr2hls.search.joint.search import JointData, JointOptions, search_jointly
from sr2hls.search.joint.select_terms import SelectionSteps
from sr2hls.search.joint.template import Template
from sr2hls.search.joint.whole import WholeFormula

__all__ = [
    "JointData",
    "JointEngine",
    "JointFront",
    "JointLoss",
    "JointModel",
    "JointOptions",
    "Proposer",
    "Readability",
    "Scored",
    "SelectionSteps",
    "Template",
    "Term",
    "WholeFormula",
    "classification_loss",
    "eql_proposer",
    "measure_readability",
    "model_of",
    "operon_proposer",
    "pysr_proposer",
    "regression_loss",
    "search_jointly",
]

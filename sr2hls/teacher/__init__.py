"""Trained networks as teachers: load one from a file, run it, take it apart."""

from sr2hls.teacher.layers import Activation, Affine, Dense, Layer, to_torch
from sr2hls.teacher.loader import load_teacher
from sr2hls.teacher.state_dict import teacher_of
from sr2hls.teacher.task import Task
from sr2hls.teacher.teacher import Teacher

__all__ = [
    "Activation",
    "Affine",
    "Dense",
    "Layer",
    "Task",
    "Teacher",
    "load_teacher",
    "teacher_of",
    "to_torch",
]

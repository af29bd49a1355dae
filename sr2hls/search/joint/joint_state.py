"""The model while it is searched: atoms with their constants, which outputs use them, their values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray
from sr2hls.search.joint.joint_model import JointModel, Term
from sr2hls.search.joint.shapes import Shape

_ALL = slice(None)
_BATCH = 16384
_FEW = 4
"""A column with fewer different values than a quarter of its rows is evaluated once for each of them."""


@dataclass(frozen=True, eq=False)
class Atom:
    """A term in the search.

    Attributes:
        shape: its shape.
        inputs: positions of its inputs.
        constants: of the shape, shape (constants,).
    """

    shape: Shape
    inputs: tuple[int, ...]
    constants: FloatArray

    @classmethod
    def of(cls, term: Term) -> "Atom":
        """Take a term apart."""
        return cls(*Shape.of(term))

    def same(self, other: "Atom") -> bool:
        """Whether both are the same function."""
        return (
            self.shape == other.shape
            and self.inputs == other.inputs
            and bool(np.array_equal(self.constants, other.constants))
        )


@dataclass(frozen=True, eq=False)
class JointState:
    """A model in the search: outputs = bias + atoms(x) @ coefficients.T.

    Attributes:
        atoms: the atoms.
        used: which outputs use which atoms, shape (outputs, atoms).
        coefficients: shape (outputs, atoms); 0 where not used.
        bias: shape (outputs,).
    """

    atoms: tuple[Atom, ...]
    used: NDArray[np.bool_]
    coefficients: FloatArray
    bias: FloatArray

    @classmethod
    def empty(cls, bias: FloatArray) -> "JointState":
        """Return a model of constants, shape (outputs,)."""
        outputs = len(bias)
        return cls((), np.zeros((outputs, 0), dtype=bool), np.zeros((outputs, 0)), bias)

    @classmethod
    def of(cls, model: JointModel) -> "JointState":
        """Take a model apart."""
        atoms = tuple(Atom.of(term) for term in model.terms)
        return cls(atoms, model.coefficients != 0, model.coefficients, model.bias)

    def model(self) -> JointModel:
        """Put the model together; what turns out constant, such as min(abs(u), -1), joins the bias."""
        formulas = [a.shape.formula(a.inputs, [float(c) for c in a.constants]) for a in self.atoms]
        coefficients = np.where(self.used, self.coefficients, 0.0)
        constant = np.array([not f.free_symbols for f in formulas], dtype=bool)
        values = np.array([0.0 if f.free_symbols else float(f) for f in formulas])
        terms = tuple(Term(f) for f in formulas if f.free_symbols)
        return JointModel(terms, coefficients[:, ~constant], self.bias + coefficients @ values)

    def outputs(self, values: Sequence[FloatArray], count: int) -> FloatArray:
        """Return the outputs, shape (count, outputs), for the atoms' values, shape (count,) each."""
        if not values:
            return np.tile(self.bias, (count, 1))
        with np.errstate(over="ignore", invalid="ignore"):  # trials may overflow, and are left
            return np.asarray(np.stack(values, axis=1) @ self.coefficients.T + self.bias)

    def links(self) -> list[tuple[int, int]]:
        """Pairs of output and atom that belong together, output by output."""
        return [(int(o), int(a)) for o, a in zip(*np.nonzero(self.used), strict=True)]

    def added(self, atom: Atom, output: int, coefficient: float) -> "JointState":
        """Return the model with one more use of an atom; an atom that is there already is shared."""
        for place, known in enumerate(self.atoms):
            if known.same(atom) and not self.used[output, place]:
                used, coefficients = self.used.copy(), self.coefficients.copy()
                used[output, place], coefficients[output, place] = True, coefficient
                return replace(self, used=used, coefficients=coefficients)
        column = np.arange(len(self.bias)) == output
        used = np.column_stack([self.used, column])
        coefficients = np.column_stack([self.coefficients, np.where(column, coefficient, 0.0)])
        return replace(self, atoms=(*self.atoms, atom), used=used, coefficients=coefficients)

    def removed(self, output: int, place: int) -> "JointState":
        """Return the model with one use of an atom less; atoms that nobody uses go."""
        used = self.used.copy()
        used[output, place] = False
        keep = np.asarray(used.any(axis=0))
        atoms = tuple(a for a, k in zip(self.atoms, keep, strict=True) if k)
        coefficients = np.where(used, self.coefficients, 0.0)[:, keep]
        return replace(self, atoms=atoms, used=used[:, keep], coefficients=coefficients)

    # Parameters in one vector: biases, coefficients of the links, constants of the atoms.

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Where the constants of each atom begin in the vector; one more entry for its length."""
        begin = len(self.bias) + int(self.used.sum())
        sizes = [len(atom.constants) for atom in self.atoms]
        return tuple(begin + int(s) for s in np.concatenate([[0], np.cumsum(sizes)]))

    def vector(self) -> FloatArray:
        """Return all parameters."""
        inner = [atom.constants for atom in self.atoms]
        return np.concatenate([self.bias, self.coefficients[self.used], *inner])

    def with_vector(self, vector: FloatArray) -> "JointState":
        """Return the model with other parameters, shape (parameters,)."""
        outputs = len(self.bias)
        coefficients = np.zeros(self.used.shape)
        coefficients[self.used] = vector[outputs : self.offsets[0]]
        atoms = tuple(
            replace(atom, constants=vector[begin:end]) if end > begin else atom
            for atom, (begin, end) in zip(self.atoms, pairwise(self.offsets), strict=True)
        )
        return replace(self, atoms=atoms, coefficients=coefficients, bias=vector[:outputs].copy())

    def link_parameters(self) -> Iterator[tuple[int, int, int, range]]:
        """Output, atom, index of the coefficient and indices of the constants, link by link."""
        for index, (output, place) in enumerate(self.links(), start=len(self.bias)):
            yield output, place, index, range(self.offsets[place], self.offsets[place + 1])


class InputColumns:
    """Rows of inputs; functions of one input of few different values are worked out once for each value."""

    def __init__(self, X: FloatArray) -> None:
        self.X = X
        self._columns: dict[int, FloatArray] = {}
        self._known: dict[int, tuple[FloatArray, NDArray[np.int32]] | None] = {}

    def __len__(self) -> int:
        return len(self.X)

    def part(self, rows: NDArray[np.intp]) -> "InputColumns":
        """Return the rows of some numbers, shape (rows,)."""
        return InputColumns(self.X[rows])

    def values(self, atom: Atom, rows: slice = _ALL) -> FloatArray:
        """Return the values of an atom, shape (rows,)."""
        few = self._few(atom.inputs)
        if few is not None:
            return np.asarray(atom.shape.evaluate([few[0]], atom.constants)[few[1][rows]])
        return atom.shape.evaluate([self._column(i)[rows] for i in atom.inputs], atom.constants)

    def derivatives(self, atom: Atom, rows: slice = _ALL) -> tuple[FloatArray, FloatArray]:
        """Return the values, shape (rows,), and derivatives by the constants, shape (rows, constants)."""
        few = self._few(atom.inputs)
        if few is not None:
            values, slopes = atom.shape.derivatives([few[0]], atom.constants)
            return values[few[1][rows]], slopes[few[1][rows]]
        return atom.shape.derivatives([self._column(i)[rows] for i in atom.inputs], atom.constants)

    def batches(self) -> Iterator[slice]:
        """Rows in parts that fit into a processor's cache with all that is worked out for them."""
        return (slice(begin, begin + _BATCH) for begin in range(0, len(self), _BATCH))

    def outputs(self, state: JointState) -> FloatArray:
        """Return the outputs of a model, shape (rows, outputs)."""
        outputs = np.empty((len(self), len(state.bias)))
        for rows in self.batches():
            outputs[rows] = self.outputs_of(state, rows)
        return outputs

    def outputs_of(self, state: JointState, rows: slice) -> FloatArray:
        """Return the outputs of a model on some rows, shape (rows, outputs)."""
        return state.outputs([self.values(atom, rows) for atom in state.atoms], len(range(len(self))[rows]))

    def _column(self, place: int) -> FloatArray:
        # Only inputs that a model reads are copied.
        if place not in self._columns:
            self._columns[place] = np.ascontiguousarray(self.X[:, place])
        return self._columns[place]

    def _few(self, inputs: Sequence[int]) -> tuple[FloatArray, NDArray[np.int32]] | None:
        if len(inputs) != 1:
            return None
        place = inputs[0]
        if place not in self._known:
            unique, inverse = np.unique(self._column(place), return_inverse=True)
            few = len(unique) * _FEW < len(self)
            self._known[place] = (unique, inverse.reshape(-1).astype(np.int32)) if few else None
        return self._known[place]

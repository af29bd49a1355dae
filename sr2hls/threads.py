"""One thread for linear algebra."""

from collections.abc import Iterator
from contextlib import contextmanager

import scipy.linalg  # noqa: F401  (a BLAS that is loaded later would not be limited)
import torch
from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """Return a context, or a decorator, in which BLAS and torch use one thread each.

    Sums in another order are other sums: the same seed gives the same design only with the same threads.
    The products here are small, so a second thread gains little. Where another process wants its core, every
    product waits for it: a search of 11 s with one thread takes 147 s with two beside another process.
    Cores are used by processes instead (``--jobs``).
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)

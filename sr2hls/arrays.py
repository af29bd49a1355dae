"""Arrays by what they hold. Their shapes stand in the docstring of whoever takes or gives them."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

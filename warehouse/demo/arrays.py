"""Names for the kinds of array that the generator passes around."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Moments = NDArray[np.datetime64]
Texts = NDArray[np.bytes_]

SECOND = np.timedelta64(1_000_000, "us")
MINUTE = 60 * SECOND

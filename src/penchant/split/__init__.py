"""Split interactions into a training part and a test part; one module a kind of split.

Every split puts each interaction into exactly one part, repeats with the same seed, and moves
only likes (positive values) into the test part: dislikes stay in the training part.
:func:`temporal`, :func:`leave_last_out`, :func:`cold_items` and :func:`cold_users` move dislikes
too: a later dislike must not be trained on, nor any interaction of a cold item or user.
"""

from penchant.split._base import Split
from penchant.split._cold_start import cold_items, cold_users
from penchant.split._held_out_users import held_out_users
from penchant.split._leave_k_out import leave_k_out
from penchant.split._leave_last_out import leave_last_out
from penchant.split._negatives import sample_negatives
from penchant.split._predefined import predefined
from penchant.split._random_fraction import random_fraction
from penchant.split._temporal import temporal

__all__ = [
    "Split",
    "cold_items",
    "cold_users",
    "held_out_users",
    "leave_k_out",
    "leave_last_out",
    "predefined",
    "random_fraction",
    "sample_negatives",
    "temporal",
]

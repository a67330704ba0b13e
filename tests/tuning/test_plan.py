"""What tells the data of tuning runs apart."""

from __future__ import annotations

import dataclasses

import numpy as np
from tests.conftest import random_interactions

from penchant.split import leave_k_out, sample_negatives
from penchant.tuning.plan import split_digest


def test_candidates_are_part_of_the_data() -> None:
    split = leave_k_out(random_interactions(30, 25, density=0.4), 2)
    few = dataclasses.replace(split, candidates=np.arange(5))
    sampled, other = (sample_negatives(split, 4, seed=seed) for seed in (0, 1))
    digests = [split_digest(each) for each in (split, few, sampled, other)]
    assert len(set(digests)) == 4
    assert split_digest(sample_negatives(split, 4)) == digests[2]

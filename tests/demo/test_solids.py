"""Signed distances of the forms."""

from __future__ import annotations

import numpy as np
import pytest

from penchant.demo.solids import FORMS, STANCES, place


@pytest.mark.parametrize("form", FORMS)
def test_a_form_fits_the_picture_and_has_an_inside(form: str) -> None:
    rng = np.random.default_rng(0)
    direction = rng.standard_normal((3, 2000))
    direction /= np.linalg.norm(direction, axis=0)
    assert (FORMS[form](*(1.25 * direction).astype(np.float32)) > 0).all()
    inside = rng.uniform(-1, 1, (3, 4000)).astype(np.float32)
    assert (FORMS[form](*inside) < 0).mean() > 0.02


@pytest.mark.parametrize("form", FORMS)
def test_a_distance_is_hardly_ever_too_long(form: str) -> None:
    """Between two points a distance may not change by more than they are apart (Lipschitz)."""
    rng = np.random.default_rng(1)
    here = rng.uniform(-1.2, 1.2, (3, 5000)).astype(np.float32)
    there = here + rng.normal(scale=0.02, size=here.shape).astype(np.float32)
    apart = np.linalg.norm(here - there, axis=0)
    change = np.abs(FORMS[form](*here) - FORMS[form](*there)) / apart
    assert np.quantile(change, 0.99) < 1.3


@pytest.mark.parametrize("stance", range(len(STANCES)))
@pytest.mark.parametrize("form", ["ball", "star", "cone"])
def test_it_stands_on_the_ground(form: str, stance: int) -> None:
    distance, _ = place(FORMS[form], STANCES[stance])
    grid = np.linspace(-1.2, 1.2, 81, dtype=np.float32)
    x, z = (part.ravel() for part in np.meshgrid(grid, grid))

    def is_there(height: float) -> bool:
        return bool((distance(x, np.full_like(x, height), z) < 0).any())

    assert not is_there(-0.05)
    assert is_there(0.06)


def test_stances_have_their_own_words() -> None:
    assert len({stance.word for stance in STANCES}) == len(STANCES)

"""Images are identified by their fingerprints, in any batch and at any scale."""

from __future__ import annotations

import numpy as np
import pytest

from netgrader.judges.known_images import Projections, Table, fingerprints, match_scaled
from netgrader.student import load_mnist


@pytest.fixture(scope="module")
def images():
    (train, _), (test, _) = load_mnist()
    return np.concatenate([train, test]).reshape(-1, 784)


@pytest.fixture(scope="module")
def known(images):
    return fingerprints((images / 255).astype(np.float32))


def test_no_two_of_the_70000_images_have_one_fingerprint(known):
    assert len(np.unique(known, axis=0)) == len(known) == 70_000


def test_every_image_is_found_again(known):
    order = np.random.default_rng(1).permutation(len(known))
    assert np.array_equal(Table(known).find(known[order]), order)


def test_a_row_has_the_same_fingerprint_in_any_batch(images, known):
    scaled = (images[:1000] / 255).astype(np.float32)
    order = np.random.default_rng(2).permutation(1000)
    for size in (1, 7, 64, 1000):
        batches = [fingerprints(scaled[order[start : start + size]]) for start in range(0, 1000, size)]
        assert np.array_equal(np.concatenate(batches), known[order])


@pytest.mark.parametrize(
    "scale",
    [
        lambda images: images / 255,
        lambda images: images.astype(np.float32) / np.float32(255),
        lambda images: images.astype(np.float32) * np.float32(1 / 255),
    ],
)
def test_the_way_of_rounding_does_not_matter(images, known, scale):
    assert np.array_equal(Table(known).find(fingerprints(scale(images))), np.arange(len(known)))


def test_an_image_that_is_not_known_is_not_found(known):
    table = Table(known[:60_000])
    assert (table.find(known[60_000:]) == -1).all()
    assert (table.find(np.full((3, Projections.WIDTH), np.nan)) == -1).all()
    assert len(table.find(np.empty((0, Projections.WIDTH)))) == 0


def test_equal_rows_are_found_as_the_first_of_them(known):
    twice = np.concatenate([known[:50], known[:50]])
    assert np.array_equal(Table(twice).find(twice), np.concatenate([np.arange(50), np.arange(50)]))


@pytest.mark.parametrize(
    ("factor", "shift"),
    [(255.0, 0.0), (1 / 255, 0.0), (2.0, -1.0), (-1.0, 1.0), (3.2456, -0.4241), (1 / 256 * 255, 0.0)],
)
def test_a_rescaled_image_is_found_with_its_scale(images, known, factor, shift):
    rows = slice(0, 70_000, 7)
    match = match_scaled(known, fingerprints(images[rows] / 255 * factor + shift), 784)
    assert np.array_equal(match.index, np.arange(70_000)[rows])
    assert np.allclose(match.factor, factor, rtol=1e-5)
    assert np.allclose(match.shift, shift, atol=1e-4)


def test_noise_is_no_image_at_any_scale(known):
    noise = np.random.default_rng(3).random((2000, 784))
    assert (match_scaled(known, fingerprints(noise), 784).index == -1).all()
    assert (match_scaled(known, np.zeros((5, Projections.WIDTH)), 784).index == -1).all()

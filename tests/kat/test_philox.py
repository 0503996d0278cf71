"""Published words of Philox4x32-10 and the counter map of scenarios."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenmill._native import stream_id
from tokenmill.montecarlo import Uniform, philox4x32, sample
from tokenmill.reference import philox as twin

# Random123, tests/kat_vectors, 2021-11-30
PUBLISHED = """
00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8
ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd
243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1
"""

word = st.integers(0, 0xFFFFFFFF)


@pytest.mark.parametrize("line", PUBLISHED.split("\n")[1:-1])
def test_published_words(line: str) -> None:
    words = [int(text, 16) for text in line.split()]
    assert philox4x32(words[:4], words[4:6]).tolist() == words[6:]
    assert list(twin.philox4x32(tuple(words[:4]), tuple(words[4:6]))) == words[6:]


def test_every_stored_vector(data_folder: Path) -> None:
    content = json.loads((data_folder / "montecarlo" / "kat_philox.json").read_text())
    vectors = [v for v in content["vectors"] if (v["gen"], v["rounds"]) == ("philox4x32", 10)]
    assert len(vectors) >= 3
    for vector in vectors:
        counter, key, expected = (
            [int(text, 16) for text in vector[name]] for name in ("ctr", "key", "expected")
        )
        assert philox4x32(counter, key).tolist() == expected


@given(st.tuples(word, word, word, word), st.tuples(word, word))
def test_twin(counter: tuple[int, int, int, int], key: tuple[int, int]) -> None:
    assert tuple(philox4x32(counter, key).tolist()) == twin.philox4x32(counter, key)


def test_leading_axes_broadcast() -> None:
    counters = np.arange(24).reshape(2, 3, 4)
    found = philox4x32(counters, [7, 8])
    assert found.shape == (2, 3, 4)
    assert found.dtype == np.uint32
    assert found[1, 2].tolist() == list(twin.philox4x32((20, 21, 22, 23), (7, 8)))


@pytest.mark.parametrize(
    ("counter", "key", "error"),
    [
        ([0.0] * 4, [0, 0], TypeError),
        ([0] * 3, [0, 0], ValueError),
        ([0] * 4, [0, 0, 0], ValueError),
        ([0, 0, 0, 1 << 32], [0, 0], ValueError),
        ([0, 0, 0, -1], [0, 0], ValueError),
        (3, [0, 0], ValueError),
    ],
)
def test_bad_words_are_refused(counter, key, error) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match="counter|key"):
        philox4x32(counter, key)


@pytest.mark.parametrize("start", [0, 511, 1000, 2**33 * 1024 - 3])
def test_uniforms_follow_the_counter_map(start: int) -> None:
    seed = 0x0123456789ABCDEF
    found = sample(Uniform(0.0, 1.0), 40, seed=seed, input="x", start=start)
    expected = [twin.uniform(seed, stream_id("x"), start + i) for i in range(40)]
    assert found.tolist() == expected


def test_samples_of_a_range_are_part_of_a_longer_one() -> None:
    whole = sample(Uniform(0.0, 1.0), 200_000, seed=3, threads=2)
    assert np.array_equal(sample(Uniform(0.0, 1.0), 70_001, seed=3, start=999), whole[999:71_000])

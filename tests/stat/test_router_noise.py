"""Routers that need chance have the distribution they say: fixed seeds, level 1e-6 per test."""

import numpy as np
from scipy import stats

from tokenmill.routing import route_top1, route_top2

TOKENS = 40_000
LOGITS = np.array([1.0, 0.0, -0.5, 0.5, -1.0])
ROWS = np.tile(LOGITS, (TOKENS, 1))
LEVEL = 1e-6


def shares(logits):
    powers = np.exp(logits)
    return powers / powers.sum()


def test_gumbel_noise_chooses_by_softmax():
    ids = route_top1(ROWS, None, gumbel=True, seed=1).expert_ids[:, 0]
    counts = np.bincount(ids, minlength=5)
    assert stats.chisquare(counts, shares(LOGITS) * TOKENS).pvalue > LEVEL
    assert stats.chisquare(counts, np.full(5, TOKENS / 5)).pvalue < LEVEL


def test_a_sampled_second_choice_follows_the_softmax_of_the_others():
    ids = route_top2(ROWS, None, second="sampling", seed=2).expert_ids
    assert (ids[:, 0] == 0).all()
    counts = np.bincount(ids[:, 1], minlength=5)[1:]
    assert stats.chisquare(counts, shares(LOGITS[1:]) * TOKENS).pvalue > LEVEL
    assert stats.chisquare(counts, np.full(4, TOKENS / 4)).pvalue < LEVEL


def test_a_random_second_choice_is_kept_with_twice_its_probability():
    kept = int(route_top2(ROWS, None, second="random", seed=3).kept[:, 1].sum())
    p2 = shares(LOGITS)[3]
    assert stats.binomtest(kept, TOKENS, 2 * p2).pvalue > LEVEL
    assert stats.binomtest(kept, TOKENS, p2).pvalue < LEVEL


def test_random_tokens_are_kept_wherever_they_stand():
    found = route_top1(np.zeros((TOKENS, 1)), TOKENS // 4, random_tokens=True, seed=4)
    by_tenth = found.kept[:, 0].reshape(10, -1).sum(axis=1)
    assert by_tenth.sum() == TOKENS // 4
    assert stats.chisquare(by_tenth).pvalue > LEVEL
    earliest = route_top1(np.zeros((TOKENS, 1)), TOKENS // 4).kept[:, 0].reshape(10, -1).sum(axis=1)
    assert stats.chisquare(earliest).pvalue < LEVEL

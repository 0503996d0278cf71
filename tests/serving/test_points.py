"""The reader of published measurements, and the embedded ones."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tokenmill.serving import read_points
from tokenmill.serving.points import FIELDS, Point, PointsError, PrefillPool, parse_points

GOOD = {"id": "a", "metric": "out_tok_s", "value": 100}


def line(**changes):
    return json.dumps({**GOOD, **changes}).encode()


def test_a_line_becomes_a_point():
    pool = {"tp": 8, "dp": 1, "ep": None, "n": 2}
    content = line(model_id="of the future", batch=7.0, prefill_pool=pool, overlap=False)
    (point,) = parse_points(content + b"\n\n")
    assert point == Point(
        id="a",
        metric="out_tok_s",
        value=100.0,
        model_id="of the future",
        batch=7.0,
        prefill_pool=PrefillPool(tp=8, dp=1, n=2),
        overlap=False,
    )
    assert parse_points(b"") == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "p: line 1: expected a JSON object, found an error"),
        (b"[1]", "p: line 1: expected a JSON object, found an array of 1 values"),
        (b"\xff", "p: line 1: expected text in UTF-8"),
        (b"[" * 10_000, "p: line 1: expected a JSON object"),
        (b'{"id": "a"}', "p: line 1: metric: expected one of out_tok_s"),
        (line(value=0), "line 1: value: expected a number above 0"),
        (line(value=float("nan")), "line 1: value: expected a number above 0"),
        (line(value=True), "line 1: value: expected a number above 0"),
        (line(metric="speed"), "line 1: metric: expected one of out_tok_s, .*'speed'"),
        (line(batchs=3), r"line 1: expected a field of a point, found 'batchs' \(did you mean"),
        (line(n_gpus=2.5), "line 1: n_gpus: expected a whole number"),
        (line(n_gpus=10**400), "line 1: n_gpus: expected a whole number"),
        (line(cache_hit=1.5), "line 1: cache_hit: expected a number from 0 to 1"),
        (line(overlap=1), "line 1: overlap: expected true or false"),
        (line(prefill_pool=3), "line 1: prefill_pool: expected an object with tp"),
        (line(prefill_pool={"tp": 0}), "line 1: prefill_pool.tp: expected a whole number"),
        (line(note="x" * 3000), "line 1: note: expected text"),
        (b" " * 70_000 + line(), "line 1: expected at most 65536 bytes"),
        (line() + b"\n" + line(), "line 2: id: expected an id of its own, found 'a'"),
    ],
)
def test_what_is_none_of_this_form_is_refused_by_line_and_field(content, message):
    with pytest.raises(PointsError, match=message):
        parse_points(content, "p")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(PointsError, match="none.jsonl: expected a readable file, found no such"):
        read_points(tmp_path / "none.jsonl")
    with pytest.raises(TypeError, match="path: expected the path of a file, found int"):
        read_points(3)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*FIELDS, "other"]), VALUES, max_size=8))
@example({"id": "\ud800", "metric": "tpot_s", "value": 1})
def test_any_object_is_read_or_refused(table):
    try:
        points = parse_points(json.dumps({**GOOD, **table}).encode())
    except PointsError:
        return
    assert len(points) == 1


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(content):
    try:
        parse_points(content)
    except PointsError:
        return


def test_the_embedded_points_are_of_the_form():
    points = read_points()
    assert len(points) == 198
    ids = {point.id for point in points}
    for point in points:
        assert point.source and point.date and point.family and point.quality and point.kind
        assert point.model_id and point.hw_id and point.phase
        assert point.dup_of is None or point.dup_of in ids
        assert (point.batch is None) <= (point.batch_scope in (None, "max"))
        if point.metric.startswith("usd_"):
            assert point.usd_h
        if point.n_gpus and point.attn_tp and point.phase == "agg":
            assert point.n_gpus == point.attn_tp * point.attn_dp * point.n_replicas
        if point.phase == "disagg" and point.prefill_pool:
            pool = point.prefill_pool
            prompts = pool.n * pool.tp * pool.dp
            assert point.n_gpus == point.n_replicas * point.attn_tp * point.attn_dp + prompts


def test_every_line_has_exactly_the_fields_in_their_order():
    from importlib import resources

    source = resources.files("tokenmill.catalogue").joinpath("serving", "validation_points.jsonl")
    for text in source.read_text(encoding="utf-8").splitlines():
        assert set(json.loads(text)) == set(FIELDS)

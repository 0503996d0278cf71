"""Traces: both forms hold the same, files are whole or absent, and no file can do harm."""

import hashlib
import io
import json
import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tokenmill.routing import TraceRecord, read_trace, trace_checksum, write_trace

MEGATRON = (
    '{"step": 0, "stage": "pre_dispatch", "block": "decoder", "layer": 3, "rank": 0, '
    '"num_tokens": 2, "topk": 3, "top_indices": [[12, 45, 7], [0, 1, 2]], "hs_offset": 0}\n'
)
# the form of the checksum is fixed for good: one written down today must be met in ten years
CANONICAL = (
    b'{"block":"decoder","layer":3,"num_tokens":2,"rank":0,"stage":"pre_dispatch","step":0,'
    b'"topk":3}\n' + struct.pack("<6i", 12, 45, 7, 0, 1, 2)
)
CHECKSUM = hashlib.sha256(CANONICAL).hexdigest()


def record(step=0, tokens=5, topk=3, seed=0, **fields):
    ids = np.random.default_rng(seed).integers(0, 256, (tokens, topk), dtype=np.int32)
    names = {"stage": "pre_dispatch", "block": "decoder", "layer": 3, "rank": 0}
    return TraceRecord(step=step, top_indices=ids, **(names | fields))


RECORDS = [
    record(),
    record(1, tokens=0),
    record(2, topk=1, block="mtp", mtp_idx=0),
    record(3, tokens=700, topk=8, stage="später", layer=2**63 - 1),
]


def content(records):
    return [(one.header(), one.top_indices.tolist()) for one in records]


@pytest.fixture(params=[".jsonl", ".npz"])
def suffix(request):
    return request.param


def test_what_is_written_is_read(tmp_path, suffix):
    path = tmp_path / f"trace{suffix}"
    checksum = write_trace(path, iter(RECORDS))
    assert content(read_trace(path)) == content(RECORDS)
    assert trace_checksum(path) == checksum
    assert all(one.top_indices.dtype == np.int32 for one in read_trace(str(path)))


def test_the_checksum_is_that_of_the_content(tmp_path):
    paths = [tmp_path / "a.jsonl", tmp_path / "a.npz"]
    first, second = (write_trace(path, RECORDS) for path in paths)
    assert first == second
    assert write_trace(paths[1], reversed(RECORDS)) != first
    other = [record(seed=9), *RECORDS[1:]]
    assert write_trace(paths[0], other) != first


def test_megatron_files_are_read_and_have_a_fixed_checksum(tmp_path):
    path = tmp_path / "router_trace_rank0.jsonl"
    path.write_text(MEGATRON)
    (found,) = read_trace(path)
    assert found.top_indices.tolist() == [[12, 45, 7], [0, 1, 2]]
    assert (found.layer, found.block, found.mtp_idx) == (3, "decoder", None)
    assert trace_checksum(path) == CHECKSUM


def test_our_lines_are_megatrons_and_a_seal(tmp_path):
    path = tmp_path / "a.jsonl"
    checksum = write_trace(path, RECORDS[2:3])
    first, last = map(json.loads, path.read_text().splitlines())
    names = ["step", "stage", "block", "layer", "rank", "num_tokens", "topk", "mtp_idx"]
    assert list(first) == [*names, "top_indices"]
    assert last == {"records": 1, "sha256": checksum}


def test_numpy_opens_the_npz_and_equal_records_give_equal_files(tmp_path):
    path = tmp_path / "a.npz"
    checksum = write_trace(path, RECORDS)
    before = path.read_bytes()
    with np.load(path, allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["00000003"], RECORDS[3].top_indices)
        assert stored["numbers"][2].tolist() == [2, 3, 0, 5, 1, 0]
        assert stored["names"][3].tolist() == ["später", "decoder"]
        assert str(stored["sha256"]) == checksum
    write_trace(path, RECORDS)
    assert path.read_bytes() == before


def test_an_empty_trace(tmp_path, suffix):
    path = tmp_path / f"none{suffix}"
    checksum = write_trace(path, [])
    assert list(read_trace(path)) == [] and trace_checksum(path) == checksum


def test_memory_does_not_grow_with_the_file(tmp_path, suffix):
    path = tmp_path / f"long{suffix}"
    one = record(tokens=4096, topk=8)
    peaks = []
    for count in (3, 60):
        write_trace(path, (one for _ in range(count)))
        tracemalloc.start()
        assert sum(1 for _ in read_trace(path)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_a_failed_write_leaves_what_was_there(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_trace(path, RECORDS)
    before = path.read_bytes()

    def broken():
        yield RECORDS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_trace(path, broken())
    with pytest.raises(TypeError, match="records: expected TraceRecord, found dict"):
        write_trace(path, [{}])
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


GOOD = json.loads(MEGATRON)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"step": None}, "step: expected an integer, found None"),
        ({"step": True}, "step: expected an integer, found True"),
        ({"step": -1}, r"step: expected an integer in \[0, 2\*\*63\), found -1"),
        ({"layer": 10**4000}, "layer: .* found an integer of more than 128 bits"),
        ({"rank": 0.0}, "rank: expected an integer, found 0.0"),
        ({"mtp_idx": "1"}, "mtp_idx: expected an integer, found '1'"),
        ({"stage": 5}, "stage: expected a text, found 5"),
        ({"stage": ""}, "stage: expected 1 to 64 printable characters"),
        ({"block": "x" * 9999}, r"block: expected 1 to 64 printable characters, found 'x+\.\.\.'$"),
        ({"block": "a\0"}, "block: expected 1 to 64 printable"),
        ({"block": "\ud800"}, "block: expected 1 to 64 printable"),
        ({"num_tokens": 3}, "top_indices: expected 3 lists as num_tokens says, found 2"),
        ({"num_tokens": 1 << 40}, "num_tokens: expected an integer from 0 to 4194304"),
        ({"topk": 2}, r"top_indices: expected lists of 2 ids as topk says, found \[12, 45, 7\]"),
        ({"topk": 0}, "topk: expected an integer from 1 to 8192, found 0"),
        ({"top_indices": 7}, "top_indices: expected 2 lists .* found 7"),
        ({"top_indices": [[1, 2, 3], [1, 2]]}, "top_indices: expected lists of 3 ids"),
        ({"top_indices": [[1, 2, 3], [1, 2, 3.0]]}, "expected integers, found a float"),
        ({"top_indices": [[1, 2, 3], [1, 2, None]]}, "expected integers, found a NoneType"),
        ({"top_indices": [[1, 2, 3], [1, 2, True]]}, "expected integers, found a bool"),
        ({"top_indices": [[1, 2, 3], [1, 2, -2]]}, r"expected ids in \[-1, 2\*\*31\), found -2"),
        ({"top_indices": [[1, 2, 3], [1, 2, 1 << 31]]}, r"expected ids in .* found 2147483648"),
        ({"top_indices": [[1, 2, 3], [1, 2, 1 << 99]]}, "expected ids in .* found more bits"),
    ],
)
def test_a_malformed_record_is_named_with_file_and_line(tmp_path, change, message):
    path = tmp_path / "bad.jsonl"
    path.write_text(MEGATRON + json.dumps(GOOD | change) + "\n")
    records = read_trace(path)
    next(records)
    with pytest.raises(ValueError, match=rf"bad\.jsonl, line 2: .*{message}"):
        next(records)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"", None),
        (b"\n", "expected a JSON object, found"),
        (b"{}\n", "step: expected a value, found none"),
        (b"[1]\n", r"expected a JSON object, found \[1\]"),
        (MEGATRON.encode()[:80], "expected a JSON object, found '{"),
        (b"[" * 100_000, "expected a JSON object"),
        (b'{"step": ' + b"9" * 5000 + b"}", "expected a JSON object"),
        (b"\xff\xfe{}\n", "expected UTF-8, found byte 0xff"),
        (b'{"records": 2, "sha256": ""}\n', "records: expected 1 as in the file, found 2"),
        (b'{"records": 1, "sha256": "00"}\n', f"sha256: expected {CHECKSUM}"),
    ],
)
def test_a_line_that_is_no_record(tmp_path, line, message):
    path = tmp_path / "bad.jsonl"
    path.write_bytes(MEGATRON.encode() + line)
    if message is None:
        assert len(list(read_trace(path))) == 1
        return
    with pytest.raises(ValueError, match=rf"bad\.jsonl, line 2: {message}"):
        list(read_trace(path))


def test_lines_behind_the_seal_and_lines_without_end(tmp_path, monkeypatch):
    path = tmp_path / "bad.jsonl"
    write_trace(path, RECORDS[:1])
    path.write_bytes(path.read_bytes() + MEGATRON.encode())
    with pytest.raises(ValueError, match="line 3: expected the end of the file"):
        list(read_trace(path))
    monkeypatch.setattr("tokenmill.routing.trace_jsonl.MOST_LINE_BYTES", 100)
    with pytest.raises(ValueError, match="line 1: expected a line of at most 100 bytes"):
        list(read_trace(path))


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def saved(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def numbers(**changes):
    row = {"step": 0, "layer": 3, "rank": 0, "num_tokens": 5, "topk": 3, "mtp": -1} | changes
    return saved(np.array([list(row.values())], dtype="<i8"))


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("numbers", None, "expected a member of ids for each"),
        ("more", b"", "expected a member of ids for each"),
        ("00000000", saved(np.zeros((5, 3), "<i8")), "member 00000000: expected an npy array"),
        ("00000000", saved(np.zeros((4, 3), "<i4")), r"shape \(5, 3\), found .*\(4, 3\)"),
        ("00000000", saved(np.array([{}], object)), "member 00000000: .* found .*O"),
        ("00000000", saved(np.zeros((5, 3), "<i4"))[:-1], "found 'another length'"),
        ("00000000", saved(np.zeros((5, 3), "<i4")) + b"\0", "found 'another length'"),
        ("00000000", saved(np.zeros((5, 3), "<i4")), "member sha256: expected"),
        ("00000000", saved(np.full((5, 3), -2, "<i4")), r"record 0: .* ids in \[-1, 2\*\*31\)"),
        ("numbers", numbers(num_tokens=1 << 40), "expected num_tokens from 0"),
        ("numbers", numbers(num_tokens=1 << 22), "expected at most 4194304 ids in record 0"),
        ("numbers", numbers(topk=-1), "topk from 1"),
        ("numbers", numbers(step=-5), r"record 0: step: .* found -5"),
        ("numbers", numbers(mtp=-2), r"record 0: mtp_idx: .* found -2"),
        ("names", saved(np.array([["a\n", "b"]], "<U64")), "record 0: stage"),
        ("names", saved(np.array([["a", "b"]], "<U9")), "member names: expected an npy array"),
    ],
)
def test_a_malformed_npz(tmp_path, name, data, message):
    path = tmp_path / "bad.npz"
    write_trace(path, [record()])
    parts = members(path) | {f"{name}.npy": data}
    with zipfile.ZipFile(path, "w") as archive:
        for member, value in parts.items():
            if value is not None:
                archive.writestr(member, value)
    with pytest.raises(ValueError, match=rf"bad\.npz.*{message}"):
        list(read_trace(path))


def test_no_zip_and_no_suffix(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    with pytest.raises(FileNotFoundError):
        list(read_trace(path))
    path.write_bytes(b"PK no zip at all")
    with pytest.raises(ValueError, match=rf"a\{suffix}"):
        list(read_trace(path))
    for call in (lambda: read_trace("a.csv"), lambda: write_trace(tmp_path / "a", [])):
        with pytest.raises(ValueError, match=r"path: expected a name that ends in \.jsonl or"):
            call()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(fields=st.dictionaries(st.sampled_from([*GOOD, "mtp_idx", "sha256"]), VALUES))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_is_read_or_refused(tmp_path, fields):
    path = tmp_path / "fuzz.jsonl"
    path.write_text(json.dumps(GOOD | fields) + "\n")
    _read_or_refused(path)


@pytest.mark.parametrize("suffix", [".jsonl", ".npz"])
@given(
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6),
    cut=st.floats(0, 1) | st.none(),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_read_or_refused(tmp_path, suffix, edits, cut):
    path = tmp_path / f"fuzz{suffix}"
    if not (tmp_path / "good").exists():
        write_trace(path, RECORDS[:3])
        path.rename(tmp_path / "good")
    data = bytearray((tmp_path / "good").read_bytes())
    for place, value in edits:
        data[int(place * (len(data) - 1))] = value
    path.write_bytes(data[: int(cut * len(data))] if cut is not None else data)
    _read_or_refused(path)


def _read_or_refused(path):
    try:
        for one in read_trace(path):
            assert one.top_indices.shape == (one.num_tokens, one.topk)
    except ValueError as error:
        assert path.name in str(error)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (TypeError, {"top_indices": [[0.5]]}, "top_indices: expected integers"),
        (ValueError, {"top_indices": [1, 2]}, "top_indices: expected shape"),
        (ValueError, {"top_indices": np.empty((3, 0), int)}, "top_indices: expected shape"),
        (ValueError, {"top_indices": [[-2]]}, "found -2"),
        (TypeError, {"step": 1.0}, "step: expected an integer, found 1.0"),
    ],
)
def test_a_record_that_cannot_be(kind, fields, message):
    good = {"step": 0, "stage": "s", "block": "b", "layer": 0, "rank": 0, "top_indices": [[0]]}
    with pytest.raises(kind, match=message):
        TraceRecord(**(good | fields))

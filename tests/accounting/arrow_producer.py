"""A producer of the Arrow C data interface that says what a test tells it to, also wrong things."""

import ctypes
from typing import Any

import numpy as np

from tokenmill._native.arrow_abi import arrow

_new = ctypes.pythonapi.PyCapsule_New
_new.restype = ctypes.py_object
_new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]

# What was handed out outlives whoever made it, until it is released: here, for good.
_kept: list[Any] = []


class Producer:
    """An Arrow array of its own making; `released` counts the calls that end it."""

    def __init__(self, form: str, length: int, buffers: list[Any], **fields: Any) -> None:
        _kept.append(self)
        self.released = 0
        self.schema_released = 0
        self.keep: list[Any] = []
        self.schema = self.new_schema(form, fields.pop("name", "x"))
        self.array = arrow.new("struct ArrowArray *")
        self.set_buffers(self.array, buffers)
        self.array.length, self.array.null_count = length, fields.pop("null_count", 0)
        self.array.offset = fields.pop("offset", 0)
        self.array.release = self.hold("void(struct ArrowArray *)", self.release_array)
        for name, value in fields.items():
            setattr(self.array, name, value)

    def hold(self, kind: str, function: Any) -> Any:
        self.keep.append(arrow.callback(kind, function))
        return self.keep[-1]

    def new_schema(self, form: str, name: str) -> Any:
        schema = arrow.new("struct ArrowSchema *")
        texts = arrow.new("char[]", form.encode()), arrow.new("char[]", name.encode())
        schema.format, schema.name = texts
        schema.release = self.hold("void(struct ArrowSchema *)", self.release_schema)
        self.keep += [schema, texts]
        return schema

    def set_buffers(self, array: Any, buffers: list[Any]) -> None:
        addresses = [0 if b is None else b.__array_interface__["data"][0] for b in buffers]
        pointers = [arrow.cast("void *", start) for start in addresses]
        table = arrow.new("void *[]", pointers)
        array.n_buffers, array.buffers = len(buffers), arrow.cast("const void **", table)
        self.keep += [table, buffers]

    def set_dictionary(self, form: str, length: int, buffers: list[Any]) -> None:
        values = Producer(form, length, buffers)
        self.schema.dictionary, self.array.dictionary = values.schema, values.array
        self.keep.append(values)

    def set_children(self, children: list["Producer"]) -> None:
        schemas = arrow.new("struct ArrowSchema *[]", [child.schema for child in children])
        arrays = arrow.new("struct ArrowArray *[]", [child.array for child in children])
        self.schema.n_children, self.schema.children = len(children), schemas
        self.array.n_children, self.array.children = len(children), arrays
        self.keep += [schemas, arrays, children]

    def release_array(self, array: Any) -> None:
        self.released += 1
        array.release = arrow.NULL

    def release_schema(self, schema: Any) -> None:
        self.schema_released += 1
        schema.release = arrow.NULL

    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]:
        return capsule(self.schema, b"arrow_schema"), capsule(self.array, b"arrow_array")


class Streamer:
    """A stream of arrays of one producer, that may fail."""

    def __init__(
        self, batches: list[Producer], code: int = 0, message: bytes | None = None
    ) -> None:
        _kept.append(self)
        self.batches = list(batches)
        self.schema = batches[0].schema
        self.released = 0
        self.code = code
        self.message = None if message is None else arrow.new("char[]", message)
        self.keep = [
            arrow.callback("int(struct ArrowArrayStream *, struct ArrowSchema *)", self.get_schema),
            arrow.callback("int(struct ArrowArrayStream *, struct ArrowArray *)", self.get_next),
            arrow.callback("const char *(struct ArrowArrayStream *)", self.get_last_error),
            arrow.callback("void(struct ArrowArrayStream *)", self.release),
        ]
        self.stream = arrow.new("struct ArrowArrayStream *")
        self.stream.get_schema, self.stream.get_next = self.keep[0], self.keep[1]
        self.stream.get_last_error, self.stream.release = self.keep[2], self.keep[3]

    def get_schema(self, stream: Any, schema: Any) -> int:
        schema[0] = self.schema[0]
        return 0

    def get_next(self, stream: Any, array: Any) -> int:
        if not self.batches:
            array.release = arrow.NULL
            return self.code
        array[0] = self.batches.pop(0).array[0]
        return 0

    def get_last_error(self, stream: Any) -> Any:
        return arrow.NULL if self.message is None else self.message

    def release(self, stream: Any) -> None:
        self.released += 1
        stream.release = arrow.NULL

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return capsule(self.stream, b"arrow_array_stream")


def capsule(structure: Any, name: bytes) -> Any:
    return _new(int(arrow.cast("uintptr_t", structure)), name, None)


def integers(values: list[int], **fields: Any) -> Producer:
    """A column of int64 without nulls."""
    return Producer("l", len(values), [None, np.array(values, np.int64)], **fields)


def views(texts: list[bytes], data: bytes) -> np.ndarray:
    """Views (n, 16) of texts, which lie in `data` one after another where beyond 12 bytes."""
    rows = []
    at = 0
    for text in texts:
        head = len(text).to_bytes(4, "little")
        if len(text) <= 12:
            rows.append(head + text.ljust(12, b"\0"))
        else:
            rows.append(head + text[:4] + bytes(4) + at.to_bytes(4, "little"))
            at += len(text)
    return np.frombuffer(b"".join(rows), np.uint8)

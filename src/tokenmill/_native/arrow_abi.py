"""The Arrow C data interface: its structures, and the capsules that carry them.

https://arrow.apache.org/docs/format/CDataInterface.html, CStreamInterface.html and
CDataInterface/PyCapsuleInterface.html, read 2026-11-24. Nothing of Arrow itself is imported.
"""

from __future__ import annotations

import ctypes
from typing import Any

from cffi import FFI

arrow = FFI()
arrow.cdef(
    """
    struct ArrowSchema {
        const char *format; const char *name; const char *metadata;
        int64_t flags; int64_t n_children;
        struct ArrowSchema **children; struct ArrowSchema *dictionary;
        void (*release)(struct ArrowSchema *); void *private_data;
    };
    struct ArrowArray {
        int64_t length; int64_t null_count; int64_t offset; int64_t n_buffers; int64_t n_children;
        const void **buffers;
        struct ArrowArray **children; struct ArrowArray *dictionary;
        void (*release)(struct ArrowArray *); void *private_data;
    };
    struct ArrowArrayStream {
        int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *);
        int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *);
        const char *(*get_last_error)(struct ArrowArrayStream *);
        void (*release)(struct ArrowArrayStream *); void *private_data;
    };
    """
)

SCHEMA, ARRAY, STREAM = b"arrow_schema", b"arrow_array", b"arrow_array_stream"
NULLABLE = 2

_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
_TYPES = {
    SCHEMA: "struct ArrowSchema *",
    ARRAY: "struct ArrowArray *",
    STREAM: "struct ArrowArrayStream *",
}


def opened(capsule: Any, name: bytes) -> Any:
    """Return the structure in a capsule, which must live as long.

    Raises
    ------
    ValueError
        It is no capsule of that name, or was consumed before.
    """
    found: Any = arrow.cast(_TYPES[name], _pointer(capsule, name))
    if not found.release:
        raise ValueError(f"usage: expected a fresh {name.decode()}, found one consumed before")
    return found


def moved(source: Any) -> Any:
    """Take a structure out of what holds it; it is released when the last reference goes."""
    kind = arrow.typeof(source).item.cname
    own: Any = arrow.new(f"{kind} *")
    own[0] = source[0]
    source.release = arrow.NULL
    return owned(own)


def text_of(pointer: Any) -> str:
    """Return a C string, empty where there is none."""
    text: Any = arrow.string(pointer) if pointer else b""
    return str(text, "utf-8", "replace")


def owned(own: Any) -> Any:
    """Return a structure whose release is called when the last reference to it goes."""
    return arrow.gc(own, _release)


def _release(structure: Any) -> None:
    if structure.release:
        structure.release(structure)

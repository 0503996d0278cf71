"""The cffi extension: one C file per instruction set, one header read by C and by cffi.

A failing compiler fails the build: there is no slower fallback to install by accident.
"""

import hashlib
import platform
import sysconfig
from pathlib import Path

from cffi import FFI

ROOT = Path(__file__).resolve().parent.parent if "__file__" in globals() else Path.cwd()
CSRC = ROOT / "csrc"
# The public headers, those that others need first; each holds declarations between cffi marks.
HEADERS = [
    "tokenmill.h",
    "tokenmill_routing.h",
    "tokenmill_route_token.h",
    "tokenmill_dispatch.h",
    "tokenmill_capacity.h",
    "tokenmill_losses.h",
    "tokenmill_accounting.h",
    "tokenmill_texts.h",
]
SOURCES = [
    path.relative_to(CSRC).as_posix()
    for folder in (CSRC, CSRC / "entries", CSRC / "isa")
    for path in sorted(folder.glob("*.c"))
]
FLAGS = [
    "-std=gnu11",
    "-O3",
    "-ffp-contract=off",  # a*b+c is rounded twice unless fma is written
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fvisibility=hidden",
]


def source_hash() -> str:
    """SHA-256 over every C source, so that a stale build can be told from the tree it came from."""
    digest = hashlib.sha256()
    for path in sorted([*CSRC.rglob("*.c"), *CSRC.rglob("*.h")]):
        digest.update(path.relative_to(CSRC).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def declarations() -> str:
    """Return the parts of the public headers between their cffi marks."""
    parts = []
    for name in HEADERS:
        text = (CSRC / "include" / name).read_text(encoding="utf-8")
        parts.append(text.split("/* cffi: begin */")[1].split("/* cffi: end */")[0])
    return "".join(parts)


ffibuilder = FFI()
ffibuilder.cdef(declarations() + "void tm_capsule_destroy(void *capsule);")
ffibuilder.set_source(
    "tokenmill._native._core",
    '#include "tokenmill.h"\n#include "capsule.h"',
    sources=[f"csrc/{name}" for name in SOURCES],
    depends=[str(path.relative_to(ROOT)) for path in sorted(CSRC.rglob("*.h"))],
    include_dirs=["csrc", "csrc/include"],
    extra_compile_args=FLAGS,
    define_macros=[
        ("TM_FLAGS", '"' + " ".join(FLAGS) + '"'),
        ("TM_SOURCE_HASH", f'"{source_hash()}"'),
    ],
    **({"py_limited_api": False} if sysconfig.get_config_var("Py_GIL_DISABLED") else {}),
)

if platform.system() == "Windows":
    raise SystemExit("tokenmill does not build on Windows yet: Linux and macOS are supported")

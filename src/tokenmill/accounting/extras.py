"""The one library that reading and writing ledger files needs, imported where it is used."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def pyarrow(module: str = "") -> Any:
    """Return pyarrow, or a module of it.

    Raises
    ------
    ImportError
        It is not installed; the message says how to install it.
    """
    try:
        return import_module(f"pyarrow.{module}" if module else "pyarrow")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "pyarrow":
            raise
        raise ImportError(
            "ledger files are read and written with pyarrow, which is not installed: "
            "pip install 'tokenmill[accounting]'"
        ) from None

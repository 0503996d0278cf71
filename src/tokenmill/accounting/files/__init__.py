"""Ledgers in files: Parquet, CSV and JSON lines, read in pieces of bounded size."""

from .ledger_file import LedgerFile, open_ledger

__all__ = ["LedgerFile", "open_ledger"]

"""Ledgers in: any table of usage, as batches of codes and whole numbers."""

from .batch import Batch, Keys
from .reader import Ledger

__all__ = ["Batch", "Keys", "Ledger"]

"""Token cost accounting: price books, and ledgers charged exactly."""

from .allocate import allocate
from .book import PriceBook
from .calendar import day, month
from .charge import Charges, LedgerError, charge, total
from .conventions import CONVENTIONS
from .diff import diff
from .genai_prices import from_genai_prices, read_genai_prices
from .ledger import Batch, Ledger
from .lint import lint
from .litellm import from_litellm, read_litellm
from .rates import Hours, ModelPrices, Period, Rate, Special, Window
from .rules import PRICE_RULES, PriceRules, UsageConvention
from .status import ROUNDED, Status
from .totals import Totals
from .units import UNITS, Unit, own_unit

__all__ = [
    "Batch",
    "CONVENTIONS",
    "Charges",
    "Hours",
    "Ledger",
    "LedgerError",
    "ModelPrices",
    "PRICE_RULES",
    "Period",
    "PriceBook",
    "PriceRules",
    "ROUNDED",
    "Rate",
    "Special",
    "Status",
    "Totals",
    "UNITS",
    "Unit",
    "UsageConvention",
    "Window",
    "allocate",
    "charge",
    "day",
    "diff",
    "from_genai_prices",
    "from_litellm",
    "lint",
    "month",
    "own_unit",
    "read_genai_prices",
    "read_litellm",
    "total",
]

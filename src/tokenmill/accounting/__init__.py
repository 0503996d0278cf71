"""Token cost accounting: price books, and ledgers charged exactly."""

from .allocate import allocate
from .book import PriceBook
from .calendar import day, month
from .charge import LedgerError, charge, total
from .charges import Charges
from .conventions import CONVENTIONS
from .diff import diff
from .explain import Explanation, explain
from .explain_facts import describe
from .explain_lines import Line
from .genai_prices import from_genai_prices, read_genai_prices
from .ledger import Batch, Ledger
from .lint import lint
from .litellm import from_litellm, read_litellm
from .rates import Hours, ModelPrices, Period, Rate, Special, Window
from .rules import PRICE_RULES, PriceRules, UsageConvention
from .session import Cancelled
from .status import ROUNDED, Status
from .totals import Totals
from .units import UNITS, Unit, own_unit

__all__ = [
    "Batch",
    "CONVENTIONS",
    "Cancelled",
    "Charges",
    "Explanation",
    "Hours",
    "Ledger",
    "LedgerError",
    "Line",
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
    "describe",
    "diff",
    "explain",
    "from_genai_prices",
    "from_litellm",
    "lint",
    "month",
    "own_unit",
    "read_genai_prices",
    "read_litellm",
    "total",
]

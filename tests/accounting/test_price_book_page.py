"""The page on price books shows a book that reads."""

from pathlib import Path

from tokenmill.accounting import format
from tokenmill.accounting.book import PriceBook

PAGE = Path(__file__).resolve().parents[2] / "docs" / "price_book.md"


def test_the_book_on_the_page_reads() -> None:
    text = PAGE.read_text(encoding="utf-8")
    book = PriceBook.from_text(text.split("```toml\n")[1].split("```")[0])
    assert isinstance(book.lookup(None, "gpt-4o-2024-08-06"), int)
    assert f"{format.MOST_MODELS:,} models, {format.MOST_RATES:,} rates" in text

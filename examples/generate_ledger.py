"""Write a ledger of any number of rows, and a price book for it, to charge from the command line.

    python examples/generate_ledger.py ledger.parquet 1e8
    tokenmill charge ledger.parquet --prices prices.toml --by team,day

Rows go out a million at a time, so that memory stays small; row group g is drawn from (seed, g)
alone. Needs pyarrow: pip install 'tokenmill[accounting]'.
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 1
GROUP = 1_000_000
DAYS = 28
MODELS = ["swift", "sage", "scribe"]
SHARES = [0.7, 0.25, 0.05]
TEAMS = [f"team-{number:02}" for number in range(1, 21)]
SERVICE_TIERS = ["standard", "batch"]
START = np.datetime64("2026-03-01", "us")
DAY = 86_400_000_000
BOOK = """\
# Made-up prices, in USD per million tokens, for the ledger of generate_ledger.py.
name = "made up"
version = "2026-03"

[[models]]
provider = "acme"
name = "swift"
prices = {input = "0.15", cache_read = "0.075", output = "0.6", "input@batch" = "0.075", \
"cache_read@batch" = "0.0375", "output@batch" = "0.3"}

[[models]]
provider = "acme"
name = "sage"
prices = {input = "2.5", cache_read = "1.25", output = "10"}

# The whole request at the higher rates where its input is beyond 12,000 tokens.
[[models]]
provider = "acme"
name = "scribe"

[models.prices]
input = {base = "1.25", ">12000" = "2.5"}
cache_read = {base = "0.125", ">12000" = "0.25"}
output = {base = "10", ">12000" = "15"}
"""


def row_group(group: int, rows: int, total: int) -> pa.RecordBatch:
    """Return one row group: usage as an API logs it, nearly sorted by time."""
    random = np.random.Generator(np.random.Philox([SEED, group]))
    first = group * GROUP
    at = (first + np.arange(rows)) * (DAYS * DAY / total) + random.normal(0.0, 60e6, rows)
    at = np.clip(at, 0, DAYS * DAY - 1).astype(np.int64)
    given = random.lognormal(7.0, 1.2, rows).astype(np.int32) + 1
    cached = (given * np.where(random.random(rows) < 0.4, random.random(rows), 0.0)).astype(
        np.int32
    )
    zipf = 1.0 / np.arange(1, len(TEAMS) + 1)
    columns = {
        "time": pa.array(START + at, pa.timestamp("us", "UTC")),
        "team": coded(random.choice(len(TEAMS), rows, p=zipf / zipf.sum()), TEAMS),
        "model": coded(random.choice(len(MODELS), rows, p=SHARES), MODELS),
        "service_tier": coded(random.random(rows) < 0.2, SERVICE_TIERS),
        "input": given,
        "cache_read": cached,
        "output": random.lognormal(5.0, 1.0, rows).astype(np.int32) + 1,
    }
    return pa.record_batch(columns)


def coded(codes: np.ndarray, values: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(codes.astype(np.int8), values)


def main() -> None:
    """Write the ledger, and the book beside it."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "ledger.parquet")
    total = int(float(sys.argv[2])) if len(sys.argv) > 2 else 100_000
    schema = row_group(0, 1, 1).schema
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in range(-(-total // GROUP)):
            writer.write_batch(row_group(group, min(GROUP, total - group * GROUP), total))
    book = path.with_name("prices.toml")
    book.write_text(BOOK)
    print(f"{path}: {total:,} rows, {path.stat().st_size / 1e6:.1f} MB")
    print(f"charge it: tokenmill charge {path} --prices {book} --by team,day")


if __name__ == "__main__":
    main()

"""One sweep in three parts, as three machines would run it: the parts add up to the same digest.

Each part is a range of scenarios under one seed. Only its statistics travel, as a small JSON file.
"""

import tempfile
from pathlib import Path

from tokenmill import SweepResult, sweep
from tokenmill.montecarlo import LogNormal, Uniform

INPUTS = {"price": LogNormal(0.0, 0.5), "hit_rate": Uniform(0.2, 0.9)}
SEED = 42
PARTS = [(0, 100_000), (100_000, 50_001), (150_001, 149_999)]  # start, n: any cut will do


def cost(price, hit_rate):
    """USD per million input tokens when cached ones cost a tenth."""
    return price * (1.0 - 0.9 * hit_rate)


def run_part(start: int, n: int, path: Path) -> None:
    """Do what one machine does: sweep its range and write the result, all or nothing."""
    sweep(cost, INPUTS, n=n, start=start, seed=SEED).save(path)


def main() -> None:
    """Run the parts, add what was saved in another order, compare with one sweep."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"part-{start}.json" for start, _ in PARTS]
        for path, (start, n) in zip(paths, PARTS, strict=True):
            run_part(start, n, path)
            print(f"scenarios {start} to {start + n - 1}: {path.stat().st_size // 1024} KB")
        first, second, third = (SweepResult.load(path) for path in paths)
    total = third + first + second
    whole = sweep(cost, INPUTS, n=300_000, seed=SEED)
    print("parts", total.digest)
    print("whole", whole.digest)
    print("equal:", total.digest == whole.digest)
    print(total.table())


if __name__ == "__main__":
    main()

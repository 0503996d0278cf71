"""One sweep in three parts, as three machines would run it: the parts add up to the same digest."""

import tempfile
from pathlib import Path

from tokenmill import SweepResult, sweep
from tokenmill.montecarlo import LogNormal, Uniform

INPUTS = {"price": LogNormal(0.0, 0.5), "hit_rate": Uniform(0.2, 0.9)}
N = 300_000
SEED = 42


def cost(price, hit_rate):
    """USD per million input tokens when cached ones cost a tenth."""
    return price * (1.0 - 0.9 * hit_rate)


def main() -> None:
    """Run the parts, save them, add what was loaded, compare."""
    parts = [(0, 100_000), (100_000, 50_001), (150_001, 149_999)]
    with tempfile.TemporaryDirectory() as folder:
        for start, n in parts:
            part = sweep(cost, INPUTS, n=n, start=start, seed=SEED)
            part.save(Path(folder) / f"{start}.json")
        loaded = [SweepResult.load(path) for path in Path(folder).iterdir()]
    total = loaded[0] + loaded[1] + loaded[2]
    whole = sweep(cost, INPUTS, n=N, seed=SEED)
    print("parts", total.digest)
    print("whole", whole.digest)
    print("equal:", total.digest == whole.digest)
    print(total.table())


if __name__ == "__main__":
    main()

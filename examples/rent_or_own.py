"""Rent a GPU by the hour or own it: which is cheaper, how surely, and what decides.

The ranges illustrate the method; put your own quotes in their place.
"""

from typing import NamedTuple

from tokenmill import sweep
from tokenmill.jit import expm1, log1p
from tokenmill.montecarlo import PERT, Discrete, LogNormal, Triangular

HOURS_PER_YEAR = 8760.0

INPUTS = {
    "capex": Triangular(32_000.0, 37_000.0, 48_000.0),  # USD per GPU with its server and network
    "years": Discrete([3.0, 4.0, 5.0, 6.0]),  # until it is written off
    "interest": PERT(0.06, 0.10, 0.15),  # per year
    "kilowatts": 1.73,  # at the meter, cooling included
    "usd_per_kwh": Triangular(0.055, 0.085, 0.13),
    "price": LogNormal.from_quantiles(1.7, 4.0),  # USD per rented hour, 5 % and 95 %
    "utilisation": PERT(0.15, 0.45, 0.85),  # share of the hours in which the GPU is needed
}


class Hour(NamedTuple):
    """Cost of an hour of use; the fields name the outputs of the sweep."""

    owned: float  # USD
    rented: float  # USD
    owning_wins: bool


def rent_or_own(capex, years, interest, kilowatts, usd_per_kwh, price, utilisation):
    """Return costs of an hour of use: an owned GPU is paid every hour, a rented one when used."""
    annuity = capex * interest / -expm1(-years * log1p(interest))
    owned = (annuity / HOURS_PER_YEAR + kilowatts * usd_per_kwh) / utilisation
    return Hour(owned, price, owned < price)


def main() -> None:
    """Sweep one million scenarios and say what decides."""
    result = sweep(rent_or_own, INPUTS, n=1_000_000, seed=1, thresholds={"owned": [2.0]})
    owned, wins = result["owned"], result["owning_wins"]
    print(result.table())
    print(f"an owned hour costs less than 2 USD in {owned.probability_below(2.0):.1%}")
    print(f"owning is cheaper in {wins.mean:.1%} of the scenarios; what goes with it:")
    for name, value in sorted(wins.correlation().items(), key=lambda pair: -abs(pair[1])):
        print(f"  {name:<12} {value:+.2f}")
    worst = result.replay(owned.argmax)
    print(f"the dearest owned hour, {worst.outputs['owned']:.2f} USD, is scenario {owned.argmax}:")
    print("  " + ", ".join(f"{name} {value:.4g}" for name, value in worst.inputs.items()))


if __name__ == "__main__":
    main()

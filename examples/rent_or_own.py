"""Rent a GPU by the hour, or own it: how sure is the answer?"""

from tokenmill import sweep
from tokenmill.jit import expm1, log1p
from tokenmill.montecarlo import PERT, Discrete, LogNormal, Triangular

HOURS = 8760.0


def rent_or_own(capex, years, interest, kilowatts, usd_per_kwh, rent, utilisation):
    """USD per used GPU-hour when owned, when rented, and which is cheaper."""
    annuity = capex * interest / -expm1(-years * log1p(interest))
    own = (annuity / HOURS + kilowatts * usd_per_kwh) / utilisation
    return own, rent, own < rent


def main() -> None:
    """Sweep one million scenarios and say what decides."""
    result = sweep(
        rent_or_own,
        {
            "capex": Triangular(32_000.0, 37_000.0, 48_000.0),  # USD per GPU, servers and network
            "years": Discrete([3.0, 4.0, 5.0, 6.0]),
            "interest": PERT(0.06, 0.10, 0.15),
            "kilowatts": 1.73,
            "usd_per_kwh": Triangular(0.055, 0.085, 0.13),
            "rent": LogNormal.from_quantiles(1.7, 4.0),  # USD per hour, paid only when used
            "utilisation": PERT(0.15, 0.45, 0.85),
        },
        n=1_000_000,
        seed=1,
    )
    own, rent, cheaper = (result[name] for name in result.outputs)
    print(f"owned   {own.quantile(0.5):.2f} USD per used hour at the median")
    print(f"rented  {rent.quantile(0.5):.2f}")
    print(f"owning is cheaper in {cheaper.mean:.1%} of the scenarios")
    for name, value in sorted(cheaper.correlation().items(), key=lambda pair: -abs(pair[1])):
        print(f"  {name:<12} {value:+.2f}")


if __name__ == "__main__":
    main()

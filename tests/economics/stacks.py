"""Stacks for the tests: a worked cluster with its golden variants, and random ones."""

from hypothesis import settings
from hypothesis import strategies as st

from tokenmill import economics as e

# The first call of a formula compiles it, which no deadline can allow for.
relaxed = settings(deadline=None, max_examples=60)

share = st.floats(0.0, 0.9)
LAYERS = ("chip", "server", "site", "cloud", "model", "app")


@st.composite
def stacks(draw: st.DrawFn) -> e.StackInputs:
    """Inputs of a stack without quotes, partners or design: nothing is fixed by owning a layer."""
    ranges = {
        "wafer_usd": (5e3, 5e4),
        "die_mm2": (50.0, 900.0),
        "dies_per_chip": (1.0, 8.0),
        "defects_per_cm2": (0.0, 0.5),
        "yield_alpha": (0.5, 10.0),
        "hbm_gb": (0.0, 400.0),
        "hbm_usd_gb": (5.0, 40.0),
        "assembly_yield": (0.3, 1.0),
        "it_life_years": (1.0, 10.0),
        "site_life_years": (5.0, 30.0),
        "kw": (0.1, 4.0),
        "pue": (1.0, 2.0),
        "power_usd_kwh": (0.0, 0.5),
        "site_usd_w": (1.0, 30.0),
        "sold_share": (0.1, 1.0),
        "utilisation": (0.01, 1.0),
        "tokens_per_s": (1.0, 1e5),
        "research_mtok": (1.0, 1e9),
        "chip_volume": (1.0, 1e7),
    }
    usd = ("package_usd", "test_usd", "server_other_usd")
    none = ("partner_margin", "design_usd", "chip_price_usd", "colo_usd_kw_month")
    none += ("rent_usd_h", "api_usd_mtok")
    values = {}
    for field in e.StackInputs._fields:
        if field.startswith("owns_"):
            values[field] = float(draw(st.booleans()))
        elif field in ranges:
            values[field] = draw(st.floats(*ranges[field]))
        elif field in none:
            values[field] = 0.0
        elif field in usd:
            values[field] = draw(st.floats(0.0, 1e5))
        elif field == "research_usd":
            values[field] = draw(st.floats(0.0, 1e10))
        else:
            values[field] = draw(share)
    return e.StackInputs(**values)


# A worked H100-class cluster: USD, mm2, kW, shares.
WORKED = e.StackInputs(
    owns_chip=0.0,
    owns_server=0.0,
    owns_site=0.0,
    owns_cloud=0.0,
    owns_model=1.0,
    owns_app=1.0,
    wafer_usd=13400.0,
    die_mm2=26.0 * 31.3,
    dies_per_chip=1.0,
    defects_per_cm2=0.1,
    yield_alpha=3.0,
    recovered_share=0.0,
    hbm_gb=80.0,
    hbm_usd_gb=16.0,
    package_usd=750.0,
    assembly_yield=0.97,
    test_usd=600.0,
    partner_margin=0.0,
    design_usd=0.0,
    chip_volume=1e6,
    chip_margin=0.87,
    chip_price_usd=0.0,
    server_other_usd=5200.0,
    server_margin=0.06,
    network_share=0.13,
    spare_share=0.02,
    it_life_years=5.0,
    site_life_years=14.0,
    wacc=0.09,
    residual_share=0.05,
    kw=1.45,
    pue=1.22,
    load=0.8,
    power_usd_kwh=0.085,
    site_usd_w=10.5,
    colo_usd_kw_month=0.0,
    site_margin=0.25,
    operations_share=0.02,
    sold_share=0.85,
    cloud_margin=0.3,
    rent_usd_h=0.0,
    utilisation=0.6,
    tokens_per_s=2000.0,
    research_usd=0.0,
    research_mtok=1.0,
    api_margin=0.5,
    api_usd_mtok=0.0,
    app_margin=0.2,
)
CASES = {
    "rent (nothing owned but the model)": {},
    "own cloud+server, buy chips, colo-like DC": {"owns_cloud": 1.0, "owns_server": 1.0},
    "own cloud+dc+server, buy chips": {"owns_cloud": 1.0, "owns_server": 1.0, "owns_site": 1.0},
    "own chip too": {
        "owns_cloud": 1.0,
        "owns_server": 1.0,
        "owns_site": 1.0,
        "owns_chip": 1.0,
        "design_usd": 6e8,
        "chip_volume": 3e5,
    },
    "middleman app (owns nothing)": {"owns_model": 0.0, "owns_app": 0.0},
}

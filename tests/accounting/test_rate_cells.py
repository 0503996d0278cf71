from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tests.accounting.evaluate import chosen
from tokenmill.accounting.rate_cells import rates_of
from tokenmill.accounting.rates import Special

PRICES = st.sampled_from([Fraction(1), Fraction(2), Special.INHERIT, Special.DYNAMIC])


@st.composite
def tables(draw):
    windows = ["", *draw(st.lists(st.sampled_from(["night", "noon"]), unique=True))]
    tiers = ["", *draw(st.lists(st.sampled_from(["flex", "batch"]), unique=True))]
    points = [-1, *sorted(draw(st.sets(st.integers(0, 9), max_size=3)))]
    return {
        (window, tier, above): draw(
            st.dictionaries(st.sampled_from(["input", "output", "cache_read"]), PRICES)
        )
        for window in windows
        for tier in tiers
        for above in points
    }


@given(tables())
def test_the_rates_give_every_cell_its_prices(cells):
    rates = rates_of(cells)
    for (window, tier, above), prices in cells.items():
        wanted = {unit: p for unit, p in prices.items() if p is not Special.INHERIT}
        assert chosen(rates, tier, above + 1, window) == wanted


@given(tables())
def test_no_rate_is_written_twice(cells):
    keys = [(r.unit, r.service_tier, r.above, r.window) for r in rates_of(cells)]
    assert len(keys) == len(set(keys))


def test_a_tier_that_costs_the_same_has_no_rate():
    same = {"input": Fraction(3)}
    rates = rates_of({("", "", -1): same, ("", "flex", -1): same})
    assert [rate.service_tier for rate in rates] == [""]


def test_a_tier_gives_up_its_own_rate_above_a_standard_threshold():
    one, two, half = Fraction(1), Fraction(2), Fraction(1, 2)
    cells = {
        ("", "", -1): {"input": one},
        ("", "", 9): {"input": two},
        ("", "flex", -1): {"input": half},
        ("", "flex", 9): {"input": two},
    }
    assert len(rates_of(cells)) == 3

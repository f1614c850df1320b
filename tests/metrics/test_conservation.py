"""Nothing is lost or made on the way from partners to groups, in whatever order they come."""

import random
from fractions import Fraction

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.catalogues import BUILT_IN
from metrics.models import SubjectKind
from metrics.rows import GROUP_COLUMNS, KEYS, PARTNERS, PERIOD, PROGRAMME, SUBJECT, group_rows, moved_groups
from metrics.scoring import PEER, KpiRule, TemplateRules, score_rows

FACTS = ["deals_won", "deals_lost", "revenue_won", PARTNERS]
SCHEMA = {**dict.fromkeys(KEYS, pl.String), **dict.fromkeys(FACTS, pl.Int64)}
PERIODS = ["month:2026-10-01", "month:2026-11-01"]
AMOUNTS = st.integers(0, 10**12)
# Of each partner: type, region, manager, and for each period its facts.
PARTNER = st.tuples(
    st.sampled_from(["reseller", "msp"]),
    st.sampled_from(["North", "South", ""]),
    st.sampled_from(["Mia", "Noor", ""]),
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), AMOUNTS), min_size=2, max_size=2),
)


def partner_frame(partners: list) -> pl.DataFrame:
    rows = []
    for number, (kind, region, manager, facts) in enumerate(partners):
        for key, (won, lost, revenue) in zip(PERIODS, facts, strict=True):
            own = ["partner", f"p{number}", f"p{number}", kind, region, manager, ""]
            rows.append((*own, "month", key.partition(":")[2], key, won, lost, revenue, 1))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def house_frame(amount: int) -> pl.DataFrame:
    """What is of no partner, in the first of the periods."""
    row = (
        SubjectKind.HOUSE.value,
        "",
        "",
        "",
        "",
        "",
        "",
        "month",
        "2026-10-01",
        PERIODS[0],
        0,
        0,
        amount,
        0,
    )
    return pl.DataFrame([row], schema=SCHEMA, orient="row")


def in_order(frame: pl.DataFrame) -> list[tuple]:
    return frame.select(KEYS + FACTS).sort(SUBJECT + PERIOD).rows()


def shuffled(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    order = list(range(frame.height))
    random.Random(seed).shuffle(order)
    return frame[order]


@given(partners=st.lists(PARTNER, min_size=1, max_size=8), house=AMOUNTS, seed=st.integers(0, 99))
@settings(deadline=None, max_examples=50)
def test_partners_add_up_to_their_groups_and_with_the_house_to_the_programme(
    partners: list, house: int, seed: int
) -> None:
    rows = partner_frame(partners)
    everything = pl.concat([rows, house_frame(house)])
    groups = group_rows(everything)
    for key in PERIODS:
        here = groups.filter(pl.col("key") == key)
        of_partners = rows.filter(pl.col("key") == key).select(FACTS).sum().row(0)
        of_all = everything.filter(pl.col("key") == key).select(FACTS).sum().row(0)
        for kind in GROUP_COLUMNS:
            assert here.filter(subject_kind=kind.value).select(FACTS).sum().row(0) == of_partners
        assert here.filter(subject_kind=PROGRAMME[0]).select(FACTS).rows() == [of_all]
    assert in_order(group_rows(shuffled(everything, seed))) == in_order(groups)


@given(
    partners=st.lists(PARTNER, min_size=1, max_size=6),
    changed=st.lists(PARTNER, min_size=6, max_size=6),
    who=st.sets(st.integers(0, 5)),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=50)
def test_changes_one_after_the_other_in_any_order_come_to_what_adding_up_anew_gives(
    partners: list, changed: list, who: set[int], seed: int
) -> None:
    order = [number for number in sorted(who) if number < len(partners)]
    random.Random(seed).shuffle(order)
    now, groups = list(partners), group_rows(partner_frame(partners))
    for number in order:
        of_it = pl.col("partner_id") == f"p{number}"
        old = partner_frame(now).filter(of_it)
        now[number] = changed[number]
        groups = moved_groups(
            groups.select(KEYS + FACTS).rows(), partner_frame(now).filter(of_it), old.rows()
        )
    assert in_order(groups) == in_order(group_rows(partner_frame(now)))


@given(partners=st.lists(PARTNER, min_size=1, max_size=8))
@settings(deadline=None, max_examples=50)
def test_a_groups_figure_is_the_formula_over_the_sums_and_no_mean_of_means(partners: list) -> None:
    rows = partner_frame(partners)
    groups = BUILT_IN.with_values(group_rows(rows), ["win_rate", "average_deal_size"])
    for group in groups.filter(subject_kind=PROGRAMME[0]).iter_rows(named=True):
        won, lost, revenue, _count = rows.filter(pl.col("key") == group["key"]).select(FACTS).sum().row(0)
        rate = Fraction(won, won + lost) if won + lost else None
        size = Fraction(revenue, won) if won else None
        assert group["kpi.win_rate"] == (None if rate is None else float(rate))
        assert group["kpi.average_deal_size"] == (None if size is None else float(size))


@given(
    values=st.lists(st.one_of(st.none(), st.integers(0, 9).map(float)), min_size=1, max_size=12),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=50)
def test_who_comes_first_makes_no_difference_to_ranks_and_points(values: list, seed: int) -> None:
    rules = TemplateRules(
        (KpiRule("win_rate", 60, method=PEER), KpiRule("sales_cycle", 40, target=1, floor=9)),
        min_coverage=0,
    )
    frame = pl.DataFrame(
        {
            "who": list(range(len(values))),
            "partners": 1,
            "peers": ["a" if number % 3 else "b" for number in range(len(values))],
            "kpi.win_rate": values,
            "kpi.sales_cycle": list(reversed(values)),
        },
        schema_overrides={"kpi.win_rate": pl.Float64, "kpi.sales_cycle": pl.Float64, "partners": pl.Int64},
    )
    first = score_rows(frame, rules).sort("who")
    assert score_rows(shuffled(frame, seed), rules).sort("who").rows() == first.rows()

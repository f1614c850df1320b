"""When two names mean one company."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.directory.names import normalise_domain, normalise_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller GmbH & Co. KG", "muller gmbh and co kg"),
        ("Acme, Inc.", "ACME B.V."),
        ("AB Volvo", "Volvo AB"),
        ("Procter & Gamble Co.", "Procter and Gamble"),
        ("ŁÓDŹ S.A.", "lodz"),
        ("  Straße   24 AG ", "Strasse 24"),
    ],
)
def test_one_company(one: str, other: str) -> None:
    assert normalise_name(one) == normalise_name(other) != ""


@pytest.mark.parametrize(
    ("one", "other"), [("SA Dupont", "Dupont"), ("Acme Holding BV", "Acme"), ("Brand", "Br")]
)
def test_two_companies(one: str, other: str) -> None:
    assert normalise_name(one) != normalise_name(other)


@pytest.mark.parametrize(
    ("name", "normalised"), [("Limited", "limited"), ("株式会社", "株式会社"), (" - ", ""), ("", "")]
)
def test_names_with_nothing_else(name: str, normalised: str) -> None:
    assert normalise_name(name) == normalised


@given(st.text(max_size=60))
def test_case_and_space_never_matter(name: str) -> None:
    assert normalise_name(f"  {name} ") == normalise_name(name)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.Acme.com/x?y", "acme.com"),
        ("jan@acme.nl", "acme.nl"),
        ("http://münchen.de:80", "xn--mnchen-3ya.de"),
        ("www.acme.co.uk.", "acme.co.uk"),
        ("acme", ""),
        ("a b.com", ""),
        ("", ""),
    ],
)
def test_domains(text: str, domain: str) -> None:
    assert normalise_domain(text) == domain

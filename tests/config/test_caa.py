"""Who may give a certificate, as a record of DNS says it: RFC 8659, and RFC 8657 for methods and accounts."""

import pytest

from portico.config.messages.caa import Caa, list_owners, tell_caa

OURS = Caa(0, "issue", "letsencrypt.org")
OTHER = Caa(0, "issue", "ca.example")


def test_records_count_for_what_is_below() -> None:
    assert list_owners("www.shop.example") == ["www.shop.example", "shop.example", "example"]


@pytest.mark.parametrize(
    ("records", "said", "wrong"),
    [
        ([OURS], "CAA at shop.example allows letsencrypt.org.", False),
        ([OTHER, OURS], "CAA at shop.example allows letsencrypt.org.", False),
        (
            [OTHER, Caa(0, "ISSUE", "b.example; account=1")],
            "CAA at shop.example allows b.example, ca.example, so letsencrypt.org refuses: add the record "
            'shop.example CAA 0 issue "letsencrypt.org".',
            True,
        ),
        ([Caa(0, "issue", ";")], "allows none, so letsencrypt.org refuses", True),
        ([Caa(0, "issue", "")], "allows none, so letsencrypt.org refuses", True),
        # What cannot be read allows nobody.
        ([Caa(0, "issue", "letsencrypt.org nonsense")], "allows none", True),
        ([Caa(0, "issue", "letsencrypt.org; nonsense")], "allows none", True),
        ([Caa(0, "issue", " LetsEncrypt.org ; ")], "CAA at shop.example allows letsencrypt.org.", False),
        # For names with a star alone, or for nobody in particular.
        ([Caa(0, "issuewild", ";")], "CAA at shop.example allows every authority.", False),
        ([Caa(0, "iodef", "mailto:a@shop.example")], "CAA at shop.example allows every authority.", False),
        ([OURS, Caa(0, "future", "x")], "CAA at shop.example allows letsencrypt.org.", False),
        ([OURS, Caa(128, "future", "x")], 'a critical record "future", which makes authorities refuse', True),
        ([Caa(128, "issue", "letsencrypt.org")], "CAA at shop.example allows letsencrypt.org.", False),
        (
            [Caa(0, "issue", "letsencrypt.org; validationmethods=dns-01")],
            "allows letsencrypt.org by dns-01 alone, and Portico answers by http-01",
            True,
        ),
        ([Caa(0, "issue", "letsencrypt.org; validationmethods=dns-01,http-01")], "allows letsencrypt.org.", False),
        ([OURS, Caa(0, "issue", "letsencrypt.org; validationmethods=dns-01")], "allows letsencrypt.org.", False),
        (
            [Caa(0, "issue", "letsencrypt.org; accounturi=https://ca.example/acct/1\n")],
            "allows letsencrypt.org, for the account https://ca.example/acct/1 alone.",
            False,
        ),
    ],
)
def test_what_is_reported_of_records(records: list[Caa], said: str, wrong: bool) -> None:
    reported, sees = tell_caa("www.shop.example", {"www.shop.example": [], "shop.example": records, "example": [OTHER]})
    assert said in reported and sees == wrong and reported.isprintable()


def test_the_nearest_records_count_and_no_other_ones() -> None:
    assert tell_caa("shop.example", {"shop.example": [OURS], "example": [OTHER]})[1] is False
    assert tell_caa("shop.example", {"shop.example": [], "example": [OTHER]})[1] is True
    assert tell_caa("shop.example", {"shop.example": [], "example": []}) == ("CAA allows every authority.", False)


def test_where_dns_is_silent_nothing_is_said_of_what_is_above() -> None:
    for found in ({"example": [OTHER]}, {"shop.example": None, "example": [OTHER]}):
        assert tell_caa("shop.example", found) == ("The CAA records could not be read from DNS.", False)


WILD = "*.shop.example"


@pytest.mark.parametrize(
    ("records", "said", "wrong"),
    [
        ([OURS], "CAA at shop.example allows letsencrypt.org.", False),
        # Where there is one for names with a star, others say nothing of those.
        ([OURS, Caa(0, "issuewild", ";")], "allows none, so letsencrypt.org refuses: add the record", True),
        (
            [OURS, Caa(0, "issuewild", "ca.example")],
            'so letsencrypt.org refuses: add the record shop.example CAA 0 issuewild "letsencrypt.org"',
            True,
        ),
        ([OTHER, Caa(0, "issuewild", "letsencrypt.org")], "CAA at shop.example allows letsencrypt.org.", False),
        (
            [Caa(0, "issuewild", "letsencrypt.org; validationmethods=http-01")],
            "allows letsencrypt.org by http-01 alone, and Portico answers by dns-01",
            True,
        ),
        ([Caa(0, "issue", "letsencrypt.org; validationmethods=dns-01")], "allows letsencrypt.org.", False),
    ],
)
def test_what_counts_for_a_name_with_a_star(records: list[Caa], said: str, wrong: bool) -> None:
    reported, sees = tell_caa(WILD, {"shop.example": records, "example": [OTHER]}, "dns-01")
    assert said in reported and sees == wrong


def test_records_of_a_name_with_a_star_are_those_below_which_it_stands() -> None:
    assert list_owners(WILD) == ["shop.example", "example"]

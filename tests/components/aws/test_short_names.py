"""Names that AWS would find too long are shortened, or refused where they begin with the name of a Portico."""

import pulumi
import pytest

from portico.components.aws.short_names import ROLE, require_short, shorten


def test_what_fits_stays_and_what_does_not_stays_different() -> None:
    assert shorten("a" * 24, 24) == "a" * 24
    one, other = shorten("a" * 30, 24), shorten("a" * 31, 24)
    assert len(one) == len(other) == 24 and one != other and one.startswith("a" * 15 + "-")


def test_as_long_as_a_role_with_pulumis_digits() -> None:
    role = "-host-eu-central-1-disk-snapshots-role"
    require_short("p" * 18, [("p" * 18 + role, ROLE)])
    with pytest.raises(pulumi.RunError, match=r"has 19 characters, .* at most 64\); write at most 18\."):
        require_short("p" * 19, [("p" * 19 + role, ROLE)])


def test_a_site_may_leave_no_letter_for_a_name() -> None:
    with pytest.raises(pulumi.RunError, match="write shorter names of the sites, too"):
        require_short("p", [("p" * 64, ROLE)])


def test_a_whole_stack_has_no_name_before_its_own() -> None:
    require_short("", [("p" * 64, ROLE)])

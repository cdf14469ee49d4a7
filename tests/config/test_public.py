"""Where NGINX is published, and what cannot be there at the same time."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.public_address import Binding, Public, spell_address
from tests.config.sample import make_site, read_settings


def test_it_is_what_the_settings_say(tmp_path: Path) -> None:
    from tests.config.sample import SHOP, write_files

    write_files(tmp_path / "shop", SHOP)
    tls = {"port": 443, "http3": True, "localAuthority": True}
    assert Public.of(read_settings(tmp_path, make_site(), port=80, address="::", tls=tls)) == Public(
        address="::", port=80, tls_port=443, http3=True
    )
    assert Public.of(read_settings(tmp_path, make_site())) == Public(address="127.0.0.1", port=8080)


@pytest.mark.parametrize(
    ("public", "bindings"),
    [
        ({}, {("tcp", 80): 8080}),
        ({"http3": True}, {("tcp", 80): 8080}),
        ({"tls_port": 443}, {("tcp", 80): 8080, ("tcp", 443): 8443}),
        ({"tls_port": 443, "http3": True}, {("tcp", 80): 8080, ("tcp", 443): 8443, ("udp", 443): 8443}),
    ],
    ids=str,
)
def test_its_bindings_lead_to_the_ports_inside(public: dict[str, Any], bindings: dict[tuple[str, int], int]) -> None:
    found = Public(address="0:0:0:0:0:0:0:1", port=80, **public).list_bindings()
    assert {(one.protocol, one.port): inside for one, inside in found.items()} == bindings
    assert {one.address for one in found} == {"::1"}


@pytest.mark.parametrize(
    ("one", "other", "meets"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("0.0.0.0", "192.0.2.7", True),
        ("0.0.0.0", "::1", False),
        # Most programs that listen on :: have IPv4 too.
        ("::", "192.0.2.7", True),
        ("::", "0.0.0.0", True),
        ("::", "::1", True),
        ("::1", "127.0.0.1", False),
    ],
)
def test_which_addresses_cannot_have_the_same_port(one: str, other: str, meets: bool) -> None:
    assert Binding(one, 80).meets(Binding(other, 80)) == Binding(other, 80).meets(Binding(one, 80)) == meets
    assert not Binding(one, 80).meets(Binding(other, 81))
    assert not Binding(one, 80).meets(Binding(other, 80, "udp"))


def test_an_address_is_spelled_one_way() -> None:
    assert spell_address("::ffff:127.0.0.1") == "127.0.0.1"
    assert spell_address("2001:DB8:0::1") == "2001:db8::1"


OLD = Public(address="127.0.0.1", port=80, tls_port=443)


@pytest.mark.parametrize(
    ("new", "beside"),
    [
        (Public(address="127.0.0.1", port=81), True),
        (Public(address="0.0.0.0", port=81, tls_port=444, http3=True), True),
        (Public(address="127.0.0.1", port=81, tls_port=443), False),
        (Public(address="0.0.0.0", port=443), False),
        (Public(address="127.0.0.1", port=80), False),
        # They could, but have one name.
        (Public(address="127.0.0.2", port=80), False),
        (Public(address="127.0.0.2", port=81, tls_port=443), True),
    ],
    ids=str,
)
def test_what_can_be_opened_before_the_old_one_closes(new: Public, beside: bool) -> None:
    assert new.stands_beside(OLD) == OLD.stands_beside(new) == beside

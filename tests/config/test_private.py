"""Private files: read or issued, named by their content, and never part of the tree that everybody may read."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.release.release import make_release
from portico.config.render.nginx import render_nginx
from portico.config.settings import Mistakes
from portico.config.tls.nginx_secrets import Private, read_private
from tests.config.sample import HASH, make_site, read_settings, write_files

CERTIFICATE = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----\n"
OWN = {"certificate": {"certificate": "tls/shop.crt", "key": "tls/shop.key"}}


def read(root: Path, *sites: Any, **stack: Any) -> Private:
    return read_private(read_settings(root, *sites, **stack), root)


def write_pair(root: Path, certificate: str = "one", key: str = "secret") -> None:
    write_files(root, {"tls/shop.crt": CERTIFICATE.format(certificate), "tls/shop.key": KEY.format(key)})


def test_without_https_and_users_there_is_nothing_private(root: Path) -> None:
    assert read(root) == Private({}, "") and not (root / ".portico").exists()


def test_a_sites_own_pair_is_taken_as_it_is(root: Path) -> None:
    write_pair(root)
    assert read(root, make_site(**OWN), tls={}).files == {
        "shop.crt": CERTIFICATE.format("one"),
        "shop.key": KEY.format("secret"),
    }
    assert not (root / ".portico").exists()


def test_the_local_authority_signs_for_sites_without_a_pair_only(root: Path) -> None:
    write_pair(root)
    sites = [make_site(**OWN), make_site(name="blog", hosts=["blog.example"])]
    files = read(root, *sites, tls={"localAuthority": True}).files
    assert set(files) == {"shop.crt", "shop.key", "blog.crt", "blog.key"}
    assert files["shop.crt"] == CERTIFICATE.format("one")
    assert files["blog.crt"].count("BEGIN CERTIFICATE") == 2 and "PRIVATE KEY" in files["blog.key"]


def test_users_are_written_as_nginx_reads_them(root: Path) -> None:
    files = read(root, make_site(users={"bob": HASH, "ann": HASH})).files
    assert files == {"shop.users": f"ann:{HASH}\nbob:{HASH}\n"}


def test_another_content_is_another_folder(root: Path) -> None:
    digests = []
    for pair in (("one", "secret"), ("renewed", "secret"), ("renewed", "another"), ("one", "secret")):
        write_pair(root, *pair)
        digests.append(read(root, make_site(**OWN), tls={}).digest)
    assert digests[0] == digests[3] and len(set(digests)) == 3
    assert all(len(digest) == 12 for digest in digests)


def test_a_renewed_certificate_is_another_tree(root: Path) -> None:
    trees = []
    for content in ("one", "renewed"):
        write_pair(root, content)
        settings = read_settings(root, make_site(**OWN), tls={})
        private = read_private(settings, root)
        releases = [make_release(settings, site, root, {}) for site in settings.sites]
        trees.append(render_nginx(settings, releases, private=private.digest))
        assert f"/etc/portico/private/{private.digest}/shop.crt" in trees[-1].files["conf.d/shop.conf"]
    assert trees[0].digest != trees[1].digest


def test_a_renewed_certificate_leaves_the_release_alone(root: Path) -> None:
    ids = set()
    for content in ("one", "renewed"):
        write_pair(root, content)
        settings = read_settings(root, make_site(**OWN), tls={})
        ids.add(make_release(settings, settings.sites[0], root, {}).id)
    assert len(ids) == 1


def test_nothing_private_is_in_the_tree_the_context_or_what_is_printed(root: Path) -> None:
    write_pair(root, key="battery staple")
    settings = read_settings(root, make_site(users={"ann": HASH}, **OWN), tls={})
    private = read_private(settings, root)
    release = make_release(settings, settings.sites[0], root, {})
    tree = render_nginx(settings, [release], private=private.digest)
    shown = "".join(tree.files.values()) + repr(private) + repr(tree)
    shown += "".join(file.content.decode() for file in release.context.values())
    for word in ("battery staple", HASH, "PRIVATE KEY", "BEGIN CERTIFICATE"):
        assert word not in shown


def test_contents_cannot_be_exchanged_unnoticed(root: Path) -> None:
    write_pair(root, "a", "b")
    one = read(root, make_site(users={"ann": HASH}), make_site(name="b", hosts=["b.example"])).digest
    other = read(root, make_site(), make_site(name="b", hosts=["b.example"], users={"ann": HASH})).digest
    assert one != other


def test_a_key_with_a_password_is_refused(root: Path) -> None:
    encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nx\n-----END ENCRYPTED PRIVATE KEY-----\n"
    write_files(root, {"tls/shop.crt": CERTIFICATE.format("one"), "tls/shop.key": encrypted})
    with pytest.raises(Mistakes, match=r"sites\[0\]\.certificate\.key: .* needs a passphrase"):
        read(root, make_site(**OWN), tls={})

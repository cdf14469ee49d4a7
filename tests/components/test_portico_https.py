"""A whole stack with HTTPS: its URL, its ports, and its keys that stand nowhere in the clear."""

from pathlib import Path
from typing import Any

import pytest

from tests.components.recorder import IMAGE, list_texts
from tests.components.sample import TLS, deploy
from tests.config.sample import HASH, make_site


@pytest.mark.parametrize(
    ("stack", "url", "ports"),
    [
        ({"port": 80, "tls": TLS | {"port": 443}}, "https://shop.example", [("tcp", 443)]),
        ({"port": 80, "tls": TLS}, "https://shop.example:8443", [("tcp", 8443)]),
        ({"port": 443}, "http://shop.example:443", []),
        ({"tls": TLS | {"http3": True}}, "https://shop.example:8443", [("tcp", 8443), ("udp", 8443)]),
    ],
    ids=str,
)
def test_with_https_the_url_and_the_ports_are_its(
    root: Path, stack: dict[str, Any], url: str, ports: list[tuple[str, int]]
) -> None:
    made = deploy(root, **stack)
    assert made.registered_outputs("Portico")["url"] == url
    found = made.container(f"portico-port-holder-{stack.get('port', 8080)}").inputs["ports"]
    assert [(one["protocol"], one["external"]) for one in found if "protocol" in one] == ports


def test_keys_and_hashes_are_nowhere_in_the_clear(root: Path) -> None:
    made = deploy(root, make_site(users={"ann": HASH}), tls=TLS)
    seen = {
        (one.name, hidden)
        for one in made.resources
        for text, hidden in list_texts(one.raw)
        if HASH in text or "PRIVATE KEY" in text
    }
    assert seen == {("portico-check-nginx-t", True)}
    assert HASH not in repr(made.outputs) and "PRIVATE KEY" not in repr(made.outputs)


def test_the_tree_and_the_check_speak_of_the_same_private_folder(root: Path) -> None:
    check = deploy(root, tls=TLS).container("portico-check-nginx-t")
    (digest,) = (env.removeprefix("PRIVATE=") for env in check.inputs["envs"] if env.startswith("PRIVATE="))
    texts = {upload["file"]: upload["content"] for upload in check.inputs["uploads"]}
    assert len(digest) == 12 and f"/etc/portico/private/{digest}/shop.key" in texts["/incoming/conf.d/shop.conf"]


def test_the_authority_stays_out_of_the_build_context(root: Path) -> None:
    made = deploy(root, tls=TLS)
    context = root / next(image for image in made.of_type(IMAGE) if "build" in image.inputs).inputs["build"]["context"]
    assert (root / ".portico/authority/authority.key").is_file()
    assert [path for path in context.rglob("*") if path.suffix in (".key", ".crt")] == []

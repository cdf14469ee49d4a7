"""What is said to write instead is what could stand there."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.checks import check_settings
from portico.config.mistake import Mistakes
from portico.config.settings import Settings
from portico.config.unknown_setting import find_model, spell_pairs
from tests.config.sample import SHOP, make_site, make_values, write_files


def tell(root: Path, site: dict[str, Any], **more: Any) -> list[str]:
    """All mistakes of a stack with one site."""
    write_files(root / "shop", SHOP)
    with pytest.raises(Mistakes) as refused:
        check_settings(make_values(make_site(**site), **more), root)
    return [str(one) for one in refused.value.all]


@pytest.mark.parametrize(
    ("site", "more", "said"),
    [
        ({"release": "flask db upgrade"}, {}, "write pairs, such as release: {command: flask db upgrade}"),
        ({"data": ["/data"]}, {}, "write pairs, such as - {name: uploads, path: /app/instance}"),
        ({}, {"backups": "/srv/b"}, "write pairs, such as backups: {to: /srv/backups}"),
        ({}, {"tls": True}, "write pairs, such as tls: {port: 8443}"),
        ({}, {"nginx": {"gzip": False}}, "write pairs, such as gzip: {level: 5}"),
        ({"workers": 4}, {}, "Gunicorn's own processes are gunicorn.workers"),
        ({"maintenance": "on"}, {}, '"on" does not fit; write true'),
        ({"maintenance": "true"}, {}, '"true" does not fit; write true, without quotes'),
        ({"replicas": "08"}, {}, '"08" does not fit; write 8, without quotes'),
        ({}, {"port": "22:30"}, '"22:30" does not fit; write a whole number'),
        ({"timeout": 60}, {}, "the longest time of a request is gunicorn.timeout"),
        ({}, {"https": True}, "there is no such setting; HTTPS is tls"),
        ({}, {"tls": False}, "tls: false does not fit; leave tls out"),
        ({"workers": "no"}, {}, '"no" does not fit; leave workers out'),
        ({"routes": [{"path": "/x", "cache": False}]}, {}, "routes[0].cache: false does not fit; leave cache out"),
        (
            {"gunicorn": {"timeout": False}},
            {},
            "false is not a duration; write a whole number and a unit (ms, s, m or h), such as 30s",
        ),
        ({"source": "~/shop"}, {}, "nothing puts a home for ~ or a value for a variable here"),
        ({"data": [{"name": "a", "path": "$HOME/a"}]}, {}, "nothing puts a home for ~ or a value for a variable here"),
        ({"static": "${BASE}/static"}, {}, "nothing puts a home for ~ or a value for a variable here"),
        ({"entry": "web:app\u00a0"}, {}, "it holds a no-break space (U+00A0); write a plain space or nothing"),
        ({"replicas\u00a0": 2}, {}, "it holds a no-break space (U+00A0); write a plain space or nothing"),
    ],
)
def test_what_is_meant_is_pointed_out(root: Path, site: dict[str, Any], more: dict[str, Any], said: str) -> None:
    (line,) = tell(root, site, **more)
    assert line.endswith(said) or f"{said}," in line


def test_every_section_has_an_example() -> None:
    places = [("tls", "acme"), ("client",), ("ssh",), ("sites", 0), ("sites", 0, "workers", 0), ("services", 0)]
    for place in places:
        spelled = spell_pairs(find_model(Settings, place))
        assert spelled.startswith("{") and "…:" not in spelled and ": …" not in spelled, place


@pytest.mark.parametrize(
    ("image", "version", "fits"),
    [
        ("postgis/postgis:16-3.4", None, False),
        ("postgis/postgis:17-3.4", "17", True),
        ("pgvector/pgvector:pg17", None, False),
        ("pgvector/pgvector:pg18", None, True),
        ("registry.example:5000/shop/postgres:shop-3", None, True),
    ],
)
def test_an_image_of_another_version_is_refused(root: Path, image: str, version: str | None, fits: bool) -> None:
    service = {"name": "db", "kind": "postgres", "image": image} | ({"version": version} if version else {})
    values = make_values(make_site(uses=["db"]), services=[service])
    write_files(root / "shop", SHOP)
    if fits:
        check_settings(values, root)
        return
    with pytest.raises(Mistakes, match="write the same in both"):
        check_settings(values, root)

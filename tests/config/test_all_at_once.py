"""Whatever is wrong is reported in one report: no mistake hides another one."""

from pathlib import Path
from typing import Any

import pytest

from tests.config.sample import make_site, make_values, refuse

# Mistakes of one site, by the beginning of what is reported: values of a wrong form, twins, and values that clash.
FORMS: dict[str, dict[str, Any]] = {
    'sites[0].body: "5 Mb"': {"body": "5 Mb"},
    'sites[0].limits.connections: "x"': {"limits": {"connections": "x"}},
    "sites[0].speed: there is no such setting": {"speed": 1},
    'sites[0].routes[0].timeout: "x"': {"routes": [{"path": "/bad", "timeout": "x"}]},
    'sites[0].data[0].name: "My Data"': {"data": [{"name": "My Data", "path": "/a"}]},
    "DATA.path: is required": {"data": [{"name": "lacking"}]},
    'sites[0].environment.A B: "A B" is not': {"environment": {"A B": "x"}},
    "sites[0].entry: ": {"entry": "nowhere:app"},
}
CLASHES: dict[str, dict[str, Any]] = {
    'sites[0].routes: "/twin" is listed twice': {"routes": [{"path": "/twin"}, {"path": "/twin"}]},
    'sites[0].data: the name "twin" is listed twice': {
        "data": [{"name": "twin", "path": "/b"}, {"name": "twin", "path": "/c"}]
    },
    "sites[0].data: /d/e is in /d": {"data": [{"name": "d", "path": "/d"}, {"name": "e", "path": "/d/e"}]},
    "sites[0]: weights has 3 entries": {"weights": [1, 2, 3]},
    "sites[0].gunicorn: 64 workers of 128 threads": {"gunicorn": {"workers": 64, "threads": 128}},
    "sites[0]: the timeout of route /slow": {"routes": [{"path": "/slow", "timeout": "1h"}]},
    "sites[0]: route /static/ is where": {"routes": [{"path": "/static/"}]},
    "sites[0]: health is below staticUrl": {"health": "/static/x"},
    "ROUTE: a stream cannot be cached": {"routes": [{"path": "/stream", "stream": True, "cache": "5s"}]},
    "ROUTE: write stream": {"routes": [{"path": "/both", "stream": True, "websocket": True}]},
    "DATA: guarded is for files": {"data": [{"name": "guarded", "path": "/g", "guarded": True}]},
    'DATA.url: "/static/" is where static files are': {"data": [{"name": "u", "path": "/u", "url": "/static/"}]},
    "sites[0].workers[0]: single means one": {
        "workers": [{"name": "w", "command": "w", "single": True, "replicas": 2}]
    },
}


def mix(*sites: dict[str, Any]) -> dict[str, Any]:
    """One site with the mistakes of all; lists are joined."""
    mixed: dict[str, Any] = {}
    for site in sites:
        for key, value in site.items():
            mixed[key] = [*mixed.get(key, []), *value] if isinstance(value, list) else value
    return make_site(**mixed)


def is_reported(wanted: str, lines: list[str]) -> bool:
    place, _, said = wanted.partition(":")
    place, dot, field = place.partition(".")
    name = {"ROUTE": "sites[0].routes[", "DATA": "sites[0].data["}.get(place)
    if name is None:
        return any(line.startswith(wanted) for line in lines)
    return any(line.startswith(name) and f"]{dot}{field}:{said}" in line for line in lines)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("clash", CLASHES)
def test_no_value_of_a_wrong_form_hides_a_clash(root: Path, form: str, clash: str) -> None:
    lines = refuse(root, make_values(mix(FORMS[form], CLASHES[clash])))
    assert is_reported(form, lines) and is_reported(clash, lines), lines
    assert len(lines) == 2, lines


def test_all_clashes_are_reported_at_once(root: Path) -> None:
    lines = refuse(root, make_values(mix(*CLASHES.values())))
    assert [clash for clash in CLASHES if not is_reported(clash, lines)] == []


def test_all_of_all_kinds_are_reported_at_once(root: Path) -> None:
    lines = refuse(
        root, make_values(mix(*FORMS.values(), *CLASHES.values()), make_site(name="b", hosts=["b"], body="x"))
    )
    assert [one for one in {**FORMS, **CLASHES} if not is_reported(one, lines)] == []
    assert len(lines) == len(set(lines)) == len(FORMS) + len(CLASHES) + 1


def test_the_places_are_those_that_were_written(root: Path) -> None:
    """What was left out stood before them."""
    both = {"path": "/both", "stream": True, "websocket": True}
    sites = [{"name": 5}, make_site(routes=[{"timeout": "1s"}, {"path": "/a", "x": 1}, {"path": "bad"}, both])]
    lines = refuse(root, make_values(*sites))
    assert any(line.startswith("sites[1].routes[3]: write stream") for line in lines), lines


@pytest.mark.parametrize(
    "site",
    [
        {"replicas": "3", "weights": [1, 2, 3]},
        {"gunicorn": {"timeout": "2 h"}, "routes": [{"path": "/slow", "timeout": "1h"}]},
        {"body": "90 M", "gunicorn": {"memory": "64M"}},
        {"staticUrl": "/files", "health": "/static/x"},
    ],
)
def test_nothing_is_said_that_rests_on_a_value_that_does_not_fit(root: Path, site: dict[str, Any]) -> None:
    assert len(refuse(root, make_values(make_site(**site)))) == 1


def test_nothing_is_said_of_a_target_that_was_not_meant(root: Path) -> None:
    values = make_values(make_site(body="500M"), target="awz")
    assert [line.partition(":")[0] for line in refuse(root, values)] == ["target"]


# Mistakes that are not of a site, beside a value of a site that does not fit.
ELSEWHERE: dict[str, dict[str, Any]] = {
    "services[0]: evict is for valkey": {"services": [{"name": "db", "kind": "postgres", "evict": True}]},
    'services[1]: version "18" is none of valkey': {
        "services": [{"name": "a", "kind": "postgres"}, {"name": "b", "kind": "valkey", "version": "18"}]
    },
    'services[1].name: "db" is listed twice': {
        "services": [{"name": "db", "kind": kind} for kind in ("postgres", "valkey")]
    },
    "services[0].memory: 1M is too little": {"services": [{"name": "db", "kind": "postgres", "memory": "1M"}]},
    "tls.port: 8080 is the port of plain HTTP too": {"port": 8080, "tls": {"port": 8080, "localAuthority": True}},
    "nginx.version: is older than": {"nginx": {"version": "1.18.0"}, "nginxImage": "nginx@sha256:" + "a" * 64},
    "ssh: is for another target": {"ssh": {"host": "web.example", "user": "deploy"}},
}


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_a_wrong_value_of_a_site_hides_nothing_elsewhere(root: Path, elsewhere: str) -> None:
    lines = refuse(root, make_values(make_site(body="5 Mb"), **ELSEWHERE[elsewhere]))
    assert any(line.startswith(elsewhere) for line in lines), lines
    assert any(line.startswith("sites[0].body") for line in lines)


def test_a_service_that_does_not_fit_is_not_called_missing(root: Path) -> None:
    services = [{"name": "db", "kind": "mysql"}, {"name": "cache", "kind": "valkey"}]
    lines = refuse(root, make_values(make_site(uses=["db", "cache"]), services=services))
    assert [line.partition(":")[0] for line in lines] == ["services[0].kind"]

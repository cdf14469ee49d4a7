"""Every bad setting is refused with its path and what to write, all of them in one report."""

import re
from pathlib import Path
from typing import Any

import pytest

from portico.config.checks import check_settings
from portico.config.settings import Mistakes, Settings
from portico.config.unknown_setting import RENAMED, find_model, list_settings
from tests.config.bad_settings import HOST, ROWS, TWICE, site
from tests.config.sample import make_site, make_values, refuse, write_files


@pytest.fixture(autouse=True)
def other_sources(root: Path) -> None:
    write_files(root / "bare", {"web.py": "app = 1\n"})
    write_files(root / "broken", {"requirements.txt": "flask\n", "web.py": "import os\ndef app(:\n"})


@pytest.mark.parametrize(("values", "line"), ROWS)
def test_a_bad_setting_is_named_with_its_path_and_what_to_write(root: Path, values: dict[str, Any], line: str) -> None:
    (said,) = refuse(root, values)
    assert said == line or (line.endswith("write") and said.startswith(line))


@pytest.mark.parametrize(("values", "line"), ROWS)
def test_a_report_speaks_to_people(root: Path, values: dict[str, Any], line: str) -> None:
    with pytest.raises(Mistakes) as caught:
        check_settings(values, root)
    for word in ("Traceback", "validation error", "type=", "pydantic", "Input should", "String should", "Value error"):
        assert word not in str(caught.value)


def test_a_missing_folder_is_shown_with_the_path_that_was_looked_at(root: Path) -> None:
    assert refuse(root, site(source="nowhere")) == [
        f'sites[0].source: "nowhere" is not a folder ({root}/nowhere); '
        "write the path of the Flask source, from Pulumi.yaml"
    ]


def test_an_unknown_key_close_to_none_gets_the_list_of_keys(root: Path) -> None:
    (line,) = refuse(root, make_values(zebra=1))
    assert line.startswith("zebra: there is no such setting; the settings here are ")
    for key in ("target", "nginxImage", "healthTimeout", "sites"):
        assert key in line


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("prefix", "the path below which an application is, is path: /shop"),
        ("scriptName", "the path below which an application is, is path: /shop"),
        ("volumes", "a folder that outlives releases is data: a list of name and path"),
        ("secrets", "--path portico:secrets.SITE.NAME"),
        ("env", "variables are environment"),
        ("dockerfile", "a Dockerfile in it is used by itself"),
        ("command", "Portico starts Gunicorn itself"),
    ],
)
def test_a_word_of_other_tools_is_answered_with_the_setting_that_is_meant(root: Path, key: str, said: str) -> None:
    (line,) = refuse(root, site(**{key: "x"}))
    assert line.startswith(f"sites[0].{key}: there is no such setting; ") and said in line
    assert "did you mean" not in line


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (site(threads=4), "write it as sites[0].gunicorn.threads"),
        (site(tls={}), "write it as portico:tls, beside sites"),
        (site(rollback="x"), "write it as portico:rollback, beside sites"),
        (site(burst=1), "write it as sites[0].limits.rate.burst or sites[0].routes[].rate.burst"),
        (site(gunicorn={"keepalive": "1s"}), "write it as nginx.keepalive"),
        (make_values(region="x"), "write it as aws.region or ecs.region or backups.region"),
        (make_values(entry="x"), "write it as sites[].entry"),
    ],
    ids=str,
)
def test_a_key_that_belongs_elsewhere_is_reported_its_place(root: Path, values: dict[str, Any], said: str) -> None:
    (line,) = refuse(root, values)
    assert line.endswith(f": there is no such setting; it is in the wrong place; {said}")


def test_a_key_that_stands_in_many_places_gets_the_list_of_keys(root: Path) -> None:
    (line,) = refuse(root, site(memory="1G"))
    assert "; the settings here are name, source, " in line


def test_a_health_path_below_the_static_files_is_refused(root: Path) -> None:
    assert refuse(root, site(health="/static/x")) == [
        "sites[0]: health is below staticUrl, which NGINX answers; write a path that the application answers"
    ]


def test_a_host_name_belongs_to_one_site(root: Path) -> None:
    assert refuse(root, make_values(make_site(), make_site(name="blog"))) == [
        f'sites[1].hosts[0]: "shop.example" is used at sites[0].hosts[0] {TWICE}; '
        "give each site its own name, or a path of its own, such as path: /blog"
    ]


def test_a_name_belongs_to_one_site(root: Path) -> None:
    assert refuse(root, make_values(make_site(), make_site(hosts=["b.example"]))) == [
        'sites[1].name: "shop" is the name of sites[0] already; write another'
    ]


def test_all_mistakes_are_reported_at_once(root: Path) -> None:
    broken = make_site(name="Shop", hosts=["A.example", "b.example", "b.example"], body="5", gunicorn={"worker": 1})
    values = make_values(broken, make_site(hosts=[], replicas=0), port="80", zebra=1)
    with pytest.raises(Mistakes) as caught:
        check_settings(values, root)
    assert str(caught.value).startswith("9 mistakes in the settings; nothing was changed.\n")
    assert {mistake.path for mistake in caught.value.all} == {
        "port",
        "zebra",
        "sites[0].name",
        "sites[0].hosts[0]",
        "sites[0].hosts[2]",
        "sites[0].body",
        "sites[0].gunicorn.worker",
        "sites[1].hosts",
        "sites[1].replicas",
    }


def test_one_mistake_is_counted_as_one(root: Path) -> None:
    with pytest.raises(Mistakes, match=r"^1 mistake in the settings; nothing was changed\.\n  port: "):
        check_settings(make_values(port=0), root)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a.example\nreturn 200", "a.example\\nreturn 200"),
        ("a\\b", "a\\b"),
        ("a\x1b[31m", "a\\x1b[31m"),
        ("ä;", "ä;"),
        ("x" * 99, "x" * 60),
    ],
    ids=ascii,
)
def test_a_value_is_shown_on_one_line(root: Path, value: str, shown: str) -> None:
    assert refuse(root, site(hosts=[value])) == [f'sites[0].hosts[0]: "{shown}" {HOST}']


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("*.BÜCHER.example", "*.xn--bcher-kva.example"),
        ("https://bücher.example:8443/a?b", "xn--bcher-kva.example"),
        ("straße.example.", "xn--strae-oqa.example"),
        ("日本。example", "xn--wgv71a.example"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
    ],
    ids=ascii,
)
def test_a_host_name_in_unicode_is_reported_as_browsers_send_it(root: Path, value: str, meant: str) -> None:
    for name in ("hosts", "aliases"):
        (line,) = refuse(root, site(**{name: [value]}))
        assert line.endswith(f" is not a host name; browsers send it in ASCII; write {meant}")
        assert line.isprintable()
    assert check_settings(site(hosts=[meant]), root).sites[0].hosts == (meant,)


@pytest.mark.parametrize("value", ["a\u200d.example", "xn--ü.example", "ä" * 70, "ä b.example"], ids=ascii)
def test_what_is_no_host_name_in_unicode_either_gets_the_usual_hint(root: Path, value: str) -> None:
    (line,) = refuse(root, site(hosts=[value]))
    assert HOST in line


def test_each_wrong_variable_and_each_wrong_hash_is_reported_at_once(root: Path) -> None:
    values = site(environment={"HOME": "/data", "USER": "me", "PORTICO_X": "1"}, users={"ann": "a", "bob": "b"})
    assert [line.partition(": ")[0] for line in refuse(root, values)] == [
        *(f"sites[0].environment.{name}" for name in ("HOME", "USER", "PORTICO_X")),
        *(f"sites[0].users.{name}" for name in ("ann", "bob")),
    ]


@pytest.mark.parametrize(
    ("values", "path"),
    [
        pytest.param(site(body="0M"), "sites[0].body", id="body"),
        pytest.param(site(gunicorn={"timeout": "0s"}), "sites[0].gunicorn.timeout", id="timeout"),
        pytest.param(site(gunicorn={"memory": "0M"}), "sites[0].gunicorn.memory", id="memory"),
        pytest.param(make_values(nginx={"memory": "0M"}), "nginx.memory", id="memory of NGINX"),
    ],
)
def test_a_limit_of_zero_is_refused_since_it_would_mean_no_limit(root: Path, values: dict[str, Any], path: str) -> None:
    (line,) = refuse(root, values)
    assert re.fullmatch(rf'{re.escape(path)}: "0[Ms]" disables the limit; use at least 1', line)


def test_a_setting_has_one_spelling(root: Path) -> None:
    (line,) = refuse(root, make_values(nginx_image="nginx:1.30.6"))
    assert line == "nginx_image: there is no such setting; did you mean nginxImage?"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1s", '"1s" is shorter than one health check may take; write at least 5s, or never'),
        ("soon", '"soon" is not a duration; write a whole number and a unit (ms, s, m or h), such as 30s'),
        (False, "false is not a duration; write never"),
        ("no", '"no" is not a duration; write never'),
    ],
)
def test_a_time_for_hung_replicas_is_refused_at_its_own_place(root: Path, value: object, said: str) -> None:
    refused = refuse(root, make_values(make_site(gunicorn={"hungAfter": value})))
    assert refused == [f"sites[0].gunicorn.hungAfter: {said}"]


def test_a_new_name_is_that_of_a_setting() -> None:
    for old, now in RENAMED.items():
        names = list_settings(find_model(Settings, old[:-1]))
        assert now in names and old[-1] not in names

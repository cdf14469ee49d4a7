"""The schema of stack files: valid itself, and of the program's opinion about good and bad files."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from portico.config.checks import check_settings
from portico.config.schema import make_schema
from portico.config.settings import Mistakes
from tests.program.stackfile import ROOT, STACKS

SITE = {"name": "hello", "source": "examples/hello", "entry": "hello:app", "hosts": ["hello.example"]}
HASH = "$2y$05$" + "a" * 53


def find_mistakes(document: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(make_schema(), format_checker=jsonschema.FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def spell(values: dict[str, Any]) -> dict[str, Any]:
    return {"config": {f"portico:{key}": value for key, value in values.items()}}


def is_accepted(values: dict[str, Any]) -> bool:
    try:
        check_settings(values, ROOT)
    except Mistakes:
        return False
    return True


def list_properties() -> Iterator[tuple[str, dict[str, Any]]]:
    schema = make_schema()
    for key, one in schema["properties"]["config"]["properties"].items():
        yield key, one
    for name, section in schema["$defs"].items():
        for key, one in section["properties"].items():
            yield f"{name}.{key}", one


def test_the_schema_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(make_schema())


@pytest.mark.parametrize("stack", STACKS)
def test_shipped_stack_files_are_valid(stack: str) -> None:
    assert find_mistakes(yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())) == []


def test_every_setting_is_described() -> None:
    assert [key for key, one in list_properties() if not one.get("description")] == []


def test_an_editor_shows_one_line_and_no_name_twice() -> None:
    every = [*list_properties(), *make_schema()["$defs"].items()]
    assert [key for key, one in every if "title" in one or "\n" in one["description"]] == []
    sections = {key: one for key, one in list_properties() if "$ref" in one}
    assert sections and not [key for key, one in sections.items() if "default" in one]


def test_every_default_and_example_fits_its_own_schema() -> None:
    schema = make_schema()
    for key, one in list_properties():
        if "default" in one:
            validator = jsonschema.Draft202012Validator({**one, "$defs": schema["$defs"]})
            assert validator.is_valid(one["default"]), key


def test_texts_without_a_grammar_are_known() -> None:
    """A new text gets a grammar, or a line here."""
    free = {
        "portico:caBundle",  # paths: looked for instead
        "Acme.caBundle",
        "Site.source",
        "Certificate.certificate",
        "Certificate.key",
        # A shell's words: split by shlex, which no pattern does.
        "ReleaseCommand.command",
        "Worker.command",
        "Job.command",
        "portico:eabKey",  # secrets: their places alone are reported
        "portico:dnsKey",
        "portico:backupKey",
        "portico:backupAccess",
    }
    kinds = [(key, kind) for key, one in list_properties() for kind in one.get("anyOf", [one])]
    assert {
        key for key, kind in kinds if kind.get("type") == "string" and not {"pattern", "enum", "const"} & {*kind}
    } == free


def test_no_name_is_a_wildcard() -> None:
    """A schema that took any key would find no misspelt one."""
    sections = [*make_schema()["$defs"].values(), make_schema()["properties"]["config"]]
    assert all(section["additionalProperties"] is False for section in sections)


GOOD: dict[str, dict[str, Any]] = {
    "the smallest": {},
    "everything": {
        "preset": "strict",
        "port": 80,
        "address": "::1",
        "docker": "unix:///run/docker.sock",
        "upstream": "container",
        "client": {"proxies": ["10.0.0.0/16", "fd00::/8"], "header": "CF-Connecting-IP"},
        "tls": {"localAuthority": True, "http3": True},
        "nginx": {"clientTimeout": "500ms", "gzip": {"level": 0}, "version": "1.30.6", "memory": "1G"},
        "sites": [
            {
                **SITE,
                "aliases": ["www.hello.example"],
                "replicas": 2,
                "weights": [1, 3],
                "environment": {"A": "any text; $even {this}"},
                "users": {"ada": HASH},
                "headers": {"contentSecurityPolicy": "", "frameOptions": "DENY"},
                "limits": {"rate": {"rate": "30r/m", "dryRun": True}},
                "routes": [{"path": "/events", "stream": True}, {"path": "/up/", "body": "50M", "timeout": "30s"}],
                "gunicorn": {"timeout": "1m", "version": "26.1.0"},
            }
        ],
    },
    "a section that is taken back": {"tls": None, "sites": [{**SITE, "limits": {"rate": None}}]},
}
BAD: list[tuple[str, Any]] = [
    ("port", 0),
    ("port", "http"),
    ("ports", 80),
    ("replicas", 1.5),
    ("upstream", "udp"),
    ("preset", "fast"),
    ("address", "localhost"),
    ("address", "127.0.0"),
    ("nginxImage", "nginx"),
    ("nginxImage", "nginx:latest"),
    ("docker", "ssh;//x"),
    ("sites", []),
    ("sites", {}),
    ("protect", "yes"),
    ("nginx.clientTimeout", "15"),
    ("nginx.clientTimeout", 15),
    ("nginx.clientTimeout", "0s"),
    ("nginx.memory", "256 MB"),
    ("nginx.workers", 0),
    ("nginx.logFormat", "combined"),
    ("nginx.gzip.level", 10),
    ("nginx.gzip", True),
    ("nginx.log_level", "warn"),
    ("client.proxies", []),
    ("client.proxies", ["everyone"]),
    ("sites.0.name", "Hello"),
    ("sites.0.hosts", ["hello.example; return 200 x"]),
    ("sites.0.hosts", ["*.*.example"]),
    ("sites.0.hosts", "hello.example"),
    ("sites.0.hosts", []),
    ("sites.0.entry", "hello"),
    ("sites.0.health", "healthz"),
    ("sites.0.health", "/a//b"),
    ("sites.0.staticUrl", "/static"),
    ("sites.0.body", "5 Mb"),
    ("sites.0.weights", [0]),
    ("sites.0.environment", {"A-B": "x"}),
    ("sites.0.environment", {"A": 1}),
    ("sites.0.headers.contentSecurityPolicy", 'a"; add_header X y'),
    ("sites.0.limits.rate", {"burst": 1}),
    ("sites.0.limits.rate", {"rate": "10/s"}),
    ("sites.0.gunicorn.version", "20.1.0"),
    ("sites.0.gunicorn.workerClass", "sync"),
    ("sites.0.routes", [{"body": "1M"}]),
    ("sites.0.routes", [{"path": "/x y"}]),
    ("sites.0.users", {"a:b": HASH}),
    ("sites.0.certificate", {"certificate": "a.crt"}),
]


def change(path: str, value: Any) -> dict[str, Any]:
    values: Any = {"sites": [copy.deepcopy(SITE)]}
    place = values
    *parents, last = path.split(".")
    for part in parents:
        place = place[int(part)] if part.isdigit() else place.setdefault(part, {})
    place[last] = value
    return dict(values)


@pytest.mark.parametrize("values", GOOD.values(), ids=GOOD.keys())
def test_good_files_are_good_for_both(values: dict[str, Any]) -> None:
    values = {"sites": [SITE], **values}
    assert is_accepted(values)
    assert find_mistakes(spell(values)) == []


@pytest.mark.parametrize(
    ("path", "value"), BAD, ids=lambda part: json.dumps(part) if not isinstance(part, str) else part
)
def test_bad_files_are_bad_for_both(path: str, value: Any) -> None:
    values = change(path, value)
    assert not is_accepted(values)
    found = find_mistakes(spell(values))
    assert found and all(".config" in mistake for mistake in found)


def test_a_missing_key_of_a_site_is_a_mistake() -> None:
    assert find_mistakes(spell({"sites": [{"name": "hello"}]}))


def test_values_as_pulumi_config_set_writes_them() -> None:
    assert find_mistakes(spell({"port": "8080", "protect": "true", "sites": [SITE]})) == []


def test_pulumis_own_keys_and_secrets() -> None:
    document = spell({"sites": [SITE], "secrets": {"hello": {"KEY": {"secure": "v1:a:b"}}}})
    document["config"]["docker:host"] = "tcp://a.example:2376"
    document |= {"encryptionsalt": "v1:x", "secretsprovider": "passphrase"}
    assert find_mistakes(document) == []


def test_the_settings_say_how_to_use_it() -> None:
    line = "# yaml-language-server: $schema=docs/stack.schema.json"
    assert line in (Path(ROOT) / "docs/settings.md").read_text() and (Path(ROOT) / "docs/stack.schema.json").is_file()

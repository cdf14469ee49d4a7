"""Pulumi's configuration becomes typed settings; secrets stay secret; mistakes end the run before it begins."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_all_config, set_mocks

from portico.config.load import Stack, load
from tests.components.recorder import Recorder, use_loop
from tests.config.sample import make_site, make_values
from tests.program.stackfile import spell_config


@pytest.fixture(autouse=True)
def project() -> Iterator[None]:
    use_loop()
    set_mocks(Recorder(), project="portico", stack="test")
    yield
    set_all_config({})


def load_values(root: Path, values: dict[str, Any]) -> Stack:
    set_all_config(spell_config(values))
    return load(root)


def test_texts_become_typed_values(root: Path) -> None:
    values = make_values(port=80, protect=True, upstream="container", nginx={"workers": 3, "keepalive": "10s"})
    settings = load_values(root, values).settings
    assert (settings.port, settings.protect, settings.upstream) == (80, True, "container")
    assert (settings.nginx.workers, settings.nginx.keepalive.seconds) == (3, 10)
    assert settings.sites[0].hosts == ("shop.example",)


def test_what_is_not_said_has_a_default(root: Path) -> None:
    settings = load_values(root, make_values()).settings
    assert (settings.address, settings.port, settings.replicas) == ("127.0.0.1", 8080, 2)


def test_a_stack_brings_releases_and_files_for_its_sites(root: Path) -> None:
    stack = load_values(root, make_values(make_site(), make_site(name="blog", hosts=["blog.example"])))
    assert [release.site.name for release in stack.releases] == ["shop", "blog"]
    assert all(release.id in "".join(stack.tree.files.values()) for release in stack.releases)


def test_other_projects_configuration_is_none_of_ours(root: Path) -> None:
    set_all_config(spell_config(make_values()) | {"docker:host": "tcp://a.example:1", "pulumi:tags": "{}"})
    assert load(root).settings.docker is None


@pytest.mark.parametrize("names", [["TOKEN"], []])
def test_a_secret_in_clear_is_warned_of_also_where_only_the_build_has_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", said.append)
    load_values(root, make_values(make_site(buildSecrets=names), secrets={"shop": {"TOKEN": "token-value"}}))
    (line,) = said
    assert "is in plain text" in line


def test_a_date_without_quotes_is_refused(root: Path) -> None:
    """As Pulumi hands on what YAML takes for one."""
    site = make_site(environment={"SINCE": "2026-01-01 00:00:00 +0000 UTC", "UNTIL": "2026-01-01"})
    with pytest.raises(pulumi.RunError) as refused:
        load_values(root, make_values(site))
    said = "is a date in YAML and would be read as 2026-01-01 00:00:00 +0000 UTC; put it in quotes as it was written"
    assert f"sites[0].environment.SINCE: {said}" in str(refused.value) and "UNTIL" not in str(refused.value)


def test_it_is_warned_of_too_where_other_settings_are_wrong(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", said.append)
    with pytest.raises(pulumi.RunError):
        load_values(root, make_values(make_site(body="5 Mb"), secrets={"shop": {"TOKEN": "token-value"}}))
    (line,) = said
    assert "is in plain text" in line


def test_a_key_of_backups_in_clear_is_warned_of(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", said.append)
    site = make_site(data=[{"name": "instance", "path": "/app/instance"}])
    key = "0123456789abcdef0123456789abcdef"
    load_values(root, make_values(site, backups={"to": "/srv/backups"}, backupKey=key))
    (line,) = said
    assert line.startswith("portico:backupKey is in plain text") and key not in line


def test_secrets_stay_secret_outputs(root: Path) -> None:
    stack = load_values(root, make_values(secrets={"shop": {"KEY": "correct horse"}}))
    assert "correct horse" not in repr(stack)
    checked = []

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def check() -> pulumi.Output[Any]:
        async def ask() -> None:
            secret = stack.secrets["shop"]
            checked.append((await secret.is_secret(), await secret.future()))

        return pulumi.Output.from_input(ask())

    check()
    assert checked == [(True, {"KEY": "correct horse"})]


BAD_SECRETS = [
    pytest.param(
        {"shep": {"A": "b"}},
        "secrets.shep: there is no such site; did you mean shop? if the site was removed, remove its secrets too, in "
        "the folder of Pulumi.yaml: pulumi config rm --path portico:secrets.shep",
        id="unknown site",
    ),
    pytest.param(
        {"blog": {"A": "b"}},
        "secrets.blog: there is no such site; if the site was removed, remove its secrets too, in the folder of "
        "Pulumi.yaml: "
        "pulumi config rm --path portico:secrets.blog",
        id="site that was removed",
    ),
    pytest.param(
        {"shop": {"A": 1}}, "secrets.shop.A: is a number, and a secret is a text; write it in quotes", id="number"
    ),
    pytest.param({"shop": "hunter2"}, "secrets.shop: does not fit; write NAME: text pairs", id="text"),
    pytest.param(["hunter2"], "secrets: does not fit; write site: NAME: text", id="list"),
]


@pytest.mark.parametrize(("secrets", "line"), BAD_SECRETS)
def test_bad_secrets_are_named_and_never_shown(root: Path, secrets: object, line: str) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        load_values(root, make_values(secrets=secrets))
    assert str(caught.value) == f"1 mistake in the settings; nothing was changed.\n  {line}"
    assert "hunter2" not in str(caught.value)


def test_each_wrong_secret_is_named(root: Path) -> None:
    given = {
        "PATH": "hunter2",
        "bad name": "hunter2",
        "N": 5,
        "T": True,
        "E": None,
        "L": ["hunter2"],
        "GOOD": "hunter2",
    }
    with pytest.raises(pulumi.RunError) as caught:
        load_values(root, make_values(make_site(secretsAs="environment"), secrets={"shop": given, "x": {}}))
    headline, *lines = str(caught.value).splitlines()
    assert headline.startswith("7 mistakes") and "hunter2" not in str(caught.value)
    assert [line.split(": ")[0].strip() for line in lines] == [
        "secrets.shop.PATH",
        'secrets.shop."bad name"',
        *(f"secrets.shop.{name}" for name in "NTEL"),
        "secrets.x",
    ]


@pytest.mark.parametrize("name", ["A B", "../../etc/passwd", "a/b", "", "PORTICO_SITE"])
def test_a_secrets_name_is_a_variables_name(root: Path, name: str) -> None:
    with pytest.raises(pulumi.RunError, match=r"secrets\.shop"):
        load_values(root, make_values(secrets={"shop": {name: "x"}}))


def test_mistakes_in_settings_and_secrets_come_in_one_report(root: Path) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        load_values(root, make_values(port=0, replicas="two", secrets={"shep": {}}))
    headline, *lines = str(caught.value).splitlines()
    assert headline == "3 mistakes in the settings; nothing was changed."
    assert [line.split(":")[0] for line in lines] == ["  port", "  replicas", "  secrets.shep"]


def test_a_report_ends_the_run_without_a_traceback(root: Path) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        load_values(root, {"sites": []})
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


@pytest.mark.parametrize("sites", ["", "shop", "[", "{}", "null", "[1]"])
def test_sites_that_are_no_list_of_sites_are_a_mistake(root: Path, sites: str) -> None:
    set_all_config({"portico:sites": sites})
    with pytest.raises(pulumi.RunError, match="sites"):
        load(root)


def test_private_files_are_read_and_named_by_the_tree(root: Path) -> None:
    stack = load_values(root, make_values(tls={"localAuthority": True}))
    assert set(stack.private.files) == {"shop.crt", "shop.key"}
    assert f"/private/{stack.private.digest}/" in stack.tree.files["conf.d/shop.conf"]
    assert "PRIVATE KEY" not in repr(stack)


def test_a_certificate_that_cannot_be_used_ends_the_run(root: Path) -> None:
    site = make_site(certificate={"certificate": "a.crt", "key": "a.key"})
    with pytest.raises(pulumi.RunError, match=r'sites\[0\]\.certificate\.key: "a\.key" is not a file'):
        load_values(root, make_values(site, tls={}))


@pytest.mark.parametrize("tls", ["true", "[]", '"on"', "{"])
def test_a_section_that_is_none_is_a_mistake(root: Path, tls: str) -> None:
    set_all_config(spell_config(make_values()) | {"portico:tls": tls})
    with pytest.raises(pulumi.RunError, match="tls"):
        load(root)


def test_a_site_with_no_secret_has_no_place_for_secrets(root: Path) -> None:
    loaded = load_values(root, make_values(secrets={"shop": {}}))
    assert loaded.secrets == {} and loaded.releases[0].id == load_values(root, make_values()).releases[0].id


def test_an_upstream_on_one_machine_is_refused_where_containers_are_started(root: Path) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        load_values(root, make_values(upstream="tcp"))
    assert str(caught.value).splitlines()[1:] == [
        '  upstream: "tcp" is for NGINX and Gunicorn on one machine (make render); write socket or container'
    ]

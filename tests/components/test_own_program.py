"""Portico in a user's own program: values that only the update knows, several of them, and a project of any name."""

import runpy
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime.settings import SETTINGS

from portico import Portico, Site
from tests.components.recorder import CONTAINER, IMAGE, Recorder, run
from tests.config.sample import SHOP, write_files

EXAMPLE = Path(__file__).parents[2] / "examples" / "own-program"
ADDRESS = "postgres://10.0.0.7/shop"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_files(tmp_path / "shop", SHOP)
    monkeypatch.setenv("BUILDX_CONFIG", str(tmp_path / "buildx"))
    return tmp_path


def make_site(**more: Any) -> Site:
    return Site(name="shop", source="shop", entry="web:app", hosts=["shop.example"], **more)


def deploy(home: Path, build: Callable[[], object], project: str = "ours", **options: Any) -> Recorder:
    def program() -> None:
        SETTINGS.project, SETTINGS.root_directory = project, str(home)
        build()

    return run(program, **options)


def make(name: str = "front", port: int = 8080, **more: Any) -> Callable[[], object]:
    def build() -> None:
        made = Portico(name, sites=[make_site(**more)], settings={"port": port, "replicas": 1})
        pulumi.export(f"{name}-url", made.url)
        pulumi.export(f"{name}-releases", made.releases)

    return build


def test_all_of_it_but_where_it_runs_lies_below_it(home: Path) -> None:
    made = deploy(home, make())
    (whole,) = made.of_type("portico:index:Program")
    assert made.children(whole) == {"front-portico": "portico:index:Portico"}


def test_its_outputs_are_those_of_what_is_live(home: Path) -> None:
    made = deploy(home, make())
    assert made.exports["front-url"] == "http://shop.example:8080"
    assert len(made.exports["front-releases"]["shop"]) == 12


def test_an_output_is_a_secret_like_any_other(home: Path) -> None:
    """The same value makes the same release, whenever it was known."""
    plain = deploy(home, make(secrets={"DATABASE_URL": ADDRESS}))
    late = deploy(home, _late(ADDRESS))
    other = deploy(home, _late("postgres://10.0.0.8/shop"))
    assert late.exports["front-releases"] == plain.exports["front-releases"] != other.exports["front-releases"]
    assert {one.urn for one in late.resources} == {one.urn for one in plain.resources}
    assert late.container("front-shop-files").inputs == plain.container("front-shop-files").inputs


def _late(value: str) -> Callable[[], object]:
    # An Output belongs to the program that it is made in.
    return lambda: make(secrets={"DATABASE_URL": pulumi.Output.from_input(value)})()


def test_a_preview_shows_what_a_value_will_make_that_is_not_known_yet(home: Path) -> None:
    def build() -> None:
        make(secrets={"DATABASE_URL": pulumi.Output.from_input(pulumi.UNKNOWN)})()

    made = deploy(home, build, preview=True)
    assert made.of_type(CONTAINER) and made.of_type(IMAGE)


def test_a_value_that_could_not_be_made_deploys_nothing(home: Path) -> None:
    def build() -> None:
        make(secrets={"DATABASE_URL": pulumi.Output.from_input(pulumi.UNKNOWN)})()

    assert not deploy(home, build).of_type(CONTAINER)


def test_an_output_may_be_a_variable_of_the_application_and_stands_in_clear_nowhere(home: Path) -> None:
    made = deploy(home, make(secrets={"DATABASE_URL": ADDRESS}, secrets_as="environment"))
    replica = made.container("front-shop-gunicorn-0")
    assert replica.inputs["entrypoints"][-2:] == ["DATABASE_URL", "gunicorn"]
    assert ADDRESS not in str(replica.inputs)


def test_an_output_among_the_settings_is_refused_by_its_place(home: Path) -> None:
    seen: list[str] = []

    def build() -> None:
        value = pulumi.Output.secret(ADDRESS)
        try:
            Portico("front", sites=[make_site(environment={"DB": value}, health=value)], settings={"port": value})
        except pulumi.RunError as error:
            seen.extend(str(error).splitlines()[1:])

    assert not deploy(home, build).of_type(CONTAINER)
    plain = "is an Output, and settings are known before Pulumi deploys; write a plain value"
    said = "is an Output, and what stands in the environment is in plain text everywhere; write Site("
    way = 'secrets={"DB": …}, secrets_as={"DB": "environment"})'
    assert [line.strip() for line in seen] == [
        f"port: {plain}",
        f"sites[0].health: {plain}",
        f"sites[0].environment.DB: {said}{way}",
    ]


def test_two_in_one_program_do_not_meet(home: Path) -> None:
    def build() -> None:
        make("front", 8080)()
        make("back", 8081)()

    made = deploy(home, build)
    assert [urn for urn, count in Counter(one.urn for one in made.resources).items() if count > 1] == []
    owners = {"front": "ours.front", "back": "ours.back"}
    for name, owner in owners.items():
        mine = [one for one in made.of_type(CONTAINER) if one.name.startswith(f"{name}-")]
        assert mine and {one.labels["portico.project"] for one in mine} == {owner}
    names = {one.inputs["name"] for one in made.of_type(IMAGE) if one.inputs["name"].startswith("portico/")}
    assert len({name.rpartition("/")[0] for name in names}) == 2


def test_two_projects_with_a_stack_of_one_name_do_not_meet(home: Path) -> None:
    found = []
    for project in ("ours", "theirs"):
        made = deploy(home, make(), project=project)
        found.append({one.inputs["name"] for one in made.of_type(IMAGE) if one.inputs["name"].startswith("portico/")})
        labels = {one.labels["portico.project"] for one in made.of_type(CONTAINER)}
        assert labels == {f"{project}.front"}
    assert not found[0] & found[1]


def test_mistakes_are_reported_by_the_settings_names_and_nothing_is_made(home: Path) -> None:
    seen: list[Any] = []

    def build() -> None:
        Portico("front", sites=[make_site(settings={"bodyy": "5M"})])

    with pytest.raises(pulumi.RunError, match=r"sites\[0\]\.bodyy: there is no such setting; did you mean body\?"):
        deploy(home, build, seen=seen)
    assert [one for one in seen if not one.type.startswith("portico:")] == []


def test_the_example_hands_over_the_address_that_docker_chose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUILDX_CONFIG", str(tmp_path / "buildx"))
    states = {"database": {"networkDatas": [{"ipAddress": "172.17.0.9"}]}}
    made = deploy(
        EXAMPLE, lambda: runpy.run_path(str(EXAMPLE / "__main__.py"), run_name="__main__"), "own-program", states=states
    )
    uploads = made.container("shop-shop-files").inputs["uploads"]
    assert [one["content"] for one in uploads] == ["http://172.17.0.9:5432"]
    assert made.exports["url"] == "http://localhost:8090"

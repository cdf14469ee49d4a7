"""The stand-in engine tells the truth: a check that fails inside an `apply` fails the test."""

import asyncio

import pulumi
import pulumi_docker as docker
import pytest

from tests.components.recorder import list_texts, run


def test_a_failed_check_inside_apply_fails_the_test() -> None:
    def build() -> None:
        def check(name: str) -> None:
            assert name == "another"

        docker.Volume("volume").name.apply(check)

    with pytest.raises(AssertionError):
        run(build)


def test_an_error_of_the_program_is_raised() -> None:
    def build() -> None:
        raise pulumi.RunError("refused")

    with pytest.raises(pulumi.RunError, match="refused"):
        run(build)


def test_a_secret_is_reported_from_a_plain_value() -> None:
    def build() -> None:
        labels = [docker.VolumeLabelArgs(label="a", value=pulumi.Output.secret("hidden"))]
        docker.Volume("one", labels=labels, driver="shown")

    (volume,) = run(build).resources
    assert ("hidden", True) in list_texts(volume.raw) and ("shown", False) in list_texts(volume.raw)
    assert volume.inputs["driver"] == "shown" and volume.labels == {"a": "hidden"}


def test_runs_do_not_see_one_another() -> None:
    def build() -> None:
        pulumi.export("name", docker.Volume("volume").name)

    assert [run(build).exports, run(build).exports, run(lambda: None).exports] == [{"name": "volume-0123456"}] * 2 + [
        {}
    ]


def test_another_test_may_have_left_the_thread_without_an_event_loop() -> None:
    asyncio.run(asyncio.sleep(0))
    assert [found.name for found in run(lambda: docker.Volume("volume")).resources] == ["volume"]

"""What `portico up` leaves out of the messages of a failure, and what it prints whole."""

import pytest

from portico.cli.failure import choose, fit, tidy


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("  sdk-v2/provider2.go:571: sdk.helper_schema: no space left: provider=docker@5.2.0", "no space left"),
        ("1 error occurred:\n\t* no space left\n\n", "no space left"),
        ("update failed", ""),
        ("update canceled", ""),
        ("resource operation failed", ""),
        ("shop: update failed since a disk is full", "shop: update failed since a disk is full"),
    ],
)
def test_a_message_is_tidied(message: str, text: str) -> None:
    assert tidy(message) == text


def test_what_the_program_did_not_explain_stays_with_its_resource() -> None:
    reported = [
        ("a-network", "1 error occurred:\n\t* no address is free\n"),
        ("b", "torn"),
        ("", "b is torn, since it is old"),
    ]
    assert choose([*reported, *reported]) == ["a-network: no address is free", "b is torn, since it is old"]
    assert choose([("", "an unhandled error occurred: program exited with non-zero exit code: 1")]) != []


def test_a_provider_that_ends_with_the_engine_is_said_only_where_nothing_else_is() -> None:
    ended = "Detected that /x/pulumi-resource-docker exited prematurely.\nThis is *always* a bug in the provider."
    assert choose([("", "shop did not go live"), ("", ended)]) == ["shop did not go live"]
    assert choose([("", ended)]) == [ended]
    late = "cannot complete a resource 'urn:pulumi:dev::x::portico:index:Port::p' whose registration isn't pending"
    assert choose([("", "the engine is gone"), ("p", late)]) == ["the engine is gone"]
    assert choose([("p", late)]) == [f"p: {late}"]


@pytest.mark.parametrize(
    "missing",
    [
        "aws:x/target:Target resource 't': property resourceId value output<string>{} has a problem: resourceId is "
        "required and missing",
        "aws:x/target:Target resource 't' has a problem: Missing required argument. The argument \"resource_id\" is "
        "required, but no definition was found.. Examine values at 't.resourceId'.",
    ],
)
def test_what_lacks_the_value_of_something_that_failed_is_said_only_where_nothing_else_is(missing: str) -> None:
    why = "shop-release-command (`flask db upgrade`) failed with exit code 3."
    assert choose([("", why), ("t", missing)]) == [why]
    assert choose([("t", missing)]) == [f"t: {missing}"]
    other = "aws:x/target:Target resource 't' has a problem: Conflicting configuration arguments."
    assert choose([("", why), ("t", other)]) == [why, f"t: {other}"]


def test_a_long_message_keeps_its_beginning_and_its_end() -> None:
    long, short = "\n".join(f"line {number}" for number in range(100)), "one\ntwo"
    (cut, kept) = fit([long, short], 12, 80)
    lines = cut.splitlines()
    assert kept == short and lines[:2] == ["line 0", "line 1"] and lines[-1] == "line 99" and "  ..." in lines
    assert len(lines) + 2 <= 12
    assert fit([short], 12, 80) == [short]


def test_a_list_of_mistakes_is_whole() -> None:
    listed = "\n".join(["40 mistakes in the settings; nothing was changed.", *(f"  sites[{n}]: no" for n in range(40))])
    log = "\n".join(["shop did not go live", *(f"line {number}" for number in range(100))])
    whole, cut = fit([listed, log], 12, 80)
    assert whole == listed and len(cut.splitlines()) <= 12

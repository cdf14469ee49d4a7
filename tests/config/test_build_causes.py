"""What a failed build has printed, and the cause that is read out of it."""

import pytest

from portico.config.messages.build_causes import find_build_cause


@pytest.mark.parametrize(
    ("printed", "cause"),
    [
        ("ERROR: No matching distribution found for flaks==3.1", "pip finds no flaks==3.1: see its name and version"),
        (
            "ERROR: Invalid requirement: 'flask=3'",
            "cannot read the requirements of shop: Invalid requirement: 'flask=3'",
        ),
        ("ERROR: ResolutionImpossible: for help visit", "contradict one another"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "not the one whose hash"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "set `caBundle` or PORTICO_CA_BUNDLE"),
        ("NewConnectionError: Temporary failure in name resolution", "does not reach the package index"),
        ("error: command 'gcc' failed: No such file or directory", "compiled (gcc), and the image has no compiler"),
        ("#5 0.113 exec /bin/sh: exec format error", "for another kind of processor than Docker has: let it emulate"),
        ("write /x: no space left on device", "the disk of the Docker engine is full"),
        ('failed to compute cache key: "/setup.cfg": not found', "names setup.cfg, which is not in the source of shop"),
    ],
)
def test_a_cause_is_told_with_what_to_do(printed: str, cause: str) -> None:
    assert cause in str(find_build_cause("shop", f"Step 3\n{printed}\nmore"))


def test_what_is_not_known_is_not_guessed() -> None:
    assert find_build_cause("shop", "the shelf is empty") is None

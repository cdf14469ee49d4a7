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
        (
            "misaka.c:32:10: fatal error: Python.h: No such file or directory\n"
            "error: command '/usr/bin/gcc' failed with exit code 1",
            "the image lacks Python.h: write python3-dev in `buildPackages` of shop",
        ),
        ("x.c:1:10: fatal error: openssl/ssl.h: No such file or directory", "openssl/ssl.h: write libssl-dev in"),
        ("x.c:1:10: fatal error: uuid.h: No such file or directory", "uuid.h: write the package of Debian that has it"),
        ("x.c:1: error: no such type\nerror: command '/usr/bin/gcc' failed with exit code 1", "does not compile here"),
        ("#5 0.113 exec /bin/sh: exec format error", "for another kind of processor than Docker has: let it emulate"),
        (
            'python:9.9: failed to resolve source metadata for r.example/python:9.9: failed to do request: Head "'
            'https://r.example/v2/python/manifests/9.9": dial tcp: lookup r.example: no such host',
            "does not get the base image from its registry",
        ),
        (
            'Get "https://registry.example/v2/": dial tcp 192.0.2.1:443: connect: connection refused',
            "does not get the base image from its registry",
        ),
        (
            "failed to resolve source metadata for r.example/python:9.9: r.example/python:9.9: not found",
            "the registry has no image r.example/python:9.9: see its name and tag in `pythonImage`",
        ),
        ("manifest for shop/base:2 not found: manifest unknown", "the registry has no image shop/base:2"),
        (
            "failed to resolve source metadata for r.example/base:2: pull access denied, repository does not exist "
            "or may require authorization: server message: insufficient_scope: authorization failed",
            "refuses access to the image r.example/base:2: see its name, and `docker login`",
        ),
        ("pull access denied for shop/base, repository does not exist", "refuses access to the image shop/base:"),
        (
            'failed to resolve source metadata for registry.example/base:1: failed to do request: Head "https://'
            'registry.example/v2/base/manifests/1": tls: failed to verify certificate: x509: certificate signed by '
            "unknown authority",
            "a certificate that Docker does not trust",
        ),
        ("write /x: no space left on device", "the disk of the Docker engine is full"),
        ('failed to compute cache key: "/setup.cfg": not found', "names setup.cfg, which is not in the source of shop"),
    ],
)
def test_a_cause_is_reported_with_what_to_do(printed: str, cause: str) -> None:
    assert cause in str(find_build_cause("shop", f"Step 3\n{printed}\nmore"))


def test_what_is_not_known_is_not_guessed() -> None:
    assert find_build_cause("shop", "the shelf is empty") is None

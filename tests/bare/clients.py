"""How this machine's package clients find their registries: variables and files, the same for a bare machine.

None of it is ever printed: it may name a company's hosts, or hold a password.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

# pip, Go, Git, OpenSSL and what asks for a proxy. What names this machine's own places is left out.
_VARIABLES: Final = re.compile(
    r"PIP_\w+|(GOPROXY|GO(NO)?SUMDB|GOPRIVATE|GONOPROXY|GOINSECURE|GOAUTH|GOVCS)|GIT_SSL_\w+|(SSL_CERT|CURL_CA|REQUESTS_CA)_\w+"
    r"|(http|https|ftp|all|no)_proxy",
    re.IGNORECASE,
)
_OWN_PLACES: Final = {"PIP_CACHE_DIR", "PIP_REQUIRE_VIRTUALENV", "PIP_TARGET", "PIP_PREFIX", "PIP_USER"}
_GO_SETTINGS: Final = ("GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GONOSUMDB", "GOINSECURE", "GOAUTH", "GOVCS")

# Below /etc: which registries, who may ask them, and whose signatures count. A bare machine has apt's sources already.
_SYSTEM: Final = (
    "/etc/pip.conf",
    "/etc/apt/auth.conf",
    "/etc/apt/auth.conf.d",
    "/etc/apt/trusted.gpg",
    "/etc/apt/trusted.gpg.d",
    "/etc/apt/keyrings",
    "/usr/local/share/ca-certificates",
)
# Below the home of whoever calls, and of the bare machine's root.
_HOME: Final = (".netrc", ".pip/pip.conf", ".config/pip/pip.conf", ".config/go/env")


def find_variables() -> dict[str, str]:
    """The variables of the package clients, with what Go has in its own files."""
    found = {name: value for name, value in os.environ.items() if _VARIABLES.fullmatch(name)}
    if go := shutil.which("go"):
        reported = subprocess.run([go, "env", *_GO_SETTINGS], capture_output=True, text=True, check=True).stdout
        found |= {name: value for name, value in zip(_GO_SETTINGS, reported.splitlines(), strict=True) if value}
    return {name: value for name, value in found.items() if name not in _OWN_PLACES}


def find_files(home: str) -> dict[str, Path]:
    """Files and folders by where a bare machine has them, whose root lives in `home`."""
    found = {place: Path(place) for place in _SYSTEM}
    found |= {f"{home}/{place}": Path.home() / place for place in _HOME}
    # A bundle of certificates that a variable names. The usual one is made by Debian, with the certificates above.
    for name, value in os.environ.items():
        if _VARIABLES.fullmatch(name) and value.startswith("/") and not value.startswith("/etc/ssl/certs"):
            found[value] = Path(value)
    return {place: path for place, path in found.items() if path.exists()}


def describe_apt() -> str:
    """How apt asks: its proxy, certificates, time limits."""
    if not shutil.which("apt-config"):
        return ""
    reported = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=True).stdout
    wanted = re.compile(r"Acquire::(https?|Check-|Retries|Force|Max-)", re.IGNORECASE)
    return "".join(f"{line}\n" for line in reported.splitlines() if wanted.match(line))

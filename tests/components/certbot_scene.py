"""The volumes of the client that orders certificates, with a certbot that does as a test tells it."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from portico.components.in_container.certificates import Client
from portico.config.tls.local_ca import issue_certificate

# Notes what it was asked, and lays out what is prepared, as certbot does.
CERTBOT = """#!{python}
import json, os, shutil, sys
from pathlib import Path
reported = json.loads(Path(os.environ["REPORTED"]).read_text())
words = sys.argv[1:]
with open(os.environ["ASKED"], "a") as file:
    file.write(json.dumps(words) + "\\n")
home = Path(next(word for word in words if word.startswith("--config-dir=")).partition("=")[2])
site = words[words.index("--cert-name") + 1]
if (ready := reported.get("ready", {{}}).get(site)) and words[0] in reported.get("verbs", ["certonly"]):
    (home / "live" / site).mkdir(parents=True, exist_ok=True)
    (home / "renewal").mkdir(exist_ok=True)
    (home / "renewal" / f"{{site}}.conf").write_text("[renewalparams]")
    for ours, theirs in (("crt", "fullchain.pem"), ("key", "privkey.pem")):
        shutil.copy(f"{{ready}}.{{ours}}", home / "live" / site / theirs)
print(reported.get("said", "") if words[0] == "certonly" else "")
sys.exit(reported.get("code", 0) if words[0] == "certonly" else 0)
"""
REFUSED = """
Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:

  Identifier: www.shop.example
  Type:   dns
  Detail: DNS problem: NXDOMAIN looking up A for www.shop.example

Hint: The Certificate Authority failed to download the temporary challenge files created by Certbot.

Some challenges have failed.
Ask for help or search for solutions at https://community.letsencrypt.org.
"""


@dataclass
class Scene:
    """The volumes, and what certbot is reported."""

    folder: Path
    server: str = "https://ca.example/dir"

    @property
    def root(self) -> Path:
        return self.folder / "certificates"

    def tell(self, *, ready: dict[str, Sequence[str]] | None = None, **more: Any) -> None:
        """Certificates for names that are given, by site; `said`, `code` and `verbs` are certbot's."""
        found = {site: str(self.issue(site, *names)) for site, names in (ready or {}).items()}
        (self.folder / "reported").write_text(json.dumps({"ready": found, **more}))

    def issue(self, site: str, *names: str) -> Path:
        place = self.folder / f"issued-{site}-{len(list(self.folder.glob('issued-*')))}"
        chain, key = issue_certificate(self.folder / f"ca-{place.name}", site, names)
        Path(f"{place}.crt").write_text(chain)
        Path(f"{place}.key").write_text(key)
        return place

    def begin(self, **sites: list[str]) -> Client:
        reported = {"server": self.server, "email": "ops@shop.example", "sites": sites}
        return Client(reported, self.root, self.folder / "challenges")

    def asked(self) -> list[list[str]]:
        file = self.folder / "asked"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / "report.json").read_text())
        return found


def make_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A certbot of its own in front of any other."""
    program = tmp_path / "bin" / "certbot"
    program.parent.mkdir()
    program.write_text(CERTBOT.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("REPORTED", str(tmp_path / "reported"))
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    made = Scene(tmp_path)
    for name in ("store", "offered", "live", "client"):
        (made.root / name).mkdir(parents=True)
    return made


def wait(report: dict[str, Any]) -> float:
    """Seconds until the next try."""
    return (datetime.fromisoformat(report["next"]) - datetime.now(UTC)).total_seconds()

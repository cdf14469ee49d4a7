"""Certbot: how it is called, and what it says: for certificates.py."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

LONGEST = 600  # seconds that an order may take
_NONCE = "anti-replay nonce"
_FORGOTTEN = re.compile(r"accountDoesNotExist|[Aa]ccount \S+ (not found|does not exist)")
# Python's words, and what they mean.
_MEANINGS = (
    (r"ClientError: <Response \[(\d+)\]>", "the authority answers with status {}, and says no more"),
    (
        r"certificate verify failed: ([\w ,'.:-]+) \(_ssl",
        "the HTTPS of the authority itself is not trusted: {}; look at this machine's clock, and at tls.acme.caBundle",
    ),
    (
        r"(Server requires) external account binding",
        "the authority gives certificates to its customers alone; write tls.acme.eab, and set the secret "
        "portico:eabKey",
    ),
    (
        r"((?:external account binding|the field 'kid'|externalAccount).*)",
        "the authority does not accept tls.acme.eab with the secret portico:eabKey: {}",
    ),
    (r"HTTPSConnectionPool.*Errno -?\d+\] ([\w ]+)", "the authority cannot be reached: {}"),
)
# As Let's Encrypt says it of its limits.
_UNTIL = re.compile(r"retry after (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC")
_OFFLINE = ("ConnectionError", "Max retries", "Timeout", "timed out", "Temporary failure", "SSLError", _NONCE)


@dataclass(frozen=True)
class Refused:
    """Why there is no new certificate, in a sentence; `patient` where asking again soon would be held against us.

    `until` is when the authority will listen again, where it said so.
    """

    why: str
    patient: bool
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Certbot:
    """One authority's certificates in `home`; `options` are those of every call."""

    home: Path
    server: str
    email: str
    challenges: Path
    options: Sequence[str] = ()

    def order(self, site: str, names: Sequence[str], *, some: bool) -> Refused | None:
        """Order a certificate for these names, unless there is one that is not due.

        With `some` it is for those of them that can be had.
        """
        self._mend(site)
        words = ["--agree-tos", "--no-eff-email", "--email", self.email, "--server", self.server]
        words += ["--webroot", "--webroot-path", str(self.challenges), "--keep-until-expiring"]
        words += ["--renew-with-new-domains", "--cert-name", site]
        words += ["--allow-subset-of-names"] if some else []
        words += [word for name in names for word in ("--domain", name)]
        failed = self._run("certonly", *words)
        if failed and _FORGOTTEN.search(failed.why):
            # The authority has forgotten it; certbot would name it for ever.
            shutil.rmtree(self.home / "accounts", ignore_errors=True)
            failed = self._run("certonly", *words)
        if failed and _NONCE in failed.why:
            # Certbot itself tries such a request twice.
            failed = self._run("certonly", *words)
        return failed

    def renew(self, site: str) -> Refused | None:
        """Renew what is there, if it is due."""
        return self._run("renew", "--cert-name", site, "--no-random-sleep-on-renew")

    def find(self, site: str) -> tuple[Path, Path]:
        """Where the chain and the key of a site are, if there are any."""
        folder = self.home / "live" / site
        return folder / "fullchain.pem", folder / "privkey.pem"

    def _mend(self, site: str) -> None:
        """Take away halves over which certbot would stumble for ever: it was killed meanwhile, or the disk was full."""
        if not self.home.is_dir():
            return
        wanted = (
            (self.find(site)[0], "END CERT"),
            (self.find(site)[1], "PRIVATE KEY"),
            (self._record(site), "[renewalparams]"),
        )
        if not all(word in _read(file) for file, word in wanted):
            for folder in ("live", "archive"):
                shutil.rmtree(self.home / folder / site, ignore_errors=True)
            self._record(site).unlink(missing_ok=True)
        if not all(map(_is_json, (self.home / "accounts").rglob("*.json"))):
            # What is left of an account is of no use.
            shutil.rmtree(self.home / "accounts", ignore_errors=True)

    def _record(self, site: str) -> Path:
        return self.home / "renewal" / f"{site}.conf"

    def _run(self, verb: str, *words: str) -> Refused | None:
        folders = [f"--config-dir={self.home}", f"--work-dir={self.home}/work", "--logs-dir=/tmp/certbot"]
        common = ["--non-interactive", "--no-directory-hooks", "--max-log-backups=2", *folders, *self.options]
        try:
            done = subprocess.run(
                ["certbot", verb, *common, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=LONGEST,
                check=False,
                env={**os.environ, "HOME": "/tmp"},
            )
        except subprocess.TimeoutExpired:
            return Refused(f"the order took longer than {LONGEST} s", patient=True)
        return explain(done.stdout, failed=bool(done.returncode))


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def _is_json(file: Path) -> bool:
    try:
        json.loads(_read(file))
    except ValueError:
        return False
    return True


def explain(said: str, *, failed: bool) -> Refused | None:
    """What was in the way, out of certbot's words: some names may have failed, and the others not."""
    told = dict(re.findall(r"(?m)^ *(?:Domain|Identifier): *(\S+)\n *Type: *\S+\n *Detail: *(.+)", said))
    if told:
        return Refused("; ".join(f"{name}: {detail.strip()}" for name, detail in told.items()), patient=True)
    if not failed:
        return None
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    good = [line for line in lines if not line.startswith(("Ask for help", "See ", "Saving debug log", "- - -"))]
    why = good[-1] if good else "certbot said nothing"
    for pattern, meaning in _MEANINGS:
        if found := re.search(pattern, why):
            why = meaning.format(found[1])
            break
    until = _UNTIL.search(why)
    return Refused(
        why[:500],
        patient=not any(one in said for one in _OFFLINE),
        until=datetime.fromisoformat(f"{until[1]}+00:00") if until else None,
    )

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
AUTHORITIES = Path("/tmp/authorities.pem")  # the authorities by which Route 53 is trusted
_NONCE = "anti-replay nonce"
_FORGOTTEN = re.compile(r"accountDoesNotExist|[Aa]ccount \S+ (not found|does not exist)")
# Patterns of certbot's output, and what they mean.
_MEANINGS = (
    (r"ClientError: <Response \[(\d+)\]>", "the authority answers with status {}, and gives no reason"),
    (
        r"certificate verify failed: ([\w ,'.:-]+) \(_ssl",
        "the certificate of the authority itself is not trusted: {}; check this machine's clock, and tls.acme.caBundle",
    ),
    (
        r"(Server requires) external account binding",
        "the authority gives certificates only to its customers; write tls.acme.eab, and set the secret portico:eabKey",
    ),
    (
        r"((?:external account binding|the field 'kid'|externalAccount).*)",
        "the authority does not accept tls.acme.eab with the secret portico:eabKey: {}",
    ),
    (
        r"\((InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClientException|InvalidSignatureException)\)",
        "Route 53 does not accept tls.acme.dns.accessKey with the secret portico:dnsKey: {}",
    ),
    (
        r"\(AccessDenied\w*\) when calling the (\w+)",
        "the access key of tls.acme.dns may not call {} at Route 53; give it the policy in docs/certificates.md",
    ),
    (
        r"Unable to find a Route53 hosted zone for (\S+)",
        "Route 53 has no public hosted zone for {} in the account of tls.acme.dns.accessKey",
    ),
    (
        r"(?:Could not connect to|Connect timeout on|Read timeout on) .*URL: \"?(\S+?)\"?\.?$",
        "Route 53 cannot be reached: {}",
    ),
    (r"An error occurred \((\w+)\) when calling the \w+ operation", "Route 53 answers with an error: {}"),
    (r"HTTPSConnectionPool.*Errno -?\d+\] ([\w ]+)", "the authority cannot be reached: {}"),
)
# As Let's Encrypt says it of its limits.
_UNTIL = re.compile(r"retry after (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC")
# What its plugins say of what went wrong with them.
_ADVICE = ("To use certbot-dns-route53", "Ask for help", "See ", "Saving debug log", "- - -")
_WEBROOT, _DNS, _BOTH = ["--webroot"], ["--authenticator", "dns-route53"], ["--authenticator", "portico-proofs"]
_OFFLINE = (
    "Could not connect to the endpoint",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ConnectionError",
    "Max retries",
    "Timeout",
    "timed out",
    "Temporary failure",
    "SSLError",
    _NONCE,
)


@dataclass(frozen=True)
class Refused:
    """Why there is no new certificate, in a sentence; `patient` where the authority would count another try soon.

    `until` is when the authority accepts orders again, where it said so.
    """

    why: str
    patient: bool
    until: datetime | None = None
    dns: bool = False  # whether Route 53 failed, so that no challenge was answered
    names: tuple[str, ...] = ()  # those whose challenges were refused


@dataclass(frozen=True, kw_only=True)
class Certbot:
    """One authority's certificates in `home`; `options` are those of every call."""

    home: Path
    server: str
    email: str
    challenges: Path
    options: Sequence[str] = ()
    # Which names are proven by DNS-01: "wildcards", or "all"; none for "".
    dns: str = ""

    def order(self, site: str, names: Sequence[str], *, some: bool) -> Refused | None:
        """Order a certificate for these names, unless there is one that is not due.

        With `some` it is for those of them that can be had, which certbot knows to do where none has a star.
        """
        self._mend(site)
        words = ["--agree-tos", "--no-eff-email", "--email", self.email, "--server", self.server]
        words += [*self._choose_proof(names), "--webroot-path", str(self.challenges), "--keep-until-expiring"]
        words += ["--renew-with-new-domains", "--cert-name", site]
        words += ["--allow-subset-of-names"] if some and not any(map(_has_star, names)) else []
        words += [word for name in names for word in ("--domain", name)]
        failed = self._run("certonly", *words)
        if failed and _FORGOTTEN.search(failed.why):
            # The authority has forgotten it; certbot would go on to name it.
            shutil.rmtree(self.home / "accounts", ignore_errors=True)
            failed = self._run("certonly", *words)
        if failed and _NONCE in failed.why:
            # Certbot itself tries such a request twice.
            failed = self._run("certonly", *words)
        return failed

    def renew(self, site: str) -> Refused | None:
        """Renew what is there, if it is due."""
        words = ["--webroot-path", str(self.challenges)] if self.dns else []
        return self._run("renew", "--cert-name", site, "--no-random-sleep-on-renew", *words)

    def list_by_dns(self, names: Sequence[str]) -> list[str]:
        """Those of the names that are proven by DNS-01."""
        return [name for name in names if self.dns == "all" or (self.dns and _has_star(name))]

    def list_others(self, names: Sequence[str], failed: Refused) -> list[str]:
        """Those of the names that may be had without what failed, where some have a star; none where nobody knows."""
        if not any(map(_has_star, names)):
            return []
        by_dns = self.list_by_dns(names)
        # An authority names one with a star without it.
        wrong = by_dns if failed.dns else [one if one in names else f"*.{one}" for one in failed.names]
        return [name for name in names if name not in wrong] if wrong else []

    def _choose_proof(self, names: Sequence[str]) -> list[str]:
        by_dns = self.list_by_dns(names)
        return _WEBROOT if not by_dns else _DNS if len(by_dns) == len(names) else _BOTH

    def find(self, site: str) -> tuple[Path, Path]:
        """Where the chain and the key of a site are, if there are any."""
        folder = self.home / "live" / site
        return folder / "fullchain.pem", folder / "privkey.pem"

    def _mend(self, site: str) -> None:
        """Remove half-written files on which certbot would always fail: it was killed, or the disk was full."""
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
            # Without all of its files, an account cannot be used.
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


def _has_star(name: str) -> bool:
    return name.startswith("*.")


def _is_json(file: Path) -> bool:
    try:
        json.loads(_read(file))
    except ValueError:
        return False
    return True


def explain(said: str, *, failed: bool) -> Refused | None:
    """The reason, from certbot's output: some names may have failed, and the others not."""
    told = dict(re.findall(r"(?m)^ *(?:Domain|Identifier): *(\S+)\n *Type: *\S+\n *Detail: *(.+)", said))
    if told:
        why = "; ".join(f"{name}: {detail.strip()}" for name, detail in told.items())
        return Refused(why, patient=True, names=tuple(told))
    if not failed:
        return None
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    good = [line for line in lines if not line.startswith(_ADVICE)]
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
        dns="Route 53" in why,
    )


def lead_to_route53(home: Path, endpoint: str) -> None:
    """Let its plugin find this access key and no other: on a VM it would take the VM's own."""
    import certifi

    own = home / "ca.pem"
    AUTHORITIES.write_text(certifi.contents() + (own.read_text() if own.is_file() else ""))
    found = {
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "aws"),
        "AWS_CONFIG_FILE": "/dev/null",
        # Route 53 is in no region, and its requests are signed for this one.
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        # Certbot's own requests trust the authority's bundle alone, and this library would follow it.
        "AWS_CA_BUNDLE": str(AUTHORITIES),
    }
    os.environ.update(found | ({"AWS_ENDPOINT_URL_ROUTE_53": endpoint} if endpoint else {}))

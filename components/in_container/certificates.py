"""Orders the certificates of a stack's sites and renews them, one certificate a site.

It asks certbot (certbot.py) whether something is due: that knows when the authority wants a renewal (ARI, RFC 9773).
A new one is checked and written for NGINX (certificate_store.py). The result of each try is in report.json.
"""

import hashlib
import json
import os
import random
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from portico.components.in_container.certbot import Certbot, Refused, lead_to_route53
from portico.components.in_container.certificate_notes import LIMITED, count_until, read_notes, recall, say, spell
from portico.components.in_container.certificate_store import (
    Pair,
    list_names,
    offer,
    read_offered,
    read_pair,
    read_refusal,
)

LOOK = 6 * 3600  # seconds between two looks at a certificate; shorter for one that does not last a few days
# Seconds until the next try, by the number of those that failed in a row. An authority counts refused challenges: Let's
# Encrypt allows five an hour for each name. One that does not answer counts nothing.
PATIENT = (60, 300, 900, 3600, 3 * 3600)
SOON = (10, 30, 60, 300, 900, 3600)
WEEK = timedelta(days=7)
ROOM = 256 * 1024  # bytes: a certificate with all that certbot keeps of it takes 50 KB
ORDERS = 50  # that are remembered: of certificates that live for minutes there are many a week
OFTEN = 900  # seconds between two tries to renew what is about to end, at least; less for one that lasts some hours


class Client:
    """Everything that is to be done for `sites`, host names by site; `root` is the volume of certificates."""

    def __init__(self, told: dict[str, Any], root: Path, challenges: Path) -> None:
        self.root, self.sites = root, dict(told["sites"])
        home = root / "client"
        account, dns = home / "eab", told.get("dns")
        self.certbot = Certbot(
            # Another authority has another account, and nothing of it is mixed.
            home=home / hashlib.sha256(told["server"].encode()).hexdigest()[:12],
            server=told["server"],
            email=told["email"],
            challenges=challenges,
            options=[f"--config={account}"] if account.is_file() else [],
            dns=dns["names"] if dns else "",
        )
        if (home / "ca.pem").is_file():
            os.environ["REQUESTS_CA_BUNDLE"] = str(home / "ca.pem")
        if dns:
            lead_to_route53(home, dns["endpoint"])
        self.file = root / "report.json"
        known = read_notes(self.file)
        self.report = {
            site: recall(known.get(site, {}), names, told["server"], self.certbot.list_by_dns(names))
            for site, names in self.sites.items()
        }

    def step(self) -> float:
        """Look at every site whose time has come; seconds until the next one's."""
        # The one that waits longest comes first, so that on a busy machine each gets its turn.
        for site in sorted(self.sites, key=self._wait):
            if self._wait(site) <= 0:
                try:
                    self._attend(site)
                except (OSError, ValueError) as error:
                    # Such as a full disk.
                    self._note(site, Refused(str(error), patient=False), None)
                self._write()
        self._write()
        return max(1.0, min((self._wait(site) for site in self.sites), default=float(LOOK)))

    def _wait(self, site: str) -> float:
        return count_until(self.report[site]["next"])

    def _attend(self, site: str) -> None:
        self._require_room()
        wanted, before, note = self.sites[site], self._find(site), self.report[site]
        _, lacking = list_names(before, wanted)
        if before and lacking and count_until(note["later"]) > 0:
            # It is too early to ask for those that it lacks, and never too early to keep what is there.
            failed = self.certbot.renew(site)
            self._take(site)
            self._note(site, failed, self._find(site), asked=False)
            return
        # The first one is for those names that lead here. Once there is one, it is for all: else it would be
        # ordered again and again for the same names, and few such orders are allowed a week.
        failed = self.certbot.order(site, wanted, some=before is None)
        if failed and before and {*before.names} != {*wanted}:
            # The present one is renewed anyway.
            self.certbot.renew(site)
        if failed and before is None and (rest := self.certbot.list_others(wanted, failed)):
            # Certbot leaves no name out where one has a star.
            self.certbot.order(site, rest, some=True)
        pair = self._take(site)
        _, lacking = list_names(pair, wanted)
        if not failed and lacking:
            failed = self._explain(site) or Refused(f"no answer came from {', '.join(lacking)}", patient=True)
        self._note(site, failed, pair)

    def _require_room(self) -> None:
        """Order nothing that could not be stored: an authority counts it anyway. Raises OSError."""
        probe = self.root / ".room"
        try:
            probe.write_bytes(bytes(ROOM))
        except OSError as error:
            raise OSError(f"nothing was ordered, since nothing can be written there: {error.strerror}") from error
        finally:
            probe.unlink(missing_ok=True)

    def _take(self, site: str) -> Pair | None:
        """What certbot has by now; written for NGINX if that has another one: a killed run may have left it."""
        pair = self._find(site)
        if pair is None:
            return None
        self._count(site, pair)
        lies = read_offered(self.root, site)
        if lies is None or pair.id != lies.id:
            offer(self.root, site, pair)
            say(site, "has a certificate of", pair.issuer, "until", spell(pair.ends), "for", *pair.names)
        return pair

    def _count(self, site: str, pair: Pair) -> None:
        """Record what was ordered in a week: an authority gives few certificates for the same names."""
        note, since = self.report[site], spell(datetime.now(UTC) - WEEK)
        orders = [one for one in note.get("orders", []) if one["begins"] > since and one["id"] != pair.id]
        orders.append({"id": pair.id, "begins": spell(pair.begins), "names": sorted(pair.names)})
        note["orders"] = orders[-ORDERS:]

    def _find(self, site: str) -> Pair | None:
        """The pair that certbot has for it, if it can be used."""
        try:
            return read_pair(*self.certbot.find(site))
        except (OSError, ValueError):
            return None

    def _explain(self, site: str) -> Refused | None:
        """Why the new pair cannot be used; None where it can, or where there is none."""
        chain, key = self.certbot.find(site)
        try:
            read_pair(chain, key)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            # Where the clock is wrong, none that is ordered could be used, but each would count.
            until = datetime.now(UTC) + timedelta(seconds=LIMITED)
            return Refused(f"the new certificate cannot be used: {error}", patient=True, until=until)
        return None

    def _note(self, site: str, failed: Refused | None, pair: Pair | None, *, asked: bool = True) -> None:
        """Record the result; `asked` says that it was for all names."""
        note, now = self.report[site], datetime.now(UTC)
        note["tried"] = spell(now)
        wait: float = LOOK
        if failed:
            note["error"], note["failures"] = failed.why, note["failures"] + 1
            steps = PATIENT if failed.patient else SOON
            wait = steps[min(note["failures"], len(steps)) - 1]
            say(site, "gets no new certificate:", failed.why)
        elif asked:
            note["error"], note["failures"] = "", 0
        # So that not all machines ask at the same moment.
        wait *= random.uniform(0.8, 1.2)
        if failed and failed.until:
            # Once a day anyway: the refusal may have been a mistake.
            wait = min(max(wait, (failed.until - now).total_seconds()), LIMITED)
        if asked:
            note["later"] = spell(now + timedelta(seconds=wait))
        if pair:
            # There are several tries before one ends, and never so many that an authority limits them. A good one is
            # left alone for half of its life.
            idle = 0.0 if failed else pair.rest - pair.life / 2
            wait = min(wait, max(pair.rest / 10, min(OFTEN, pair.life / 20), idle))
        note["next"] = spell(now + timedelta(seconds=max(2.0, wait)))

    def _write(self) -> None:
        for site, note in self.report.items():
            pair = read_offered(self.root, site)
            note |= {
                "names": list(pair.names) if pair else [],
                "issuer": pair.issuer if pair else "",
                "begins": spell(pair.begins) if pair else "",
                "ends": spell(pair.ends) if pair else "",
                "refused": read_refusal(self.root, site),
            }
        text, partial = json.dumps(self.report), self.file.with_name(".report.json")
        try:
            partial.write_text(text)
            partial.chmod(0o640)
            partial.replace(self.file)
        except OSError as error:
            partial.unlink(missing_ok=True)
            try:
                # On a full disk the space that the file has already is still there.
                with self.file.open("r+") as file:
                    file.write(text)
                    file.truncate()
            except OSError:
                say("its result cannot be recorded:", error)


def main() -> None:
    """Look after the certificates until SIGTERM; an order that runs by then is waited for."""
    os.umask(0o027)
    client = Client(json.loads(sys.argv[1]), Path("/srv/certificates"), Path("/srv/challenges"))
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    # A machine that slept, or whose clock was set, is noticed soon.
    while not ending.wait(min(client.step(), 300.0)):
        pass


if __name__ == "__main__":
    main()

"""Certbot's plugin for a certificate whose names are proven in two ways: by HTTP where possible, by DNS for a star.

Certbot's own plugins take one way for all names of a certificate; this one passes each name to the right plugin.
"""

from collections.abc import Callable, Iterable
from typing import Any

from acme import challenges
from certbot import interfaces
from certbot._internal.plugins.webroot import Authenticator as Webroot
from certbot.plugins import common
from certbot_dns_route53._internal.dns_route53 import Authenticator as Route53


class Proofs(common.Plugin, interfaces.Authenticator):  # type: ignore[misc]
    """Answers with a file, by the settings of --webroot, or with a record at Route 53."""

    description = "A file of HTTP or a record at Route 53, name by name"

    def __init__(self, config: Any, name: str) -> None:
        super().__init__(config, name)
        self.webroot, self.route53 = Webroot(config, "webroot"), Route53(config, "dns-route53")

    @classmethod
    def add_parser_arguments(cls, add: Callable[..., None]) -> None:
        """There are none."""

    def prepare(self) -> None:
        """Nothing is needed before."""

    def more_info(self) -> str:
        """What certbot shows of it."""
        return self.description

    def get_chall_pref(self, identifier: str) -> Iterable[Any]:
        """HTTP-01 where the authority offers it: for a star it offers DNS-01 alone."""
        return [challenges.HTTP01, challenges.DNS01]

    def perform(self, achalls: list[Any]) -> list[Any]:
        """Publish every answer; the records first, since Route 53 may refuse them."""
        by_dns, by_http = _share_out(achalls)
        answers = dict(zip(map(id, by_dns), self.route53.perform(by_dns) if by_dns else (), strict=True))
        answers |= zip(map(id, by_http), self.webroot.perform(by_http) if by_http else (), strict=True)
        return [answers[id(one)] for one in achalls]

    def cleanup(self, achalls: list[Any]) -> None:
        """Take them away."""
        by_dns, by_http = _share_out(achalls)
        self.route53.cleanup(by_dns)
        self.webroot.cleanup(by_http)


def _share_out(achalls: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    """Those that are answered by DNS, and the others."""
    every = list(achalls)
    by_dns = [one for one in every if isinstance(one.chall, challenges.DNS01)]
    return by_dns, [one for one in every if one not in by_dns]

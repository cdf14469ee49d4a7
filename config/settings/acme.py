"""Certificates that are ordered from an authority, and renewed, without anybody's doing (ACME, RFC 8555)."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from portico.config.settings.backups import AccessKey
from portico.config.settings.bundle import Bundle
from portico.config.settings.section import Section
from portico.config.settings.text import grammar

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
_STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"

Email = Annotated[
    str,
    grammar(
        "an address of e-mail",
        r"(?=.{3,254}$)[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?",
        "write one such as ops@shop.example",
    ),
]
Directory = Annotated[
    str,
    grammar(
        "the address of an ACME directory",
        r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9/._~-]*)?",
        f"write one such as {LETS_ENCRYPT}",
    ),
]
KeyId = Annotated[
    str,
    grammar("an account's key id", r"[A-Za-z0-9._~:/+=-]{1,200}", "write it as the authority shows it"),
]

Endpoint = Annotated[
    str,
    grammar(
        "the address of Route 53's API",
        r"https://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:[0-9]{1,5})?",
        "write one such as https://route53-fips.amazonaws.com",
    ),
]


class DnsChallenge(Section):
    """Names that are proven by a record of DNS (DNS-01), which Portico writes by the API of who keeps the zone."""

    provider: Literal["route53"] = Field(
        examples=["route53"], description="Who keeps the zone of the names: Route 53 of AWS."
    )
    access_key: AccessKey = Field(
        examples=["AKIA…"],
        description="The id of an access key that may write these records alone. The key itself is the secret "
        "portico:dnsKey.",
    )
    names: Literal["wildcards", "all"] = Field(
        default="wildcards",
        description="Which names are proven so: those with a star, which are proven in no other way, or all.",
    )
    endpoint: Endpoint | None = Field(
        default=None, description="Another address of its API, such as that for FIPS; the usual one where not set."
    )


class Acme(Section):
    """Certificates from Let's Encrypt, or from another authority that speaks ACME, and their renewal."""

    email: Email = Field(
        examples=["ops@shop.example"],
        description="Whom the authority may write to. With it you agree to the authority's terms of service.",
    )
    directory: Directory | None = Field(
        default=None, description="The ACME directory of another authority; that of Let's Encrypt where not set."
    )
    staging: bool = Field(
        default=False,
        description="Let's Encrypt's authority for trials: browsers do not trust it. Plain HTTP is not redirected, and "
        "HSTS not sent.",
    )
    eab: KeyId | None = Field(
        default=None,
        description="The key id of an account elsewhere, where the authority asks for one (external account binding). "
        "Its key is the secret portico:eabKey.",
    )
    ca_bundle: Bundle | None = Field(
        default=None,
        description="PEM file of what the directory's own certificate is trusted by, where public authorities do not.",
    )
    dns: DnsChallenge | None = Field(
        default=None, description="Prove names by DNS-01, as wildcards need it; by HTTP-01 alone where not set."
    )

    @property
    def server(self) -> str:
        """The directory that orders go to."""
        return self.directory or (_STAGING if self.staging else LETS_ENCRYPT)

    def proves_by_dns(self, name: str) -> bool:
        """Whether a host name is proven by DNS-01."""
        return self.dns is not None and (self.dns.names == "all" or name.startswith("*."))

    def tell_clashes(self) -> Iterator[str]:
        """What is wrong between values of the section."""
        if self.directory and self.staging:
            yield "staging is Let's Encrypt's, and directory names another authority; write one of them"
        if self.ca_bundle and not self.directory:
            yield "caBundle is for a directory of your own; write directory, or leave caBundle out"

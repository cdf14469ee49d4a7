"""HTTPS."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from portico.config.settings.acme import Acme
from portico.config.settings.section import Section
from portico.config.settings.text import FilePath


class Tls(Section):
    """HTTPS for every site, and a redirect to it. Certificates are each site's own, ordered, or a local authority's."""

    port: int = Field(default=8443, ge=1, le=65535, description="The port that HTTPS is published on.")
    public_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="The port of HTTPS that visitors use where another one leads to `port`, such as 443 of a router. "
        "Redirects name it.",
    )
    profile: Literal["modern", "intermediate"] = Field(
        default="intermediate",
        description="Mozilla's profile: intermediate speaks TLS 1.2 and 1.3, modern 1.3 alone.",
    )
    local_authority: bool = Field(
        default=False,
        description="Sign certificates with an authority of this folder's own, for development. Browsers and curl "
        "trust it by the file .portico/authority/authority.crt.",
    )
    acme: Acme | None = Field(
        default=None,
        description="Order certificates, and renew them, for all sites without one of their own: see "
        "docs/certificates.md.",
    )
    redirect: bool = Field(
        default=True,
        description="Answer plain HTTP with a 308 to HTTPS; with `acme` once there is a certificate for the name.",
    )
    hsts: bool = Field(
        default=True,
        description="Browsers insist on HTTPS for a year. Never sent with localAuthority, since localhost has other "
        "users, nor with acme.staging.",
    )
    http2: bool = Field(default=True, description="HTTP/2.")
    http3: bool = Field(default=False, description="HTTP/3, over UDP on the same port.")

    @property
    def is_trusted(self) -> bool:
        """Whether HSTS may be sent: not where browsers do not trust the certificates."""
        return not self.local_authority and not (self.acme and self.acme.staging)

    def tell_clashes(self) -> Iterator[str]:
        """What is wrong between values of the section."""
        if self.acme and self.local_authority:
            yield "acme orders certificates, and localAuthority signs them here; write one of them"


class Certificate(Section):
    """A certificate and its key, as PEM files; paths count from Pulumi.yaml."""

    certificate: FilePath = Field(examples=["tls/shop.crt"], description="The certificate and its chain.")
    key: FilePath = Field(examples=["tls/shop.key"], description="Its private key; it travels as a Pulumi secret.")

"""Response headers that protect the visitor."""

from typing import Literal

from pydantic import Field

from portico.config.settings.section import Section
from portico.config.settings.text import HeaderValue, PolicyValue


class Headers(Section):
    """Headers sent with every answer, errors included; an empty text leaves one out."""

    content_security_policy: HeaderValue = Field(
        default="frame-ancestors 'self'",
        description="What a page may load and who may frame it. A stricter one is worth writing: default-src 'self'.",
    )
    referrer_policy: Literal[
        "", "no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin", "origin"
    ] = Field(default="strict-origin-when-cross-origin", description="How much of its address a page tells others.")
    permissions_policy: PolicyValue = Field(
        default="camera=(), geolocation=(), microphone=()", description="Which devices a page may ask for."
    )
    frame_options: Literal["", "DENY", "SAMEORIGIN"] = Field(
        default="SAMEORIGIN", description="Who may frame a page, for browsers that do not read frame-ancestors."
    )
    nosniff: bool = Field(
        default=True, description="Browsers use the declared content type, and do not guess another one."
    )

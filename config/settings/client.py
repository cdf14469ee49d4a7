"""Who the client is, where another proxy stands before NGINX."""

from typing import Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from portico.config.settings.section import Filled, Section
from portico.config.settings.text import NetworkRange


class Client(Section):
    """Proxies that are believed about the client's address; without any, the peer is the client."""

    proxies: Filled[tuple[NetworkRange, ...]] = Field(
        examples=["[10.0.0.0/16]"],
        description="Addresses of the load balancers or CDN in front; nobody else is believed.",
    )
    header: Literal["X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", "proxy_protocol"] = Field(
        default="X-Forwarded-For",
        description="Where they write the client's address: an ALB in X-Forwarded-For, Cloudflare in CF-Connecting-IP.",
    )

    @field_validator("proxies")
    @classmethod
    def _refuse_everybody(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            if text.endswith("/0"):
                raise PydanticCustomError(
                    "network",
                    '"{value}" lets anybody claim any address; write the proxies\' own',
                    {"value": text},
                )
            if value.count(text) > 1:
                raise PydanticCustomError("twin", '"{value}" is listed twice; write each network once', {"value": text})
        return value

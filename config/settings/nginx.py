"""How NGINX, the edge, runs."""

import re

from pydantic import Field

from config.settings.quantity import Duration, Size
from config.settings.section import Section


class Nginx(Section):
    """The edge's processes, connections and logs."""

    workers: int = Field(
        default=2,
        ge=1,
        le=64,
        description="Worker processes: one a core that the edge may use (`auto` would count the host's).",
    )
    connections: int = Field(default=1024, ge=64, le=65535, description="Connections each worker holds at once.")
    keepalive: Duration = Field(
        default=Duration.parse("65s"), description="How long an idle client connection stays open."
    )
    log_level: str = Field(
        default="warn", pattern=r"^(debug|info|notice|warn|error|crit)$", description="What the error log tells."
    )
    memory: Size = Field(default=Size.parse("256M"), description="Memory limit of the edge.")


def read_version(image: str) -> tuple[int, int, int] | None:
    """Read NGINX's version off an image's tag (`nginx:1.30.6-alpine`); None where the tag does not tell."""
    match = re.search(r":([0-9]+)\.([0-9]+)(?:\.([0-9]+))?", image)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None

"""How much one client may ask for."""

from pydantic import Field

from portico.config.settings.section import Section
from portico.config.settings.text import RequestRate


class Rate(Section):
    """How many requests a client address may send; more get 429."""

    rate: RequestRate = Field(
        examples=["10r/s"], description="Requests a second (10r/s) or a minute (30r/m) for each client address."
    )
    burst: int = Field(default=20, ge=0, le=10_000, description="Requests above the rate that are still answered.")
    dry_run: bool = Field(default=False, description="Only write to the error log what would be refused.")


class Limits(Section):
    """Limits for each client address."""

    connections: int = Field(
        default=256, ge=0, le=65535, description="Requests of one address in flight at once; 0 for any number."
    )
    rate: Rate | None = Field(default=None, description="Requests of one address over time; any number where not set.")

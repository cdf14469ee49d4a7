"""What a site gets of the services that AWS runs, where it runs some."""

from collections.abc import Mapping
from typing import Protocol

import pulumi

from portico.config.settings import Site


class Managed(Protocol):
    """The services of components/managed/: who deploys onto a machine without any never loads AWS's library."""

    def fill_in(
        self, site: Site, given: pulumi.Output[Mapping[str, str]] | None
    ) -> pulumi.Output[Mapping[str, str]] | None:
        """The secrets of `site` with passwords and AWS's names in the URLs of these services."""

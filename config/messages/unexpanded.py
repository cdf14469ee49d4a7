"""Values of `environment` that look as if a shell read them, and none does."""

import re
from collections.abc import Iterator
from typing import Final

from portico.config.printable import spell_printable
from portico.config.settings import Settings

# $HOME alone or before a slash, ${HOME} anywhere, ~ before a slash. A password or a hash may hold a plain "$".
_MEANT: Final = re.compile(r"\$[A-Z][A-Z0-9_]+(?=/|$)|.*?\$\{[A-Za-z_][A-Za-z0-9_]*\}|~/")


def tell_unexpanded(settings: Settings) -> Iterator[str]:
    """A sentence for each such value; an application may expand it itself, so none is refused."""
    for index, site in enumerate(settings.sites):
        for name, value in site.environment.items():
            if _MEANT.match(value):
                yield spell_printable(
                    f"sites[{index}].environment.{name}: the application gets {value} as it is written, since no shell "
                    "reads it; write the whole text, unless the application expands it itself."
                )

"""What of the folder of Pulumi.yaml no image gets, where it lies in what an image is built from."""

import re
from collections.abc import Iterator
from pathlib import Path

from portico.config.source.dockerignore import Pattern, make_pattern
from portico.config.source.place import Place

# The state and the settings of stacks, with their secrets; what set-up installs; contexts and keys. All of it changes
# with each deployment, which would be a new release each time.
_OWN = (".state", ".tools", ".portico", ".venv", "Pulumi.yaml", "Pulumi.*.yaml")


def list_own(place: Place, root: Path) -> Iterator[Pattern]:
    """Patterns, for paths from the context of `place`; `root` is the folder of Pulumi.yaml.

    All of that folder is meant, unless the source lies in it. Empty where it lies elsewhere.
    """
    below = place.find(root)
    if below is None:
        return
    folder = re.sub(r"([ -,:-@\[-^`{-~])", r"\\\1", below.as_posix())
    if place.source.absolute().is_relative_to(root.absolute()):
        # The application itself lies there, too.
        yield from (make_pattern(f"./{folder}/{name}") for name in _OWN)
    else:
        yield make_pattern(f"./{folder}")

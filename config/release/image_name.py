"""What the image of a release is called on an engine."""

import hashlib
import re


def spell_image(project: str, stack: str, site: str, digest: str) -> str:
    """The name of the image with that digest of its content.

    Project and stack are in it: stacks that share an engine never remove each other's. The project `portico` is the one
    of a checkout, whose images have had no project in their names since the first release.
    """
    owner = [] if project == "portico" else [_spell(project)]
    return "/".join(["portico", *owner, _spell(stack), f"{site}:{digest}"])


def _spell(name: str) -> str:
    """A name as a part of an image's name; those stay apart that differ in what such a part cannot hold."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:6]}".lstrip("-")

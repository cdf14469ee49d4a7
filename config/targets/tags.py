"""Whether AWS takes the tags: so many of one thing, and so long."""

from collections.abc import Iterator, Mapping
from typing import Final

from portico.config.mistake import Mistake
from portico.config.settings import Settings

# What AWS takes at most: tags of one thing, and characters of a tag's value.
_MOST: Final = 50
_LONGEST: Final = 256
# Portico's own: Name, Project, Stack, and UserData of a VM.
_OWN: Final = 4


def check_tags(path: str, tags: Mapping[str, str], settings: Settings) -> Iterator[Mistake]:
    """What AWS would refuse of `tags`, which stand at `path`, and of those that say whose data is on a disk."""
    kept = [(index, site) for index, site in enumerate(settings.sites) if site.data]
    if len(tags) > (most := max(0, _MOST - _OWN - len(kept))):
        text = f"are {len(tags)}, and AWS takes {_MOST} of one thing, Portico's own among them; write at most {most}"
        yield Mistake(path, text)
    for index, site in kept:
        if len(" ".join(one.name for one in site.data)) > _LONGEST:
            text = (
                f"have names of more than {_LONGEST} characters together, which is what a tag of AWS takes; write less"
            )
            yield Mistake(f"sites[{index}].data", text)

"""What the settings of an application's origin say together, and with its secrets."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from portico.config.settings import Mistake, Settings
from portico.config.source.image import is_other, tell_old
from portico.config.source.place import place_source

Secrets = Mapping[str, Mapping[str, str]]
# Settings of the Dockerfile that Portico writes; with one of the application's own nothing would follow from them.
_WRITTEN = ("requirements", "extras", "python_image", "packages", "build_packages")


def list_wrong_origins(settings: Settings, root: Path, pinned: Collection[str] = ()) -> Iterator[Mistake]:
    """Settings that contradict one another or the source, by their paths."""
    if old := tell_old(settings.python_image):
        yield Mistake("pythonImage", old)
    for index, site in enumerate(settings.sites):
        path = f"sites[{index}]"
        if site.name in pinned:
            continue
        fields = type(site).model_fields
        if (root / site.source / "Dockerfile").is_file():
            for name in _WRITTEN:
                if getattr(site, name):
                    said = "is for the Dockerfile that Portico writes, and the source has its own; say it there"
                    yield Mistake(f"{path}.{fields[name].alias}", f"{said}, and leave it out here")
        if site.python_image and (old := tell_old(site.python_image)):
            yield Mistake(f"{path}.pythonImage", old)
        image = site.python_image or settings.python_image
        for name in ("packages", "build_packages"):
            if getattr(site, name) and is_other(image):
                said = f"{image} is not Debian; write pythonImage: python:3.13-slim, or a Dockerfile of your own"
                yield Mistake(f"{path}.{fields[name].alias}", said)
        place = place_source(root, site.model_dump())
        if site.context and place.context == place.context.parent:
            yield Mistake(f"{path}.context", "is the root of this machine; write fewer ..")


def list_lacking(settings: Settings, secrets: Secrets) -> Iterator[Mistake]:
    """Secrets of builds that nobody has set."""
    for index, site in enumerate(settings.sites):
        for name in site.build_secrets:
            if name not in secrets.get(site.name, {}):
                said = f"{name} is not a secret of {site.name} yet; set it with"
                command = f"pulumi config set --secret --path portico:secrets.{site.name}.{name}"
                yield Mistake(f"sites[{index}].buildSecrets", f"{said} {command}")


def without_tokens(settings: Settings, secrets: Secrets) -> dict[str, Mapping[str, str]]:
    """The secrets that replicas get: not those of builds."""
    tokens = {site.name: site.build_secrets for site in settings.sites}
    return {
        site: {name: text for name, text in values.items() if name not in tokens.get(site, ())}
        for site, values in secrets.items()
    }

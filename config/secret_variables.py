"""Secrets as environment variables: what is wrong with `secretsAs`, once the secrets are known."""

from collections.abc import Iterator, Mapping

from portico.config.mistake import Mistake
from portico.config.services.urls import list_urls
from portico.config.settings import Settings, Site
from portico.config.settings.environment import is_reserved
from portico.config.settings.secrets_as import list_variables

# Linux hands no longer text to a process, name and end included (MAX_ARG_STRLEN).
_MOST = 128 * 1024


def list_wrong_variables(settings: Settings, secrets: Mapping[str, Mapping[str, str]]) -> Iterator[Mistake]:
    """Names and values of secrets that cannot be variables; `secrets` are those of all sites; no value is reported."""
    for index, site in enumerate(settings.sites):
        given = secrets.get(site.name, {})
        yield from _check_names(f"sites[{index}]", settings, site, given)
        for name in list_variables(site.secrets_as, [one for one in given if one not in site.build_secrets]):
            path = f"secrets.{site.name}.{name}"
            if is_reserved(name):
                said = "changes how a process starts, so no secret can be a variable of that name"
                yield Mistake(
                    path, f"{said}; give it another one, or write sites[{index}].secretsAs by name without it"
                )
            elif name in site.environment:
                said = f"is in sites[{index}].environment too, and both would be the variable {name}"
                yield Mistake(path, f"{said}; remove it there")
            elif "\0" in given[name]:
                yield Mistake(path, "holds a NUL character; no environment variable can, so leave it a file")
            elif len(f"{name}={given[name]}".encode()) >= _MOST:
                yield Mistake(path, "is longer than an environment variable can be, 128 KiB; keep it a file")


def _check_names(path: str, settings: Settings, site: Site, given: Mapping[str, str]) -> Iterator[Mistake]:
    for name in site.secrets_as if isinstance(site.secrets_as, dict) else ():
        if name in site.build_secrets:
            said = f"{name} is for the build alone (buildSecrets), and no replica has it; remove it here"
            yield Mistake(f"{path}.secretsAs", said)
        elif name not in given and name not in list_urls(settings, site):
            command = f"pulumi config set --secret --path portico:secrets.{site.name}.{name}"
            yield Mistake(f"{path}.secretsAs", f"{name} is not a secret of {site.name} yet; set it with {command}")

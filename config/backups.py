"""What the container needs that makes backups: its image, what it is asked to do, and what of it is secret."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, Final

from portico.config.in_container import list_scripts, read_script
from portico.config.mistake import Mistake
from portico.config.render.templates import render
from portico.config.services.connections import list_users
from portico.config.services.urls import name_role
from portico.config.settings import Settings
from portico.config.settings.backups import Backups
from portico.config.settings.service import POSTGRES
from portico.config.source.files import File

# Its role among the stack's containers.
ROLE: Final = "backups"
# Its image's name among those of the sites: none of them may be called so.
IMAGE: Final = "backup_maker"
# Where it has the folders of data, what it keeps for itself, its secrets, and a folder to write to.
DATA, WORK, SECRETS, TO = "/data", "/work", "/secrets", "/to"
# Where the folders of servers lie, and what it shares with what dumps them.
SERVERS, SPOOLS = "/servers", "/spool"
# What it is asked to do, as JSON.
VARIABLE: Final = "PORTICO_BACKUPS"
_CODE: Final = "opt/portico/portico/components/in_container/backups"
PROGRAM: Final = f"/{_CODE}/run.sh"
_KNOWN = f"{SECRETS}/known_hosts"


def make_context(backups: Backups) -> Mapping[str, File]:
    """What its image is built from."""
    scripts = {
        f"{_CODE}/{name}": File(read_script(f"backups/{name}").encode(), executable=name.endswith(".sh"))
        for name in list_scripts("backups")
    }
    cronsim = (files("cronsim") / "cronsim.py").read_text(encoding="utf-8")
    return {
        "Dockerfile": File(render("backups/Dockerfile.j2", image=backups.image).encode()),
        "opt/portico/cronsim.py": File(cronsim.encode()),
        **scripts,
    }


def tell(settings: Settings, owner: str, stack: str) -> dict[str, Any]:
    """What the settings ask of it; `owner` and `stack` name whose backups they are."""
    backups = settings.backups
    assert backups
    whose = f"{owner}.{stack}"
    return {
        "url": _spell_url(backups, whose),
        "host": whose,
        "options": _list_options(backups),
        "every": find_times(settings, owner, stack),
        "keep": {name: getattr(backups.keep, name) for name in ("last", "daily", "weekly", "monthly")},
        # KiB a second.
        "rate": -(-backups.bandwidth.bytes // 1024) if backups.bandwidth else 0,
        "sources": [*list_sources(settings)],
    }


def list_sources(settings: Settings) -> Iterator[dict[str, str]]:
    """What is backed up. A server's database, and a cache, are of one site; their names begin with the service."""
    for site in settings.sites:
        yield from ({"name": f"{site.name}/{data.name}", "kind": "folder"} for data in site.data)
    for service in settings.contained_services:
        for site in list_users(settings, service):
            part = name_role(site.name) if service.kind == POSTGRES else service.data.name
            yield {"name": f"{service.name}/{part}", "kind": service.kind, "site": site.name}


def find_own(settings: Settings, site: str) -> Iterator[dict[str, str]]:
    """What is backed up of one site."""
    return (one for one in list_sources(settings) if site in (one.get("site"), one["name"].split("/")[0]))


def find_times(settings: Settings, owner: str, stack: str) -> str:
    """When backups are made, as a cron expression in UTC: by default at night, and each stack at another time."""
    assert settings.backups
    if settings.backups.every:
        return settings.backups.every
    minutes = int.from_bytes(hashlib.sha256(f"{owner}.{stack}".encode()).digest()[:4]) % (4 * 60)
    # Never the full hour, at which everybody else begins.
    return f"{minutes % 60 or 7} {1 + minutes // 60} * * *"


def list_files(backups: Backups, key: str, access: str) -> dict[str, str]:
    """Its secrets, by the names of the files that they are."""
    found = {"key": key}
    if backups.kind == "s3":
        found["aws"] = f"[default]\naws_access_key_id = {backups.access_key}\naws_secret_access_key = {access}\n"
    if backups.kind == "sftp":
        # By one name, whatever address the server has.
        found |= {"ssh": access.rstrip("\n") + "\n", "known_hosts": f"portico-backups {backups.host_key}\n"}
    return found


def check_backups(settings: Settings) -> Iterator[Mistake]:
    """What is wrong with the section on a machine."""
    backups = settings.backups
    managed = {one.name for one in settings.services if one.managed}
    for index, site in enumerate(settings.sites):
        if site.release and site.release.rehearse and (run := sorted(managed.intersection(site.uses))):
            text = (
                f"{run[0]} has managed: true, so it is in no backup of Portico's, and there is no copy to try it on; "
                "leave it out"
            )
            yield Mistake(f"sites[{index}].release.rehearse", text)
        elif site.release and site.release.rehearse and not (backups and any(find_own(settings, site.name))):
            lacks = "no data or service of this site is backed up" if backups else "backups are not set"
            yield Mistake(
                f"sites[{index}].release.rehearse",
                f"needs a backup to try a release on, and {lacks}; write backups, and data or uses, or leave it out",
            )
    if backups is None:
        return
    if not any(list_sources(settings)):
        lacks = f"AWS runs {min(managed)}, and copies it itself" if managed else "no site has data or uses a service"
        said = f"there is nothing to back up: {lacks}; write data for a site, or leave it out"
        yield Mistake("backups", said)
    if settings.aws and backups.kind == "folder":
        yield Mistake("backups.to", "is a folder of a VM that an update may replace; write s3://… or sftp://…")


def check_secrets(settings: Settings, key: Any, access: Any) -> Iterator[Mistake]:
    """What is wrong with the two secrets; neither is ever shown."""
    kind = settings.backups.kind if settings.backups else None
    if kind and key is None:
        yield Mistake("backupKey", "is required for backups; `portico backup key` makes it, and shows it once")
    elif key is not None and not (isinstance(key, str) and re.fullmatch(r"[!-~]{16,512}", key)):
        yield Mistake("backupKey", "is not a key; write a text of 16 to 512 letters, digits and signs, in quotes")
    if kind in ("s3", "sftp") and access is None:
        what = "the secret access key" if kind == "s3" else "the user's private key, as its file holds it"
        yield Mistake(
            "backupAccess",
            f"is required for backups.to: {what}; set it: pulumi config set --secret portico:backupAccess",
        )
    elif access is not None and not isinstance(access, str):
        yield Mistake("backupAccess", "is not a text; write it in quotes")
    elif kind == "s3" and not re.fullmatch(r"[!-~]{8,512}", access or ""):
        yield Mistake("backupAccess", "is not a secret access key; write it as the service shows it")
    elif kind == "sftp" and "PRIVATE KEY-----" not in (access or ""):
        yield Mistake("backupAccess", "is not a private SSH key; write the content of its file, from -----BEGIN on")
    elif kind == "folder" and access is not None:
        yield Mistake("backupAccess", "is for s3:// and sftp://; remove it: pulumi config rm portico:backupAccess")


def spell_asked(reported: Mapping[str, Any]) -> str:
    """As the container has it."""
    return json.dumps(reported, sort_keys=True)


def _spell_url(backups: Backups, whose: str) -> str:
    if backups.kind == "folder":
        return f"{TO}/{whose}"
    if backups.kind == "sftp":
        address, path = re.fullmatch(r"(sftp://[^/]+)(/.*)", backups.to).groups()  # type: ignore[union-attr]
        # restic counts a path from the user's home unless two slashes say otherwise.
        return f"{address}/{path}/{whose}"
    suffix = ".cn" if (backups.region or "").startswith("cn-") else ""
    endpoint = backups.endpoint or f"https://s3.{backups.region}.amazonaws.com{suffix}"
    return f"s3:{endpoint}/{backups.to.removeprefix('s3://')}/{whose}"


def _list_options(backups: Backups) -> list[str]:
    if backups.kind == "s3":
        return [f"--option=s3.region={backups.region}"] if backups.region else []
    if backups.kind != "sftp":
        return []
    ssh = {
        "IdentityFile": f"{SECRETS}/ssh",
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": _KNOWN,
        "GlobalKnownHostsFile": "/dev/null",
        "HostKeyAlias": "portico-backups",
        "StrictHostKeyChecking": "yes",
        "BatchMode": "yes",
        "ConnectTimeout": "30",
        "ServerAliveInterval": "30",
    }
    return ["--option=sftp.args=" + " ".join(f"-o {name}={value}" for name, value in ssh.items())]

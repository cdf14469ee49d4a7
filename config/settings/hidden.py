"""Files of a folder of static files that are never published, whatever the folder holds."""

import re
from collections.abc import Collection
from typing import Annotated, Final

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from portico.config.mistake import show_text

# In the place of a pattern: a link that leads out of the folder.
OUT: Final = "->.."
# Patterns of a file's or folder's name in small letters; `*` is any text, [0-9] one digit.
HIDDEN: Final = (
    # What begins with a dot, and what editors and people leave beside a file.
    *(
        ".*",
        "*~",
        "#*#",
        "*.bak",
        "*.bak[0-9]",
        "*.bak[0-9][0-9]",
        "*.bak.*",
        "*.backup",
        "*.bk",
        "*.bkp",
        "*.sav",
        "*.py.*",
        "*.old",
        "*.old[0-9]",
        "*.orig",
        "*.save",
        "*.save.*",
    ),
    *("*.copy", "*.swp", "*.swo", "*.swn", "*.tmp", "*.temp", "*.rej", "*.dist"),
    # Source, and what says how it is built and set up.
    *("*.py", "*.py[a-z]", "__pycache__", "*.ipynb", "*.php", "*.php[0-9]", "*.phtml", "*.j2", "*.jinja", "*.jinja2"),
    *(
        "*.ini",
        "*.cfg",
        "*.conf",
        "*.toml",
        "*.tfstate",
        "*.tfvars",
        "*.tfvars.*",
        "*.lock",
        "dockerfile*",
        "docker-compose*",
        "compose.yml",
        "compose*.yaml",
        "procfile*",
        "pipfile*",
        "makefile",
        "requirements*.txt",
    ),
    # Databases, also those that are packed, and what was written out of them.
    *("*.sql", "*.sql.*", "*.sqlite*", "*.db", "*.db[0-9]", "*.db-*", "*.db.*", "*.mdb", "*.accdb", "*.rdb", "*.dbf"),
    *("*.dump", "*.dump.*", "*.dmp", "*.pgdump", "*.psql", "*.aof", "*.bson", "*.ibd", "*.pkl", "*.pickle"),
    "celerybeat-schedule*",
    # Keys, passwords and other secrets.
    *(
        "*.pem",
        "*.key",
        "*.p12",
        "*.pfx",
        "*.p8",
        "*.jks",
        "*.jceks",
        "*.keystore",
        "*.truststore",
        "*.kubeconfig",
        "*.jwk",
        "*.kdb",
        "*.kdbx",
        "*.ppk",
        "*.keytab",
        "*.ovpn",
    ),
    *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "*_rsa", "*_ed25519", "known_hosts", "authorized_keys"),
    *("htpasswd*", "*.htpasswd", "*.env", "*.env.*", "*.envrc", "env.txt", "kubeconfig*"),
    *("credentials*.json", "secrets*.json", "client_secret*.json", "service-account*.json", "service_account*.json"),
    *("secrets.yml", "secrets.yaml", "secrets.toml", "credentials.yml", "credentials.yaml"),
    # What programs say while they run.
    *("*.log", "*.log.*", "*.log[0-9]", "*.pid", "*.core", "nohup.out", "error_log*", "access_log*", OUT),
)


def list_hidden(published: Collection[str]) -> list[str]:
    """The patterns but for those that a site publishes anyway."""
    return [pattern for pattern in HIDDEN if pattern not in published]


def spell_hidden(published: Collection[str]) -> str:
    """The same as a regular expression that the path of such a file matches; "" where nothing is hidden by its name."""
    patterns = [one for one in list_hidden(published) if one != OUT]
    inside = [one[2:-1] for one in patterns if one.startswith("*.") and one.endswith("*")]
    endings = [
        one.removeprefix("*.").replace(".", r"\.") for one in patterns if one.startswith("*.") and not one.endswith("*")
    ]
    # Each begins where its pattern has its first letter: what stands before it, no search has to try twice.
    parts = [
        *(f"/{re.escape(one[:-1])}" for one in patterns if one.endswith("*") and not one.startswith("*")),
        *(f"{re.escape(one[1:])}(?:/|$)" for one in patterns if one.startswith("*") and one[1:2] != "."),
        *(f"/{_spell(one)}(?:/|$)" for one in patterns if not one.startswith("*") and not one.endswith("*")),
        *([rf"\.(?:{'|'.join(map(re.escape, inside))})"] if inside else []),
        *([rf"\.(?:{'|'.join(endings)})(?:/|$)"] if endings else []),
    ]
    return "|".join(parts)


def _spell(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", "[^/]*")


def _check_hidden(value: str) -> str:
    if value not in HIDDEN:
        raise PydanticCustomError(
            "hidden",
            "{value} is not hidden; write one of {choice}, or leave it out",
            {"value": show_text(value), "choice": ", ".join(HIDDEN)},
        )
    return value


Hidden = Annotated[str, AfterValidator(_check_hidden)]

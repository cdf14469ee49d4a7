"""What is wrong with `portico:secrets`, as far as names and kinds of values tell; no value is ever reported."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from portico.config.mistake import Mistake, show_text
from portico.config.settings import Settings
from portico.config.unknown_setting import CLOSE


def check_secrets(secrets: Any, sites: Sequence[str]) -> Iterator[Mistake]:
    """Each mistake in the names of sites and secrets, and each value that is no text."""
    if not isinstance(secrets, Mapping):
        yield Mistake("secrets", "does not fit; write site: NAME: text")
        return
    for site, values in secrets.items():
        path = f"secrets.{site}"
        if site not in sites:
            close = get_close_matches(site, sites, n=1, cutoff=CLOSE)
            hint = f"did you mean {close[0]}? " if close else ""
            gone = (
                "if the site was removed, remove its secrets too, in the folder of Pulumi.yaml: "
                f"pulumi config rm --path portico:secrets.{show_text(site)[1:-1]}"
            )
            yield Mistake(path, f"there is no such site; {hint}{gone}")
        elif not isinstance(values, Mapping):
            yield Mistake(path, "does not fit; write NAME: text pairs")
        else:
            yield from _check_pairs(path, values)


def check_account(settings: Settings, key: Any) -> Iterator[Mistake]:
    """What is wrong with the key of the account that tls.acme.eab names; it is never reported."""
    acme = settings.tls.acme if settings.tls else None
    if acme and acme.eab and key is None:
        yield Mistake("eabKey", "is required for tls.acme.eab; set it: pulumi config set --secret portico:eabKey")
    elif key is not None and not (acme and acme.eab):
        yield Mistake(
            "eabKey", "is for tls.acme.eab, which names no account; remove it: pulumi config rm portico:eabKey"
        )
    elif key is not None and not (isinstance(key, str) and re.fullmatch(r"[A-Za-z0-9_-]{16,512}", key)):
        yield Mistake(
            "eabKey", "is not a key in base64url; set it as the authority shows it: only letters, digits, _ and -"
        )


def check_dns_key(settings: Settings, key: Any) -> Iterator[Mistake]:
    """What is wrong with the secret access key for tls.acme.dns; it is never reported."""
    dns = settings.tls.acme.dns if settings.tls and settings.tls.acme else None
    if dns and key is None:
        yield Mistake("dnsKey", "is required for tls.acme.dns; set it: pulumi config set --secret portico:dnsKey")
    elif key is not None and not dns:
        yield Mistake("dnsKey", "is for tls.acme.dns, which is not set; remove it: pulumi config rm portico:dnsKey")
    elif key is not None and not (isinstance(key, str) and re.fullmatch(r"[A-Za-z0-9/+=]{16,128}", key)):
        yield Mistake(
            "dnsKey", "is not a secret access key; set it as AWS shows it, with letters, digits, /, + and = only"
        )


def keep_texts(secrets: Any) -> dict[str, dict[str, str]]:
    """The secrets that are texts under sites; another value counts as an empty one, since its name is there."""
    return {
        site: {name: value if isinstance(value, str) else "" for name, value in values.items()}
        for site, values in (secrets.items() if isinstance(secrets, Mapping) else ())
        if isinstance(values, Mapping)
    }


def _check_pairs(path: str, values: Mapping[str, Any]) -> Iterator[Mistake]:
    for name, value in values.items():
        if not re.fullmatch(r"(?!PORTICO_)[A-Za-z_][A-Za-z0-9_]{0,127}", name):
            what = "is Portico's own name" if name.startswith("PORTICO_") else "is not a secret's name"
            yield Mistake(f"{path}.{show_text(name)}", f"{what}; write letters, digits and underscores")
        if not isinstance(value, str):
            shown = name if re.fullmatch(r"\w+", name) else show_text(name)
            yield Mistake(f"{path}.{shown}", f"is {_tell_kind(value)}, and a secret is a text; write it in quotes")


def _tell_kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    return "a number" if isinstance(value, int | float) else "a list or a group"

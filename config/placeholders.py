"""What stands in the stack files that come with Portico for what only their user knows: nothing can work with it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from portico.config.mistake import Mistake

# Domains that are nobody's (RFC 2606).
_NOBODYS: Final = ("example", "example.com", "example.net", "example.org")
# Those of Pulumi.prod.yaml.
AMI: Final = "ami-00000000000000000"
KEY: Final = "AAAAC3NzaC1lZDI1NTE5AAAAILyPanceixqZUIVLDot/0hw3LR0twup61rzmEvDAGtDB"


def list_placeholders(values: Mapping[str, Any]) -> Iterator[Mistake]:
    """What of the plain `values` of a stack file has to be filled in; values of a wrong form are reported elsewhere."""
    ssh, aws, acme = _take(values, "ssh"), _take(values, "aws"), _take(_take(values, "tls"), "acme")
    if values.get("target") == "ssh" and _is_nobodys(host := ssh.get("host")):
        yield Mistake("ssh.host", f'"{host}" is an example; write the name or the address of your machine')
    if values.get("target") == "aws":
        if aws.get("ami") == AMI:
            said = "is an example; write the newest of your region: docs/settings.md says how to find it"
            yield Mistake("aws.ami", f'"{AMI}" {said}')
        for index, key in enumerate(_list(aws.get("keys"))):
            if KEY in str(key).split():
                yield Mistake(f"aws.keys[{index}]", "is an example; write the public key of who deploys")
    # Another authority may know names that are nobody's in public.
    if acme and not acme.get("directory"):
        yield from _list_unordered(values, acme)


def _list_unordered(values: Mapping[str, Any], acme: Mapping[str, Any]) -> Iterator[Mistake]:
    email = acme.get("email")
    if isinstance(email, str) and _is_nobodys(email.rpartition("@")[2]):
        yield Mistake(
            "tls.acme.email",
            f'"{email}" is an example; write an address of yours, to which Let\'s Encrypt may write. '
            "With it you agree to its terms of service",
        )
    for index, site in enumerate(_list(values.get("sites"))):
        if not isinstance(site, Mapping) or site.get("certificate"):
            continue
        for field in ("hosts", "aliases"):
            for place, name in enumerate(_list(site.get(field))):
                if _is_nobodys(name):
                    said = "is an example; write a name of yours that leads to this machine, or leave tls out"
                    yield Mistake(f"sites[{index}].{field}[{place}]", f'"{name}" {said}')


def _is_nobodys(name: object) -> bool:
    return isinstance(name, str) and any(f".{name.lower()}".endswith(f".{one}") for one in _NOBODYS)


def _take(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = values.get(key)
    return found if isinstance(found, Mapping) else {}


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else []

"""Host names as browsers send them and NGINX compares them; of another spelling, the one that is meant is reported."""

import re
import unicodedata
from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from portico.config.settings.text import grammar

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(\*\.)?(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")
_STOPS = str.maketrans("\u3002\uff61", "..")


def _hint(value: str) -> str:
    """What to write instead of what is no host name."""
    meant = _spell(value)
    if "_" in value:
        # Some programs let them pass. Whoever checks, refuses them.
        for without in (meant.replace("_", "-"), meant.replace("_", "")):
            if _NAME.fullmatch(without):
                said = "it holds an underscore, and no certificate is given for such a name"
                return f"{said}; write one such as {without}, and let that lead here"
    if not value.isascii() and _NAME.fullmatch(meant):
        return f"browsers send it in ASCII; write {meant}"
    examples = meant if _NAME.fullmatch(meant) else "shop.example or *.shop.example"
    return f"write a lower-case name without scheme, port or path, such as {examples}"


def _refuse_digits(value: str) -> str:
    # All-numeric names would read as broken IPv4 addresses.
    if re.fullmatch(r"[0-9.]+", value):
        try:
            ip_address(value)
        except ValueError as error:
            raise PydanticCustomError(
                "grammar",
                '"{value}" is not a host name or an address; write one such as shop.example',
                {"value": value},
            ) from error
    return value


def _spell(value: str) -> str:
    """The name in what may be a URL, spelt as DNS has it: its letters outside of ASCII as Punycode (RFC 3492).

    "" where it holds what no name does, such as a mark that nobody sees.
    """
    name = re.sub(r"^[a-z][a-z0-9+.-]*://", "", value.strip(), flags=re.IGNORECASE)
    name = re.sub(r"(:[0-9]*)?([/?#].*)?$", "", name, count=1)
    # As browsers: letters in their usual form, small ones. A sharp s stays one.
    name = unicodedata.normalize("NFKC", name.translate(_STOPS)).lower()
    labels = name.removesuffix(".").split(".")
    if not name.isprintable() or any(one.startswith("xn--") and not one.isascii() for one in labels):
        return ""
    return ".".join(one if one.isascii() else f"xn--{one.encode('punycode').decode()}" for one in labels)


HostName = Annotated[str, grammar("a host name", _NAME.pattern, _hint), AfterValidator(_refuse_digits)]

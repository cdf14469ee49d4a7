"""What must be known of a type besides its shape."""

import string
from collections.abc import Mapping
from dataclasses import dataclass

from tests.cloud.plugin.cloud import ACCOUNT


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`prefix` begins its ids; without one, `arn` is how they are made, or the values of `identity` are its id.

    `arn`: an ARN with the names of properties in braces, and {token}, {region}, {account}; a property's own ARN gives
    what comes after its last colon and first slash: {listenerArn} is `app/name/number/number`.
    `replaces`: properties that only a new one can have. `named`: the property that Pulumi names where nobody did, with
    at most `longest` characters. `free`: it can be deleted while something still refers to it.
    """

    prefix: str = ""
    arn: str = ""
    identity: tuple[str, ...] = ()
    replaces: frozenset[str] = frozenset()
    named: str | None = None
    longest: int = 255
    free: bool = False

    def make_id(self, inputs: Mapping[str, object], token: str, region: str) -> str:
        """The id that AWS gives to a new one; `token` is a number in 17 hexadecimal digits."""
        if self.prefix:
            return f"{self.prefix}-{token}"
        if self.arn:
            known = {"token": token, "short": token[:6], "region": region, "account": ACCOUNT}
            fields = [name for _, name, _, _ in string.Formatter().parse(self.arn) if name]
            return self.arn.format(**{name: known.get(name) or _end(inputs.get(name)) for name in fields})
        parts = self.identity or ((self.named,) if self.named else ())
        return "_".join(str(inputs.get(name, "")) for name in parts)


def kind(
    replaces: str = "",
    *,
    prefix: str = "",
    arn: str = "",
    identity: str = "",
    named: str | None = None,
    longest: int = 255,
    free: bool = False,
) -> Kind:
    """The same in few words: lists as texts."""
    return Kind(
        prefix=prefix,
        arn=arn,
        identity=tuple(identity.split()),
        replaces=frozenset(replaces.split()),
        named=named,
        longest=longest,
        free=free,
    )


def _end(value: object) -> str:
    """A name as it is, and of an ARN what names the thing."""
    text = str(value or "default")
    return text.rpartition(":")[2].partition("/")[2] if text.startswith("arn:") else text

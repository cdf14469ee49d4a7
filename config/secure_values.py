"""Values that somebody encrypted, wherever they stand: a setting that is no secret would show them in plain text.

Of a stack's configuration Pulumi tells a program which keys hold something secret, never where below the key; the
stack file shows the place.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from portico.config.mistake import Mistake, join_path, show_text

Path = tuple[str | int, ...]

# Keys that hold secrets and nothing else.
SECRET = ("secrets", "eabKey", "dnsKey", "backupKey", "backupAccess")

_SHOWN = "which would be in plain text in Pulumi's state and in what runs, as every setting does"


def list_exposed(written: Mapping[str, Any], secret: Collection[str] = ()) -> Iterator[Mistake]:
    """Encrypted values of settings that are no secrets.

    `written` are Portico's settings as the stack file has them, an encrypted value being {"secure": …}; `secret` the
    keys of which Pulumi says that they hold one, which may come from elsewhere than from that file. No value is
    reported.
    """
    for key, value in written.items():
        for path in find_values(value, _is_encrypted, (key,)):
            if not _is_kept(path):
                yield Mistake(join_path(path), _advise(path, written))
    for key in sorted(secret):
        if key not in SECRET and not any(find_values(written.get(key), _is_encrypted, (key,))):
            yield Mistake(key, f"holds an encrypted value, {_SHOWN}; write it in plain text, or below portico:secrets")


def find_values(value: Any, wanted: Callable[[Any], bool], path: Path = ()) -> Iterator[Path]:
    """The places in plain data, below `path`, of the values that are `wanted`."""
    if wanted(value):
        yield path
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from find_values(inner, wanted, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from find_values(inner, wanted, (*path, index))


def _is_encrypted(value: Any) -> bool:
    """Whether it is what Pulumi writes for an encrypted text."""
    return isinstance(value, Mapping) and set(value) == {"secure"}


def _is_kept(path: Path) -> bool:
    """Whether Portico keeps what stands there: secrets, and password hashes, which are in no state and no history."""
    return path[0] in SECRET or (len(path) == 4 and (path[0], path[2]) == ("sites", "users"))


def _advise(path: Path, written: Mapping[str, Any]) -> str:
    said = f"is encrypted, {_SHOWN}"
    if len(path) == 4 and (path[0], path[2]) == ("sites", "environment"):
        place, name = join_path(path), show_text(path[3])[1:-1]
        site = _name_site(written, path[1])
        return (
            f"{said}; make it a secret: pulumi config set --secret --path portico:secrets.{site}.{name} (asks for the "
            f"value), pulumi config rm --path 'portico:{place}', and write secretsAs: {{{name}: environment}} "
            f"for the site"
        )
    return f"{said}; write it in plain text; if the application needs it as a secret, put it below portico:secrets"


def _name_site(written: Mapping[str, Any], index: str | int) -> str:
    site = written["sites"][index]
    name = site.get("name") if isinstance(site, Mapping) else None
    return show_text(name)[1:-1] if isinstance(name, str) else "SITE"

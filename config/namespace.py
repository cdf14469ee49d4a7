"""Keys of a stack file that nobody reads, since they do not begin with `portico:`."""

from collections.abc import Iterable, Iterator

from portico.config.mistake import Mistake
from portico.config.plan import NAMESPACE
from portico.config.settings import Settings
from portico.config.unknown_setting import list_settings

_BESIDE = ("secrets",)  # stands beside the settings, and is none


def list_misplaced(keys: Iterable[str], project: str) -> Iterator[Mistake]:
    """Settings of Portico that stand below another namespace, by their full keys.

    What has no namespace in a stack file gets the project's name from Pulumi. In a project that is called `portico`
    such keys are read, so none is wrong there.
    """
    known = {*list_settings(Settings), *_BESIDE}
    for key in sorted(keys):
        space, _, name = key.partition(":")
        if space == NAMESPACE:
            continue
        if space.lower() == NAMESPACE:
            yield Mistake(key, f"is read by nobody; write {NAMESPACE}:{name}")
        elif space == project and name in known:
            yield Mistake(name, f"is read by nobody without its namespace; write {NAMESPACE}:{name}")
        elif space == project and name == NAMESPACE:
            yield Mistake(name, f"is no section; write each setting with its namespace, such as {NAMESPACE}:sites")

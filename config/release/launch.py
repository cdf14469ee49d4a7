"""What stands before the command of every process of a release."""

from collections.abc import Sequence

from portico.config.in_container import read_script
from portico.config.release.release import Release

_PYTHON = ("python3", "-I", "-S", "-c")


def begin(release: Release) -> list[str]:
    """The words before a process's own: what gives it secrets as variables, and the entrypoint of its image.

    The entrypoint comes second, so that it has the variables too. Neither the names nor the words hold a value.
    """
    launcher = [*_PYTHON, read_script("launch.py"), ",".join(release.variables)] if release.variables else []
    return [*launcher, *release.entrypoint]


def find_launcher(words: Sequence[str]) -> list[str]:
    """What gives secrets as variables, of the words that a container of some release begins with; [] for nothing."""
    length = len(_PYTHON) + 2
    begins = tuple(words[: len(_PYTHON)]) == _PYTHON and len(words) > length and "/run/secrets" in words[length - 2]
    return list(words[:length]) if begins else []

"""Which files of a static folder are not published, so that the user can correct the list."""

from portico.config.printable import spell_printable
from portico.config.release.release import Release

# More names are counted.
_SHOWN = 3


def tell_unpublished(release: Release) -> str:
    """A sentence about one site, "" where all of its static files are published.

    What begins with a dot is never meant to be: .gitkeep is in every other folder, and is not reported.
    """
    below = f"{release.static}/"
    links = release.unpublished.links
    files = [one for one in release.unpublished.files if not any(name.startswith(".") for name in one.split("/"))]
    names = [one.removeprefix(below) for one in (*files, *links)]
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    count = "1 file" if len(names) == 1 else f"{len(names)} files"
    reported = f"{release.site.name}: {count} of {below} {'is' if len(names) == 1 else 'are'} not published: "
    reported += f"{', '.join(names[:_SHOWN])}{more}; see publish in docs/settings.md"
    return spell_printable(reported)

"""Folders of a site that last: what lies there survives releases, and the removal of everything else."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from portico.config.settings.section import Section
from portico.config.settings.text import UrlFolder, grammar

# What a container has or gets at these places would be hidden by a folder of data, or lie on a disk by it.
_TAKEN = {
    "/app": "the application's source",
    "/bin": "programs",
    "/boot": "the system's own files",
    "/dev": "devices",
    "/etc": "settings of the image, and Gunicorn's",
    "/incoming": "the way that secrets come",
    "/lib": "libraries",
    "/lib32": "libraries",
    "/lib64": "libraries",
    "/libx32": "libraries",
    "/opt/venv": "the application's packages",
    "/proc": "what the kernel tells",
    "/root": "a home that only its administrator may enter",
    "/run": "sockets and secrets",
    "/sbin": "programs",
    "/srv/portico": "data on its way into a volume",
    "/srv/static": "static files on their way to NGINX",
    "/sys": "what the kernel tells",
    "/tmp": "memory, which is empty at each start",
    "/usr/bin": "programs",
    "/usr/games": "programs",
    "/usr/include": "what programs are built with",
    "/usr/lib": "libraries",
    "/usr/lib32": "libraries",
    "/usr/lib64": "libraries",
    "/usr/libexec": "programs",
    "/usr/libx32": "libraries",
    "/usr/local/bin": "programs",
    "/usr/local/etc": "settings of the image",
    "/usr/local/include": "what programs are built with",
    "/usr/local/lib": "libraries",
    "/usr/local/sbin": "programs",
    "/usr/local/share": "what its programs need",
    "/usr/sbin": "programs",
    "/usr/share": "what its programs need",
    "/var/cache/apt": "what the system keeps of its packages",
    "/var/lib/apt": "what the system knows of its packages",
    "/var/lib/dpkg": "what the system knows of its packages",
    "/var/lock": "sockets and secrets",
    "/var/run": "sockets and secrets",
}
# Below these an application may keep what is its own.
_OPEN = ("/app",)

DataName = Annotated[
    str,
    grammar(
        "a name of data",
        r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?",
        "write 1 to 32 lower-case letters, digits and dashes, starting with a letter, such as uploads",
    ),
]


def _refuse_taken(value: str) -> str:
    path = PurePosixPath(value)
    for taken, what in _TAKEN.items():
        if path == PurePosixPath(taken):
            where = f"is where a container has {what}"
        elif PurePosixPath(taken).is_relative_to(path):
            where = f"would hide {taken}, where a container has {what}"
        elif path.is_relative_to(taken) and taken not in _OPEN:
            where = f"is in {taken}, where a container has {what}"
        else:
            continue
        raise PydanticCustomError(
            "data",
            "{path} {where}; write a folder of the data's own, such as /app/instance or /var/lib/shop",
            {"path": value, "where": where},
        )
    return value


DataPath = Annotated[
    str,
    grammar(
        "the path of a folder in the container",
        r"(?=.{1,200}$)/|(?!.*/\.\.?(/|$))(/[A-Za-z0-9_.-]+)+",
        "write it from the root and without a slash at its end, such as /app/instance, of letters, digits and / _ . -",
    ),
    AfterValidator(_refuse_taken),
]


class Data(Section):
    """A folder of the application that lasts: in a volume of its own, which no release and no `down` removes."""

    name: DataName = Field(examples=["uploads"], description="The name; with another one it is other data.")
    path: DataPath = Field(
        examples=["/app/instance"],
        description="Where the application finds the folder, from the root of its container; an image that Portico "
        "writes has the source in /app. What the image has there is taken over by the first release.",
    )
    url: UrlFolder | None = Field(
        default=None,
        description="The URL below which NGINX serves the files; only the application can read them where not set.",
    )
    guarded: bool = Field(
        default=False,
        description="Serve them only where the application says so, by the header X-Accel-Redirect with a file's URL.",
    )

    def tell_clashes(self) -> Iterator[str]:
        """See Section."""
        if self.guarded and self.url is None:
            yield "guarded is for files that NGINX serves; write url beside it, such as /guarded/, or leave it out"

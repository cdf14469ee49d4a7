"""Where an application comes from, and what its image is made of."""

from typing import Annotated

from pydantic import AfterValidator, Field

from portico.config.settings.section import Section
from portico.config.settings.text import FilePath, ImageName, SiteName, Variable, grammar

Above = Annotated[
    str,
    grammar(
        "a folder above the source",
        r"\.\.(/\.\.){0,19}/?",
        "write .. for the folder above it, ../.. for the one above that",
    ),
    AfterValidator(lambda value: value.rstrip("/")),
]
InSource = Annotated[
    str,
    grammar(
        "a file of the source",
        r"(?!.*(//|\.\.))[A-Za-z0-9_][A-Za-z0-9/_.-]{0,200}",
        "write its path from the source, such as requirements/production.txt",
    ),
]
Extra = Annotated[
    str,
    grammar("the name of an extra", r"[A-Za-z0-9]([A-Za-z0-9._-]{0,60}[A-Za-z0-9])?", "write one such as postgres"),
]
DebianPackage = Annotated[
    str,
    grammar(
        "a package of Debian",
        r"[a-z0-9][a-z0-9.+-]{1,80}(:[a-z0-9-]{2,20})?(=[A-Za-z0-9.+~:-]{1,60})?",
        "write its name, such as libpq5, or name=version",
    ),
]


class Origin(Section):
    """The source of an application, and what is installed besides in its image."""

    name: SiteName = Field(examples=["shop"], description="The site's name, used in file, container and label names.")
    source: FilePath = Field(
        examples=["../shop"], description="The folder of the Flask source, from Pulumi.yaml or from the root."
    )
    context: Above | None = Field(
        default=None,
        description="The folder above the source that the image is built from, such as `..`, where the source needs "
        "what lies beside it. The source itself where not set.",
    )
    requirements: InSource | None = Field(
        default=None,
        description="The file that says what is installed, where the one that is found is not meant: a lock, a list "
        "of requirements or pyproject.toml.",
    )
    extras: tuple[Extra, ...] = Field(default=(), description="Extras of the project that are installed with it.")
    python_image: ImageName | None = Field(
        default=None, description="Python's image for this site; `pythonImage` of the stack otherwise."
    )
    packages: tuple[DebianPackage, ...] = Field(
        default=(), description="Packages of Debian that the application needs, such as libpq5."
    )
    build_packages: tuple[DebianPackage, ...] = Field(
        default=(), description="Packages of Debian that only its requirements' builds need, such as gcc."
    )
    build_secrets: tuple[Variable, ...] = Field(
        default=(),
        description="Those of the site's secrets that its build has as variables, such as the password of a private "
        "index. They are in no image, and no replica has them.",
    )

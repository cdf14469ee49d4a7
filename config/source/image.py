"""Python's image: chosen by what the source asks for, or refused."""

import re
from dataclasses import dataclass

from portico.config.source.project import Project

# Python's versions that are asked after, the newest of those that most packages have files for first.
_CHOICES = ("3.13", "3.12", "3.11", "3.14", "3.10", "3.9")

# Words in the names of images that are no Debian, so that Portico can install none of its packages there.
_OTHER = ("alpine", "wolfi", "chainguard", "distroless")


@dataclass(frozen=True)
class Chosen:
    """The image, the Python in it as far as its name tells, and what is wrong with it, if anything."""

    image: str
    minor: str | None = None
    problem: str | None = None


def choose_image(project: Project, image: str, *, given: bool) -> Chosen:
    """The image for `project`: `image`, or, where that was not `given`, one like it with a Python that fits."""
    minor, patch = read_python(image)
    wrong = [one for one in project.python if minor and not one.takes(minor, patch)]
    if not wrong:
        return Chosen(image, minor)
    fitting = next((one for one in _CHOICES if all(wanted.takes(one) for wanted in project.python)), None)
    said = " and ".join(dict.fromkeys(f"{one.where} says {one.text}" for one in wrong))
    if fitting is None:
        every = " and ".join(dict.fromkeys(f"{one.where} says {one.text}" for one in project.python))
        return Chosen(
            image, minor, f"{every}, which no Python from {_CHOICES[-1]} to 3.14 is; write a range that has one"
        )
    other = re.sub(r":3[0-9.]*", f":{fitting}", image, count=1)
    if given:
        return Chosen(image, minor, f"{said}, and {image} has Python {minor}; write pythonImage: {other} for this site")
    return Chosen(other, fitting)


def is_other(image: str) -> bool:
    """Whether an image is no Debian, as far as its name tells."""
    return any(word in image for word in _OTHER)


def tell_old(image: str) -> str | None:
    """Why the Python of an image is too old, by its tag; None where it is not, or where the tag does not tell."""
    match = re.search(r"(?:^|/)python:(\d+)(?:\.(\d+))?(?=[^0-9.]|\.|$)", image)
    oldest = _CHOICES[-1]
    if match is None or (int(match[1]), int(match[2] or 99)) >= tuple(map(int, oldest.split("."))):
        return None
    return f"{image} has a Python that is too old for Gunicorn; write one from {oldest} on, such as python:3.13-slim"


def read_python(image: str) -> tuple[str | None, int | None]:
    """The Python that an image of Docker's own has, by its tag: its version, and the patch where that is reported."""
    match = re.search(r"(?:^|/)python:(3\.\d+)(?:\.(\d+))?(?=[^0-9.]|$)", image)
    return (match[1], int(match[2]) if match[2] else None) if match else (None, None)

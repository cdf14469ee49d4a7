"""A file of a container, read through Docker's API: it works wherever the engine runs."""

import io
import tarfile

from docker.models.containers import Container


def read_file(container: Container, path: str) -> str:
    """The text of a file. Raises DockerException, or OSError; docker.errors.NotFound where nothing is there.

    What is no file, such as a link, has the text "".
    """
    chunks, _ = container.get_archive(path)
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        file = next((archive.extractfile(member) for member in archive if member.isfile()), None)
        return file.read().decode(errors="replace") if file else ""

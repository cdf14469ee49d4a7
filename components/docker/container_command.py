"""A command in a running container, and all that it prints."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

# Each piece of output stands behind a stream's number, three empty bytes, and its length in four bytes.
_HEADER = 8


class Ended(NamedTuple):
    """How a command ended: its exit code, and what it wrote to both of its outputs."""

    code: int
    output: bytes

    @property
    def text(self) -> str:
        """The output as text; what is not UTF-8 is replaced."""
        return self.output.decode(errors="replace")


def run_in(container: "Container", words: Sequence[str], *, user: str = "") -> Ended:
    """Run a command to its end, as the container's user or another. Raises DockerException, or OSError.

    docker-py's own `exec_run` upgrades the connection and then reads its bare socket. What a short command printed has
    often come together with the answer's head, lies in HTTP's buffer by then, and is lost: on a busy machine one of
    200 commands seemed to print nothing. Without the upgrade the output is the body of a usual answer.
    """
    from docker.errors import create_api_error_from_http_exception
    from requests import HTTPError

    # Only a container that was made by hand has none.
    api = cast("DockerClient", container.client).api
    made = api.exec_create(container.id, list(words), user=user)["Id"]
    address = f"{api.base_url}/v{api.api_version}/exec/{made}/start"
    # A command may take as long as it needs.
    with api.post(address, json={"Detach": False, "Tty": False}, timeout=None) as answer:
        try:
            answer.raise_for_status()
        except HTTPError as error:
            create_api_error_from_http_exception(error)
        output = b"".join(_split(answer.content))
    return Ended(api.exec_inspect(made)["ExitCode"], output)


def _split(body: bytes) -> Iterator[bytes]:
    """The pieces that the engine sent, without their headers."""
    at = 0
    while at + _HEADER <= len(body):
        start = at + _HEADER
        at = start + int.from_bytes(body[start - 4 : start], "big")
        yield body[start:at]

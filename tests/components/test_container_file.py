"""A file of a container, as Docker packs it."""

import io
import tarfile
from types import SimpleNamespace
from typing import Any

import pytest

from portico.components.docker.container_file import read_file


def container(member: tarfile.TarInfo, content: bytes = b"") -> Any:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    whole = packed.getvalue()
    return SimpleNamespace(get_archive=lambda path: ([whole[:700], whole[700:]], {}))


def test_its_text_is_read_whatever_it_holds() -> None:
    assert read_file(container(tarfile.TarInfo("once"), b"k\xff\n"), "/once") == "k\ufffd\n"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_what_is_no_file_has_no_text(kind: bytes) -> None:
    """Some of what is read lies where an application may write, and a link would lead out of the archive."""
    member = tarfile.TarInfo("once")
    member.type, member.linkname = kind, "/etc/passwd"
    assert read_file(container(member), "/once") == ""

"""The way of ssh to a VM by its id, whatever its address is just now."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.stackfile import ROOT

SCRIPT = ROOT / "components" / "hosts" / "ec2_proxy_command.py"


@pytest.fixture
def echo() -> Iterator[int]:
    """A port of this machine that answers what it is sent, in capitals, until the sender is done."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        peer, _ = server.accept()
        with peer:
            while data := peer.recv(65536):
                peer.sendall(data.upper())

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


def call(folder: Path, port: int, answer: str, sent: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Call it as ssh does, where `aws` is a shell script."""
    (folder / "aws").write_text(f'#!/bin/sh\necho "$*" >{folder}/asked\n{answer}\n')
    (folder / "aws").chmod(0o755)
    command = [sys.executable, str(SCRIPT), "i-0123", str(port), "eu-central-1"]
    path = f"{folder}:{os.environ['PATH']}"
    return subprocess.run(command, input=sent, capture_output=True, timeout=60, env={"PATH": path})


def describe(**instance: str) -> str:
    return f"cat <<'END'\n{json.dumps({'Reservations': [{'Instances': [instance]}]})}\nEND"


def test_it_carries_both_ways_to_the_address_that_aws_tells(tmp_path: Path, echo: int) -> None:
    sent = b"hello" * 100_000
    done = call(tmp_path, echo, describe(PublicIpAddress="127.0.0.1"), sent)
    assert done.returncode == 0, done.stderr
    assert done.stdout == sent.upper()
    assert (tmp_path / "asked").read_text() == (
        "ec2 describe-instances --region eu-central-1 --instance-ids i-0123 --output json\n"
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (describe(), b"i-0123 has no public address"),
        ("echo 'InvalidInstanceID.NotFound' >&2; exit 254", b"InvalidInstanceID.NotFound"),
        ("echo '{\"Reservations\": []}'", b"i-0123 has no public address"),
        (describe(PublicIpAddress="127.0.0.1"), b"Connection refused"),
    ],
)
def test_what_is_in_the_way_is_said_on_standard_error(tmp_path: Path, answer: str, words: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    done = call(tmp_path, port, answer)
    assert done.returncode == 255 and words in done.stderr and b"Traceback" not in done.stderr

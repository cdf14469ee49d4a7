"""The double of `aws ssm start-session`: carries its input and output to a port of an instance's machine."""

import argparse
import os
import re
import socket
import sys
import threading

from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.kinds import INSTANCE
from tests.cloud.plugin.machines import make_machines
from tests.cloud.plugin.network import find_obstacles


def main(arguments: list[str]) -> int:
    """Run one command; its exit code, 255 for what AWS refuses."""
    parser = argparse.ArgumentParser("aws", description="A test double: it knows one command.")
    commands = parser.add_subparsers(required=True).add_parser("ssm").add_subparsers(required=True)
    session = commands.add_parser("start-session")
    session.add_argument("--target", required=True)
    session.add_argument("--document-name", required=True, choices=["AWS-StartSSHSession"])
    session.add_argument("--parameters", required=True)
    session.add_argument("--region", required=True)
    given = parser.parse_args(arguments)
    port = re.fullmatch(r'(?:portNumber=|\{"portNumber": ?\[")(\d+)(?:"\]\})?', given.parameters)
    if port is None:
        return _refuse("ValidationException", f"Parameters: {given.parameters}")
    cloud = Cloud.open()
    instance = cloud.find(given.target)
    if instance is None or instance.type != INSTANCE or instance.outputs.get("region") != given.region:
        return _refuse("TargetNotConnected", f"{given.target} is not connected.")
    obstacles = find_obstacles(cloud, instance)
    address = make_machines(cloud).find(instance.id)
    if obstacles or address is None:
        why = "; ".join(obstacles) or "it does not run"
        return _refuse("TargetNotConnected", f"{given.target} is not connected. (The double knows why: {why}.)")
    try:
        _carry(socket.create_connection((address, int(port[1])), timeout=10))
    except OSError as error:
        return _refuse("ConnectionError", str(error))
    return 0


def _carry(connection: socket.socket) -> None:
    connection.settimeout(None)

    def send() -> None:
        while data := os.read(0, 65536):
            connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)

    threading.Thread(target=send, daemon=True).start()
    while data := connection.recv(65536):
        while data:
            data = data[os.write(1, data) :]


def _refuse(code: str, why: str) -> int:
    print(f"\nAn error occurred ({code}) when calling the StartSession operation: {why}", file=sys.stderr)
    return 255


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

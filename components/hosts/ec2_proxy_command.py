"""ssh's way to a VM on AWS that has a public address: by its id, whatever its address is just now.

    ProxyCommand=… detour.py INSTANCE PORT REGION

The VM's first address goes when the one that visitors use comes to it. So what leads there is asked for each time.
"""

import json
import os
import socket
import subprocess
import sys
import threading


def find_address(instance: str, region: str) -> str:
    """Its public address, by AWS's own command. Raises LookupError where it has none."""
    command = ["aws", "ec2", "describe-instances", "--region", region, "--instance-ids", instance, "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise LookupError(done.stderr.strip() or f"aws ended with {done.returncode}")
    found = [one for group in json.loads(done.stdout)["Reservations"] for one in group["Instances"]]
    address = found[0].get("PublicIpAddress") if found else None
    if not address:
        raise LookupError(f"{instance} has no public address")
    return str(address)


def carry(connection: socket.socket) -> None:
    """Pass on standard input and output until one of both sides ends."""

    def send() -> None:
        while data := os.read(0, 65536):
            connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)

    threading.Thread(target=send, daemon=True).start()
    while data := connection.recv(65536):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def main(instance: str, port: str, region: str) -> int:
    """Carry until one of both sides ends; the exit code."""
    try:
        connection = socket.create_connection((find_address(instance, region), int(port)), timeout=15)
        connection.settimeout(None)
        carry(connection)
    except (LookupError, OSError) as error:
        print(error, file=sys.stderr)
        return 255
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

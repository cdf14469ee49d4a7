"""A balancer of the double before targets of the tests' own: what its tests share."""

import http.client
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.cloud.caller import Caller
from tests.cloud.plugin.balancer.members import Member, drain, forget, register
from tests.cloud.plugin.cloud import Thing
from tests.cloud.plugin.fleet_kinds import BALANCER, GROUP, LISTENER, RULE
from tests.cloud.plugin.kinds import EGRESS, INGRESS, SUBNET, VPC
from tests.cloud.plugin.process import tell

SECURITY = "aws:ec2/securityGroup:SecurityGroup"
NOT_FOUND = {"type": "fixed-response", "fixedResponse": {"contentType": "text/plain", "statusCode": "404"}}


class Target:
    """An HTTP server at an address of its own. It says what it was asked, and is as healthy as it is asked to be."""

    def __init__(self, address: str, port: int) -> None:
        self.member = Member(address=address, port=port, groups=("tasks",))
        self.healthy = True
        self.connections = 0
        self.asked: Counter[str] = Counter()
        self.go_on = threading.Event()
        target = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                target.connections += 1

            def do_GET(self) -> None:
                target.asked[self.path] += 1
                if self.path == "/ready":
                    target.connections -= 1
                    self._send(200 if target.healthy else 500, {})
                elif self.path == "/hang-up":
                    self.connection.shutdown(socket.SHUT_RDWR)
                elif self.path == "/chunks":
                    self.send_response(200)
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    self.wfile.write(b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n")
                else:
                    if self.path == "/wait":
                        target.go_on.wait(60)
                    self._send(200, {"target": address, "headers": dict(self.headers.items())})

            def do_POST(self) -> None:
                if self.headers.get("Transfer-Encoding") == "chunked":
                    body = b""
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                else:
                    body = self.rfile.read(int(self.headers["Content-Length"]))
                self._send(200, {"target": address, "length": len(body)})

            do_HEAD = do_GET

            def _send(self, status: int, value: dict[str, Any]) -> None:
                text = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                if self.command != "HEAD":
                    with suppress(OSError):
                        self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer((address, port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()


class Balanced:
    """A VPC with a balancer, one target group and a listener. `idle`: the balancer's idle timeout, in seconds."""

    def __init__(self, caller: Caller, port: int, *, idle: int = 5, open_to_tasks: bool = True) -> None:
        self.caller, self.cloud, self.port = caller, caller.cloud, port
        vpc = caller.create(VPC, "vpc", cidrBlock="10.77.0.0/16")
        subnets = [
            caller.create(SUBNET, f"subnet-{one}", vpcId=vpc.id, cidrBlock=f"10.77.{one}.0/24").id for one in (0, 1)
        ]
        group = caller.create(SECURITY, "balancer", vpcId=vpc.id, description="the balancer")
        self.tasks = caller.create(SECURITY, "tasks", vpcId=vpc.id, description="the tasks")
        everybody = {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "cidrIpv4": "0.0.0.0/0"}
        caller.create(INGRESS, "public", securityGroupId=group.id, **everybody)
        ports = {"ipProtocol": "tcp", "fromPort": 1, "toPort": 65535}
        caller.create(EGRESS, "to-tasks", securityGroupId=group.id, referencedSecurityGroupId=self.tasks.id, **ports)
        if open_to_tasks:
            source = {"referencedSecurityGroupId": group.id}
            caller.create(INGRESS, "from-balancer", securityGroupId=self.tasks.id, **source, **ports)
        self.balancer = caller.create(
            BALANCER,
            "balancer",
            subnets=subnets,
            securityGroups=[group.id],
            idleTimeout=idle,
            dropInvalidHeaderFields=True,
        )
        self.address = str(self.balancer.outputs["dnsName"])
        self.vpc = vpc
        self.group = self.make_group("web", port)
        self.listener = caller.create(
            LISTENER, "http", loadBalancerArn=self.balancer.id, port=port, protocol="HTTP", defaultActions=[NOT_FOUND]
        )
        self.lead(self.group, "web.example", 1)

    def make_group(self, name: str, port: int, **more: Any) -> Thing:
        check = {"path": "/ready", "interval": 1, "timeout": 1, "healthyThreshold": 2, "unhealthyThreshold": 2}
        given = {"port": port, "protocol": "HTTP", "targetType": "ip", "vpcId": self.vpc.id, "healthCheck": check}
        return self.caller.create(GROUP, name, **{**given, **more})

    def lead(self, group: Thing, host: str, priority: int) -> Thing:
        return self.caller.create(
            RULE,
            f"rule-{priority}",
            listenerArn=self.listener.id,
            priority=priority,
            conditions=[{"hostHeader": {"values": [host]}}],
            actions=[{"type": "forward", "targetGroupArn": group.id}],
        )

    # --- its targets

    def add(self, target: Target, group: Thing | None = None) -> None:
        member = Member(address=target.member.address, port=target.member.port, groups=(self.tasks.id,))
        register(self.cloud, (group or self.group).id, member)
        self.look()

    def drain(self, target: Target) -> None:
        drain(self.cloud, self.group.id, target.member)
        self.look()

    def forget(self, target: Target) -> None:
        forget(self.cloud, self.group.id, target.member)
        self.look()

    def look(self) -> None:
        assert tell(self.address, {"look": True}) == "done"

    def states(self, group: Thing | None = None) -> dict[str, str]:
        """What the balancer thinks of each target, and why."""
        reported = json.loads(tell(self.address, {"health": (group or self.group).id}) or "{}")
        return {key.partition(":")[0]: " ".join(state).strip() for key, state in reported.items()}

    def wait(self, done: Callable[[], bool], seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < until, self.states()
            time.sleep(0.05)

    def wait_healthy(self, *targets: Target, group: Thing | None = None) -> None:
        addresses = {one.member.address for one in targets}
        self.wait(lambda: {key for key, state in self.states(group).items() if state == "healthy"} == addresses)

    # --- its clients

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.address, self.port, timeout=60)

    def get(self, path: str = "/", host: str = "web.example", **headers: str) -> tuple[int, dict[str, Any]]:
        """Status and body of one request on a connection of its own."""
        connection = self.connect()
        connection.request("GET", path, headers={"Host": host, **headers})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        found: dict[str, Any] = json.loads(body) if body.startswith(b"{") else {}
        return response.status, found

"""What a service of the double's ECS stands on, and an application for it."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest

from portico.config.settings import Settings
from tests.cloud.balanced import Balanced
from tests.cloud.caller import Caller
from tests.cloud.plugin.cloud import Thing
from tests.cloud.plugin.fargate import status
from tests.cloud.plugin.fleet_kinds import CLUSTER, DEFINITION, REPOSITORY, SECRET, SECRET_VERSION, SERVICE
from tests.cloud.plugin.kinds import EGRESS, ROLE, SUBNET
from tests.cloud.plugin.owner import LABEL, claim, name_owner
from tests.cloud.plugin.process import tell
from tests.cloud.plugin.registry import USER, read_password
from tests.docker.engine import free_port

# It says what it is and was given; it lets its requests end before it does.
APPLICATION = """
import json, os, pathlib, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path.startswith("/slow"):
            time.sleep(1)
        file = pathlib.Path("/run/secrets/A")
        reported = {
            "release": os.environ["RELEASE"],
            "task": os.environ["HOSTNAME"],
            "secret": file.read_text() if file.exists() else None,
            "environment": sorted(os.environ),
            "user": os.getuid(),
        }
        text = json.dumps(reported).encode()
        self.send_response(int(os.environ.get("STATUS", "200")) if self.path == "/ready" else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Handler)
server.daemon_threads = False
def end(*_):
    print("asked to end at", time.time(), flush=True)
    threading.Thread(target=server.shutdown).start()
signal.signal(signal.SIGTERM, end)
server.serve_forever()
server.server_close()
print("ended at", time.time(), flush=True)
"""
DOCKERFILE = """
FROM {image}
COPY application.py /application.py
RUN mkdir -p /run/secrets && chown 4711:4711 /run/secrets
VOLUME ["/run/secrets"]
LABEL {label}.image={owner}
"""
# Stands for NGINX: it begins after the application, and ends before it.
BEFORE = """
import signal, time
def end(*_):
    print("asked to end at", time.time())
    time.sleep(1)
    print("ended at", time.time())
    raise SystemExit
signal.signal(signal.SIGTERM, end)
signal.pause()
"""


class Infrastructure:
    """A cluster behind a balancer, with a repository, a role, logs and a way out; and one service, `web`."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.caller = Caller(folder, patch, paper=False)
        claim(folder)
        self.owner = name_owner(folder)
        self.engine = docker.from_env()
        self.balanced = Balanced(self.caller, free_port(), idle=20)
        create = self.caller.create
        vpc = self.balanced.vpc
        gateway = create("aws:ec2/internetGateway:InternetGateway", "gateway", vpcId=vpc.id)
        table = create("aws:ec2/routeTable:RouteTable", "public", vpcId=vpc.id)
        way = {"destinationCidrBlock": "0.0.0.0/0", "gatewayId": gateway.id}
        create("aws:ec2/route:Route", "out", routeTableId=table.id, **way)
        for subnet in self.caller.cloud.things(SUBNET):
            link = {"subnetId": subnet.id, "routeTableId": table.id}
            create("aws:ec2/routeTableAssociation:RouteTableAssociation", subnet.name, **link)
        out = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "0.0.0.0/0"}
        create(EGRESS, "https", securityGroupId=self.balanced.tasks.id, **out)
        self.repository = create(REPOSITORY, "web", name="test/web", imageTagMutability="IMMUTABLE", forceDelete=True)
        create("aws:cloudwatch/logGroup:LogGroup", "logs", name="/ecs/web")
        trust = json.dumps({"Statement": [{"Principal": {"Service": "ecs-tasks.amazonaws.com"}}]})
        self.role = create(ROLE, "execution", assumeRolePolicy=trust)
        anything = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
        create("aws:iam/rolePolicy:RolePolicy", "may", role=self.role.id, policy=anything)
        self.secret = create(SECRET, "secret", recoveryWindowInDays=0)
        create(SECRET_VERSION, "secret", secretId=self.secret.id, secretString='{"A": "hidden"}')
        self.cluster = create(CLUSTER, "cluster")
        self.image = self.push("1")

    def push(self, tag: str) -> str:
        """Build the application, and push it; the image by its digest."""
        name = f"{self.repository.outputs['repositoryUrl']}:{tag}"
        folder = self.caller.cloud.folder / "build"
        folder.mkdir(exist_ok=True)
        (folder / "application.py").write_text(APPLICATION)
        base = Settings.model_fields["python_image"].default
        (folder / "Dockerfile").write_text(DOCKERFILE.format(image=base, label=LABEL, owner=self.owner))
        self.engine.images.build(path=str(folder), tag=name, rm=True)
        self.raw_push(name)
        return str(self.engine.images.get(name).attrs["RepoDigests"][0])

    def raw_push(self, name: str, password: str | None = None) -> None:
        login = {"username": USER, "password": password or read_password(self.caller.cloud)}
        for line in self.engine.images.push(name, auth_config=login, stream=True, decode=True):
            if "error" in line:
                raise RuntimeError(line["error"])

    def define(self, release: str, **web: Any) -> Thing:
        """A task like a site's: a container that brings secrets, the application, and one before it."""
        port = self.balanced.port
        options = {"awslogs-group": "/ecs/web", "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "web"}
        common = {"image": self.image, "user": "4711:4711", "logConfiguration": {"logDriver": "awslogs"}}
        common["logConfiguration"]["options"] = options  # type: ignore[index]
        mount = {"sourceVolume": "secrets", "containerPath": "/run/secrets"}
        write = "import os, pathlib; pathlib.Path('/run/secrets/A').write_text(os.environ['A'])"
        ask = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{port}/')"
        containers = [
            {
                **common,
                "name": "secrets",
                "essential": False,
                "entryPoint": ["python3", "-c", write],
                "secrets": [{"name": "A", "valueFrom": f"{self.secret.id}:A::"}],
                "mountPoints": [mount],
            },
            {
                **common,
                "name": "app",
                "entryPoint": ["python3", "/application.py", str(port)],
                "environment": [{"name": "RELEASE", "value": release}],
                "portMappings": [{"containerPort": port}],
                "readonlyRootFilesystem": True,
                "linuxParameters": {"capabilities": {"drop": ["ALL"]}},
                "dependsOn": [{"containerName": "secrets", "condition": "SUCCESS"}],
                "healthCheck": {"command": ["CMD", "python3", "-c", ask], "interval": 5, "retries": 2},
                "mountPoints": [{**mount, "readOnly": True}],
                "stopTimeout": 10,
                **web,
            },
            {
                **common,
                "name": "before",
                "entryPoint": ["python3", "-u", "-c", BEFORE],
                "dependsOn": [{"containerName": "app", "condition": "HEALTHY"}],
                "stopTimeout": 10,
            },
        ]
        return self.caller.create(
            DEFINITION,
            "web",
            family="web",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="1024",
            memory="2048",
            executionRoleArn=self.role.outputs["arn"],
            runtimePlatform={"cpuArchitecture": "ARM64" if os.uname().machine == "aarch64" else "X86_64"},
            volumes=[{"name": "secrets"}],
            containerDefinitions=json.dumps(containers),
        )

    def spell(self, definition: Thing, **more: Any) -> dict[str, Any]:
        """The inputs of the service."""
        place = {"targetGroupArn": self.group.id, "containerName": "app", "containerPort": self.balanced.port}
        subnets = [one.id for one in self.caller.cloud.things(SUBNET)]
        network = {"subnets": subnets, "securityGroups": [self.balanced.tasks.id], "assignPublicIp": True}
        return {
            "name": "web",
            "cluster": self.cluster.id,
            "taskDefinition": definition.id,
            "launchType": "FARGATE",
            "desiredCount": 2,
            "loadBalancers": [place],
            "networkConfiguration": network,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "waitForSteadyState": True,
            **more,
        }

    @property
    def group(self) -> Thing:
        return self.balanced.group

    @property
    def service(self) -> Thing:
        (found,) = self.caller.cloud.things(SERVICE)
        return found

    def release(self, name: str, **web: Any) -> Thing:
        definition = self.define(name, **web)
        self.caller.update(self.service, taskDefinition=definition.id)
        return definition

    def ask(self, path: str = "/") -> dict[str, Any]:
        code, found = self.balanced.get(path)
        assert code == 200, (code, self.tell())
        return found

    def tell(self) -> dict[str, Any]:
        return status.read(self.caller.cloud, self.service.id)

    def containers(self, name: str) -> list[Any]:
        found = self.engine.containers.list(all=True, ignore_removed=True, filters={"label": f"{LABEL}={self.owner}"})
        return [one for one in found if str(one.name).endswith(f"-{name}")]


def take_away(infrastructure: Infrastructure) -> None:
    cloud = infrastructure.caller.cloud
    for service in cloud.things(SERVICE):
        tell(status.name_process(cloud, service.id), {"end": True})
    tell(infrastructure.balanced.address, {"end": True})
    tell(str(infrastructure.repository.outputs["repositoryUrl"]).partition("/")[0], {"end": True})
    remove_images(infrastructure.engine, infrastructure.owner)
    infrastructure.engine.close()


def remove_images(engine: docker.DockerClient, owner: str) -> None:
    for image in engine.images.list(filters={"label": f"{LABEL}.image={owner}"}):
        with suppress(docker.errors.APIError):
            engine.images.remove(str(image.id), force=True)

"""The double runs services of ECS: real images from a real registry, real tasks, releases, and what is given up."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest

from config.settings import Settings
from tests.cloud.balanced import Balanced
from tests.cloud.caller import Caller, Refused
from tests.cloud.leftovers import list_leftovers, sweep
from tests.cloud.plugin.cloud import Thing
from tests.cloud.plugin.fargate import status
from tests.cloud.plugin.fleet_kinds import CLUSTER, DEFINITION, REPOSITORY, SECRET, SECRET_VERSION, SERVICE
from tests.cloud.plugin.fleet_service import SILENT
from tests.cloud.plugin.kinds import EGRESS, ROLE, SUBNET
from tests.cloud.plugin.owner import LABEL, claim, name_owner
from tests.cloud.plugin.process import tell
from tests.cloud.plugin.registry import PASSWORD, USER
from tests.docker.engine import free_port
from tests.docker.load import Client, Load, json_is, json_values

pytestmark = [pytest.mark.docker, pytest.mark.machine]

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
        told = {
            "release": os.environ["RELEASE"],
            "task": os.environ["HOSTNAME"],
            "secret": file.read_text() if file.exists() else None,
            "environment": sorted(os.environ),
            "user": os.getuid(),
        }
        text = json.dumps(told).encode()
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


class Ground:
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

    def raw_push(self, name: str, password: str = PASSWORD) -> None:
        login = {"username": USER, "password": password}
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
        found = self.engine.containers.list(all=True, filters={"label": f"{LABEL}={self.owner}"})
        return [one for one in found if str(one.name).endswith(f"-{name}")]


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


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    sweep()
    with pytest.MonkeyPatch.context() as patch:
        ground = Ground(tmp_path_factory.mktemp("cloud"), patch)
        ground.caller.update(ground.group, deregistrationDelay=3)
        try:
            yield ground
        finally:
            take_away(ground)


def take_away(ground: Ground) -> None:
    cloud = ground.caller.cloud
    for service in cloud.things(SERVICE):
        tell(status.name_process(cloud, service.id), {"end": True})
    tell(ground.balanced.address, {"end": True})
    tell(str(ground.repository.outputs["repositoryUrl"]).partition("/")[0], {"end": True})
    remove_images(ground.engine, ground.owner)
    ground.engine.close()


def remove_images(engine: docker.DockerClient, owner: str) -> None:
    for image in engine.images.list(filters={"label": f"{LABEL}.image={owner}"}):
        with suppress(docker.errors.APIError):
            engine.images.remove(str(image.id), force=True)


def test_the_registry_has_the_rules_of_ecr(ground: Ground) -> None:
    url = ground.repository.outputs["repositoryUrl"]
    with pytest.raises(RuntimeError, match="cannot be overwritten because the tag is immutable"):
        ground.raw_push(f"{url}:1")
    with pytest.raises(RuntimeError, match=r"(?i)unauthorized|no basic auth|authentication required"):
        ground.raw_push(f"{url}:1", password="guessed")
    ground.engine.images.get(f"{url}:1").tag(f"{url}-other", "1")
    with pytest.raises(RuntimeError, match="does not exist"):
        ground.raw_push(f"{url}-other:1")
    ground.engine.images.remove(f"{url}-other:1")
    found = ground.caller.invoke("aws:ecr/getImages:getImages", repositoryName="test/web")["imageIds"]
    assert [(one["imageTag"], one["imageDigest"]) for one in found] == [("1", ground.image.partition("@")[2])]


def test_a_service_runs_its_tasks_in_all_zones(ground: Ground) -> None:
    ground.caller.create(SERVICE, "web", **ground.spell(ground.define("first")))
    found = ground.ask()
    assert (found["release"], found["secret"], found["user"]) == ("first", "hidden", 4711)
    # Brought by another container: the application's own environment has none.
    assert "A" not in found["environment"]
    tasks = ground.tell()["tasks"]
    assert {task["address"].rpartition(".")[0] for task in tasks} == {"10.77.0", "10.77.1"}
    for task, app in zip(sorted(one["id"] for one in tasks), sorted(ground.containers("app"), key=str), strict=True):
        assert app.attrs["HostConfig"]["NetworkMode"].startswith("container:")
        assert app.attrs["HostConfig"]["ReadonlyRootfs"] and app.attrs["HostConfig"]["CapDrop"] == ["ALL"]
        assert task
    asked = ground.caller.invoke("aws:ecs/getService:getService", clusterArn=ground.cluster.id, serviceName="web")
    assert (asked["taskDefinition"], asked["runningCount"]) == (ground.service.inputs["taskDefinition"], 2)


def test_releases_lose_no_request(ground: Ground) -> None:
    assert ground.ask()["release"] == "first"
    host = "web.example"
    clients = [Client(host=host, kept=kept, expect=json_is(user=4711)) for kept in (True, True, False)]
    clients.append(Client(host=host, path="/slow", kept=True, long=True))
    with Load(ground.balanced.address, ground.balanced.port, clients, rate=40, observe=json_values("release")) as load:
        load.wait(2)
        for name in ("second", "third"):
            ground.release(name)
        load.wait(2)
    report = load.report()
    assert report.lossless, report.details()
    assert list(report.seen) == ["first", "second", "third"]
    assert len(ground.containers("app")) == 2


def test_containers_of_a_task_ended_in_their_order(ground: Ground) -> None:
    logs = sorted((ground.caller.cloud.folder / "logs").glob("*-before.log"))
    assert logs
    for file in logs:
        app = file.with_name(file.name.replace("-before", "-app")).read_text()
        (asked,) = [float(line.split()[-1]) for line in app.splitlines() if line.startswith("asked")]
        (ended,) = [float(line.split()[-1]) for line in file.read_text().splitlines() if line.startswith("ended")]
        assert ended <= asked


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"entryPoint": ["false"]}, "tasks failed to start, and it was rolled back"),
        ({"environment": [{"name": "RELEASE", "value": "bad"}, {"name": "STATUS", "value": "500"}]}, "health checks"),
    ],
)
def test_a_release_that_never_gets_healthy_is_rolled_back(ground: Ground, bad: dict[str, Any], why: str) -> None:
    before, release = ground.service.inputs["taskDefinition"], ground.ask()["release"]
    client = Client(host="web.example", expect=json_is(release=release))
    with Load(ground.balanced.address, ground.balanced.port, [client], rate=20) as load:
        with pytest.raises(Refused, match=why):
            ground.release("bad", **bad)
        load.wait(1)
    report = load.report()
    assert report.lossless, report.details()
    asked = ground.caller.invoke("aws:ecs/getService:getService", clusterArn=ground.cluster.id, serviceName="web")
    assert asked["taskDefinition"] == before != ground.service.inputs["taskDefinition"]
    assert any("circuit breaker" in one["message"] for one in asked["events"])
    ground.caller.update(ground.service, taskDefinition=before)


def test_a_rollback_can_be_taken_for_a_success(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ground.service.inputs["taskDefinition"]
    monkeypatch.setenv(SILENT, "yes")
    bad = ground.release("bad", entryPoint=["false"])
    assert ground.service.inputs["taskDefinition"] == bad.id
    asked = ground.caller.invoke("aws:ecs/getService:getService", clusterArn=ground.cluster.id, serviceName="web")
    assert asked["taskDefinition"] == before
    ground.caller.update(ground.service, taskDefinition=before)


def test_a_lost_task_is_replaced(ground: Ground) -> None:
    before = {task["id"] for task in ground.tell()["tasks"]}
    lost = ground.containers("app")[0]
    lost.kill()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        tasks = ground.tell()["tasks"]
        if len(tasks) == 2 and {task["id"] for task in tasks} != before and {"RUNNING"} == {t["status"] for t in tasks}:
            break
        time.sleep(0.3)
    else:
        raise AssertionError(ground.tell())
    assert ground.ask()["user"] == 4711


def test_a_wrong_processor_and_a_missing_secret_are_told(ground: Ground) -> None:
    before = ground.service.inputs["taskDefinition"]
    (definition,) = [one for one in ground.caller.cloud.things(DEFINITION) if one.id == before]
    other = "X86_64" if os.uname().machine == "aarch64" else "ARM64"
    wrong = ground.caller.create(
        DEFINITION, "wrong", **{**definition.inputs, "runtimePlatform": {"cpuArchitecture": other}}
    )
    with pytest.raises(Refused, match="tasks failed to start"):
        ground.caller.update(ground.service, taskDefinition=wrong.id)
    assert any("CannotPullContainerError" in one["message"] for one in ground.tell()["events"])
    ground.caller.update(ground.service, taskDefinition=before)


def test_nothing_is_left_of_a_service_that_is_deleted(ground: Ground) -> None:
    ground.caller.delete(ground.service)
    assert not list_leftovers(ground.owner)
    assert ground.balanced.get()[0] == 503
    url = ground.repository.outputs["repositoryUrl"]
    ground.caller.delete(ground.repository)
    with pytest.raises(RuntimeError):
        ground.raw_push(f"{url}:1")
    assert not (ground.caller.cloud.folder / "images").exists()


def test_nothing_is_left_of_a_run_that_was_killed(tmp_path: Path) -> None:
    script = [
        "import os, signal, sys, pytest",
        "from pathlib import Path",
        "from tests.cloud.test_tasks import Ground, SERVICE",
        "ground = Ground(Path(sys.argv[1]), pytest.MonkeyPatch())",
        "ground.caller.create(SERVICE, 'web', **ground.spell(ground.define('first')))",
        "print(ground.owner, flush=True)",
        "os.kill(os.getpid(), signal.SIGKILL)",
    ]
    cloud = tmp_path / "cloud"
    command = [sys.executable, "-c", "\n".join(script), str(cloud)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    owner = done.stdout.strip()
    assert owner, done.stderr
    until = time.monotonic() + 60
    while list_leftovers(owner) and time.monotonic() < until:
        time.sleep(0.5)
    assert not list_leftovers(owner)
    sweep()
    engine = docker.from_env()
    remove_images(engine, owner)
    engine.close()

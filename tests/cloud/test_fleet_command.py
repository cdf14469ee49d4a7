"""The double's `aws` starts tasks of ECS by hand, and keeps parameters: on paper, where each ends at once and well."""

import contextlib
import io
import json

import pytest

from portico.components.aws_command import AwsError
from portico.components.one_off_tasks import Cluster, Network
from portico.components.parameter_record import EMPTY, read_runs, write_run
from portico.config.task_names import RELEASE
from tests.cloud.caller import REGION, Caller
from tests.cloud.definition import define
from tests.cloud.plugin import command
from tests.cloud.plugin.cloud import FOLDER, Thing
from tests.cloud.plugin.fleet_kinds import CLUSTER, DEFINITION, PARAMETER

pytestmark = pytest.mark.extended

RECORD = "/portico/portico/test/shop/release-command"
NETWORK = Network(subnets=("subnet-1",), firewalls=("sg-1",), public=True)


@pytest.fixture
def asked(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the command is asked, as it would be called."""
    monkeypatch.setenv(FOLDER, str(caller.cloud.folder))
    calls: list[list[str]] = []

    def run(region: str, service: str, name: str, *words: str) -> str:
        calls.append([service, name, *words])
        out, error = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            code = command.main([service, name, "--region", region, *words])
        if code:
            raise AwsError(error.getvalue())
        return out.getvalue()

    monkeypatch.setattr("portico.components.aws_command.run", run)
    return calls


@pytest.fixture
def cluster(caller: Caller, asked: list[list[str]]) -> Cluster:
    return Cluster(region=REGION, arn=str(caller.create(CLUSTER, "cluster", name="c").outputs["arn"]))


@pytest.fixture
def definition(caller: Caller) -> Thing:
    return caller.create(DEFINITION, "task", **{**define({"name": RELEASE}), "family": "shop_release"})


def test_a_task_runs_once_for_a_token_and_is_listed_by_its_family(cluster: Cluster, definition: Thing) -> None:
    first = cluster.start(definition.id, NETWORK, key="k1", token="t1")
    assert cluster.start(definition.id, NETWORK, key="k1", token="t1").arn == first.arn
    other = cluster.start(definition.id, NETWORK, key="k2", token="t2", container=RELEASE, words=["flask", "x"])
    seen = cluster.list_family("shop_release")
    assert [one.arn for one in seen] == [first.arn, other.arn]
    assert [(one.key, one.over, one.code) for one in seen] == [("k1", True, 0), ("k2", True, 0)]
    assert cluster.list_family("shop") == []


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"definition": "arn:aws:ecs:eu-central-1:1:task-definition/nobody:1"}, "TaskDefinition not found"),
        ({"container": "nobody", "words": ["x"]}, "Override for container"),
    ],
)
def test_what_aws_would_not_start_is_refused(
    cluster: Cluster, definition: Thing, what: dict[str, str], said: str
) -> None:
    with pytest.raises(AwsError, match=said):
        cluster.start(**{"definition": definition.id, "network": NETWORK, "key": "k", **what})  # type: ignore[arg-type]


def test_a_parameter_is_read_and_written_where_it_is(caller: Caller, cluster: Cluster, definition: Thing) -> None:
    assert read_runs(REGION, RECORD) == []
    kept = caller.create(PARAMETER, "record", name=RECORD, type="SecureString", value=EMPTY)
    (task,) = cluster.describe([cluster.start(definition.id, NETWORK, key="k1").arn])
    write_run(REGION, RECORD, task, "1a2b3c", "flask db upgrade")
    write_run(REGION, RECORD, task, "1a2b3c", "flask db upgrade")
    (run,) = read_runs(REGION, RECORD)
    assert (run.key, run.code, run.release, run.command) == ("k1", 0, "1a2b3c", "flask db upgrade")
    found = caller.cloud.find(kept.id, PARAMETER)
    assert found and "flask db upgrade" in json.dumps(found.outputs) and found.outputs["arn"].endswith(RECORD)

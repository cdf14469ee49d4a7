"""Each rule accepts the good graph, and refuses a bad one in words that help."""

import importlib
import inspect
import pkgutil
from dataclasses import replace
from typing import Any

import pytest

import portico.policies
from portico.policies import RULES, check, kinds
from portico.policies.graph import UNKNOWN, Resource
from portico.policies.rule import Rule
from portico.policies.tags import UNTAGGABLE
from tests.components.recorder import run
from tests.policies import bad_fleet, bad_services
from tests.policies.bad import BAD as BAD_VM
from tests.policies.bad import Bad, tell
from tests.policies.fleet import FLEET, REFUSAL, amend
from tests.policies.sample import GOOD, change, make, unlink, without

BAD = BAD_VM | bad_fleet.BAD_FLEET | bad_services.BAD_SERVICES
assert len(BAD) == len(BAD_VM) + len(bad_fleet.BAD_FLEET) + len(bad_services.BAD_SERVICES)


def names(graph: tuple[Resource, ...]) -> list[str]:
    return [violation.rule.name for violation in check(graph)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_good_graph_passes_and_a_bad_one_does_not(rule: Rule) -> None:
    assert rule(GOOD) == [] == rule(FLEET)
    assert any(bad.rule == rule.name for bad in BAD.values()), "no bad graph is made for it"
    assert all(rule(bad.graph) for bad in BAD.values() if bad.rule == rule.name)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_graph_is_refused_by_its_rule_alone(bad: Bad) -> None:
    found = check(bad.graph)
    assert {violation.rule.name for violation in found} == {bad.rule, *bad.also}
    assert any(bad.said in str(violation) for violation in found if violation.rule.name == bad.rule)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_message_says_what_where_what_instead_and_which_rule(bad: Bad) -> None:
    for violation in check(bad.graph):
        resource, wrong, write = violation.finding
        ids = ", ".join([violation.rule.name, *violation.rule.ids])
        assert str(violation) == f"{resource}: {wrong}; {write} ({ids})"
        assert resource.urn in {one.urn for one in bad.graph} and wrong and write


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_rule_about_one_resource_at_a_time_needs_no_other(bad: Bad) -> None:
    (rule,) = (rule for rule in RULES if rule.name == bad.rule)
    if not rule.whole:
        assert [str(found) for one in bad.graph for found in rule([one])] == [str(found) for found in rule(bad.graph)]


def test_every_rule_of_the_package_is_run() -> None:
    modules = [
        importlib.import_module(f"portico.policies.{one.name}")
        for one in pkgutil.iter_modules(portico.policies.__path__)
        if one.name != "__main__"
    ]
    written = [value for module in modules for value in vars(module).values() if isinstance(value, Rule)]
    assert {rule.name for rule in written} == {rule.name for rule in RULES} and len(RULES) == len(set(RULES))


def test_every_rule_says_what_it_demands() -> None:
    assert [rule.name for rule in RULES if not rule.about.endswith(".")] == []


def test_what_is_not_known_yet_is_not_refused() -> None:
    inputs = {"metadataOptions": UNKNOWN, "rootBlockDevice": UNKNOWN, "monitoring": UNKNOWN, "ebsOptimized": UNKNOWN}
    assert names(change("machine", **inputs, userDataBase64=UNKNOWN)) == []
    assert names(change("write-logs", policy=UNKNOWN)) == [] and names(change("flows", retentionInDays=UNKNOWN)) == []
    assert names(change("ssh", cidrIpv4=UNKNOWN, fromPort=UNKNOWN)) == []


@pytest.mark.parametrize(
    "line",
    [
        "ssh_pwauth: false",
        "lock_passwd: true",
        'passwd: "*"',
        "TOKEN=$(curl -X PUT http://169.254.169.254/latest/api/token)",
        'curl -H "X-aws-ec2-metadata-token: $TOKEN" -H "X-aws-ec2-metadata-token-ttl-seconds: 21600"',
        "password_file: /run/secrets/password",
        "secret: ''",
        "- ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJl3dIeudNqd0DPMRD6OIh65tjkxFNOtGRHa0PaKEAIx somebody@example",
        "uri: https://deb.debian.org/debian",
    ],
)
def test_what_only_looks_like_a_secret_is_let_through(line: str) -> None:
    assert names(tell(line)) == []


def test_of_a_fleet_what_is_not_known_yet_is_not_refused() -> None:
    made = list(FLEET)
    for number, one in enumerate(made):
        if one.type not in (kinds.ACCOUNT, kinds.INGRESS, kinds.EGRESS, kinds.GROUP):
            # As in a first preview, where even the tags may be made from something else.
            hidden = {name: UNKNOWN for name in one.inputs if name != "protocol"}
            made[number] = replace(one, inputs={**one.inputs, **hidden})
    assert names(tuple(made)) == []


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("service", {"platformVersion": "LATEST"}),
        ("service", {"platformVersion": None}),
        ("service", {"deploymentMinimumHealthyPercent": None, "deploymentMaximumPercent": None}),
        # CodeDeploy rolls out by itself: blue and green.
        ("service", {"deploymentController": {"type": "CODE_DEPLOY"}, "deploymentCircuitBreaker": None}),
        ("encrypted", {"sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06"}),
        ("encrypted", {"sslPolicy": "ELBSecurityPolicy-FS-1-2-Res-2020-10"}),
        ("encrypted", {"defaultActions": [{"type": "fixed-response", "fixedResponse": {"statusCode": "421"}}]}),
        ("encrypted", {"defaultActions": [{"type": "fixed-response", "fixedResponse": {"statusCode": UNKNOWN}}]}),
        # Bytes, which name no host.
        ("encrypted", {"protocol": "TLS", "defaultActions": [{"type": "forward", "targetGroupArn": "x"}]}),
        ("service", {"launchType": None, "capacityProviderStrategies": [{"capacityProvider": "FARGATE_SPOT"}]}),
        ("task", {"requiresCompatibilities": ["EC2", "FARGATE"]}),
        ("balancer", {"desyncMitigationMode": "strictest"}),
        # A balancer that hands on bytes sees no header.
        ("balancer", {"loadBalancerType": "network", "dropInvalidHeaderFields": None, "accessLogs": None}),
        ("targets", {"deregistrationDelay": 41}),
        ("images", {"encryptionConfigurations": [{"encryptionType": "KMS_DSSE"}]}),
        ("secret", {"recoveryWindowInDays": None}),
        ("task", {"containerDefinitions": "no JSON, which AWS itself refuses"}),
        ("task", {"containerDefinitions": "{}"}),
        ("task", {"pidMode": "task"}),
    ],
)
def test_what_is_as_good_is_let_through(name: str, inputs: dict[str, Any]) -> None:
    assert names(amend(name, **inputs)) == []


def test_a_shell_is_let_through_where_its_sessions_are_logged() -> None:
    logged = {"logging": "OVERRIDE", "logConfiguration": {"cloudWatchLogGroupName": "sessions"}}
    reported = amend("service", enableExecuteCommand=True)
    reported = change("cluster", reported, configuration={"executeCommandConfiguration": logged})
    assert names(reported) == []
    assert names(unlink("service", "cluster", reported)) == ["refuse_shells"]


def test_plain_http_is_let_through_where_there_is_no_certificate() -> None:
    alone = without("encrypted", "hosts", graph=amend("clear", defaultActions=[REFUSAL]))
    assert names(alone) == []


def test_what_pulumi_does_not_protect_aws_need_not_either() -> None:
    graph = amend("balancer", enableDeletionProtection=False)
    assert names(graph) == ["protect_balancer"]
    assert names(tuple(replace(one, protected=False) for one in graph)) == []


def test_how_long_a_container_takes_that_has_ended_already_does_not_count() -> None:
    # That of the secrets may take 120 s; it is not there any more when requests come.
    assert names(amend("targets", deregistrationDelay=40)) == []
    assert names(unlink("service", "loadBalancers", amend("targets", deregistrationDelay=1))) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY_FILE", "/run/secrets/SECRET_KEY"),
        ("SECRET_KEY", "/run/secrets/SECRET_KEY"),
        ("PASSWORD_RESET_DAYS", "3 days at most"),
        ("TOKEN_URL", "https://login.example/token"),
        ("KEY", "a name of something"),
        ("BASKET", "monkey"),
        ("API_KEY", ""),
    ],
)
def test_what_only_looks_like_a_secret_may_be_in_the_environment(name: str, value: str) -> None:
    assert names(bad_fleet.tell(name, value)) == []


def test_texts_that_aws_itself_refuses_are_left_to_it() -> None:
    assert names(change("write-logs", policy="no JSON")) == []
    assert names(change("ssh", cidrIpv4="nowhere")) == []
    assert names(change("machine", userDataBase64="H4sIAAAA")) == []


def test_no_program_gets_an_answer_when_it_looks_for_an_image() -> None:
    def build() -> None:
        from pulumi_aws import ec2

        ec2.get_ami(most_recent=True, owners=["amazon"])

    with pytest.raises(Exception, match="getAmi"):
        run(build)


def test_tags_of_the_provider_are_enough() -> None:
    (account,) = (one for one in GOOD if one.type == kinds.ACCOUNT)
    common = replace(account, inputs={"defaultTags": {"tags": {"project": "portico"}}})
    bare = [replace(one, inputs={**one.inputs, "tags": None}, provider=account.urn) for one in GOOD if one != account]
    assert "tag_everything" in names((account, *bare))
    assert names((common, *bare)) == []


def test_only_what_is_of_aws_is_asked_for_tags() -> None:
    assert names((*GOOD, make("docker:index/container:Container", "web"))) == []


# --- the names in the rules are Pulumi's

AWS_TYPES = {
    value: key
    for key, value in vars(kinds).items()
    if isinstance(value, str) and value.startswith("aws:") and key.isupper()
} | dict.fromkeys(UNTAGGABLE, "UNTAGGABLE")


def find_class(token: str) -> Any:
    """Pulumi's class of that token."""
    folder, _, kind = token.removeprefix("aws:").partition(":")
    module = importlib.import_module(f"pulumi_aws.{folder.partition('/')[0]}")
    return getattr(module, kind)


@pytest.mark.parametrize("token", sorted(AWS_TYPES))
def test_a_type_exists(token: str) -> None:
    assert find_class(token).pulumi_type == token


@pytest.mark.parametrize("token", sorted(AWS_TYPES))
def test_what_cannot_be_tagged_is_listed_and_nothing_else(token: str) -> None:
    assert ("tags" in inspect.signature(find_class(token)._internal_init).parameters) == (token not in UNTAGGABLE)


@pytest.mark.parametrize(
    "one", [one for one in (*GOOD, *FLEET) if one.type.startswith("aws:")], ids=lambda one: one.name
)
def test_the_good_graph_uses_inputs_that_exist(one: Resource) -> None:
    assert set(one.inputs) <= {
        spell(name) for name in inspect.signature(find_class(one.type)._internal_init).parameters
    }


def spell(name: str) -> str:
    """A name of Python's as the engine knows it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)

"""Of tasks behind a balancer: for each rule, graphs that it refuses, and the words with which it does."""

from dataclasses import replace
from typing import Any

from portico.policies import kinds
from portico.policies.graph import UNKNOWN, Resource
from tests.policies.bad import Bad
from tests.policies.fleet import (
    FLEET,
    IMAGE,
    INIT,
    LOGS,
    REFUSAL,
    REGISTRY,
    SECRET,
    SERVING,
    SHARED,
    amend,
    contain,
    define,
)
from tests.policies.sample import TAGS, assumed_by, change, make, unlink, without


def serve(**changes: Any) -> tuple[Resource, ...]:
    """The fleet with keys of the serving container changed; None takes one out."""
    changed = {key: value for key, value in (SERVING | changes).items() if value is not None}
    return amend("task", containerDefinitions=define(INIT, changed))


def tell(name: str, value: str) -> tuple[Resource, ...]:
    """The fleet with this in the environment of the serving container."""
    return serve(environment=[{"name": name, "value": value}])


def share(**changes: Any) -> tuple[Resource, ...]:
    """The fleet with another way to its shared files."""
    way: dict[str, Any] = {**dict(SHARED["efsVolumeConfiguration"]), **changes}
    return amend("task", volumes=[{"name": "data-media", "efsVolumeConfiguration": way}])


def add(*more: Resource) -> tuple[Resource, ...]:
    return (*FLEET, *more)


def drop(*names: str) -> tuple[Resource, ...]:
    return without(*names, graph=FLEET)


def cut(name: str, key: str) -> tuple[Resource, ...]:
    return unlink(name, key, FLEET)


def link(name: str, key: str, other: str) -> tuple[Resource, ...]:
    """The fleet with an input of one resource made from another one."""
    made = make("", name, {key: other})
    return tuple(replace(one, needs={**one.needs, **made.needs}) if one.name == name else one for one in FLEET)


def enter(name: str = "new", **inputs: Any) -> tuple[Resource, ...]:
    """The fleet with one more way to the tasks."""
    common = {"ipProtocol": "tcp", "fromPort": 8080, "toPort": 8080, "description": "x", "tags": TAGS}
    return add(make(kinds.INGRESS, name, {"securityGroupId": "tasks"}, **(common | inputs)))


def confess(**inputs: Any) -> tuple[Resource, ...]:
    """The fleet with a secret whose value Pulumi does not know for one."""
    return tuple(
        replace(one, inputs={"secretId": UNKNOWN} | inputs, secrets=frozenset()) if one.name == "value" else one
        for one in FLEET
    )


EXEC = {"executeCommandConfiguration": {"logging": "NONE"}}
OPEN, CLOSED_ONCE = {"blockPublicAcls": False}, {"restrictPublicBuckets": None}
ECS_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"

BAD_FLEET: dict[str, Bad] = {
    "privileged": Bad("refuse_privileges", serve(privileged=True), "container web is privileged"),
    "capability": Bad(
        "refuse_privileges",
        serve(linuxParameters={"capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]}}),
        "container web gets the capabilities NET_ADMIN",
    ),
    "kept capabilities": Bad("refuse_privileges", serve(linuxParameters=None), "container web keeps capabilities"),
    "some capabilities": Bad(
        "refuse_privileges",
        serve(linuxParameters={"capabilities": {"drop": ["CHOWN"]}}),
        "container web keeps capabilities",
    ),
    "writable": Bad("lock_filesystems", serve(readonlyRootFilesystem=False), "container web can change its own"),
    "writable by default": Bad("lock_filesystems", serve(readonlyRootFilesystem=None), "can change its own programs"),
    "root": Bad("name_users", serve(user="root"), "container web runs as root"),
    "root by number": Bad("name_users", serve(user="0:101"), "runs as root"),
    "nobody named": Bad("name_users", serve(user=None), "whoever its image says"),
    "name of a secret": Bad("keep_environment_clean", tell("SECRET_KEY", "correct horse"), "has SECRET_KEY in its env"),
    "name of a token": Bad("keep_environment_clean", tell("mail_token", "x"), "container web has mail_token"),
    "password in an address of a task": Bad(
        "keep_environment_clean",
        tell("DATABASE_URL", "postgres://shop:hunter2@db/shop"),
        "has DATABASE_URL in its environment, which looks like a password in an address",
    ),
    "password of nobody in an address": Bad(
        "keep_environment_clean", tell("CACHE", "redis://:hunter2@cache"), "looks like a password in an address"
    ),
    "key of AWS in a task": Bad("keep_environment_clean", tell("ID", "AKIAIOSFODNN7EXAMPLE"), "looks like an AWS key"),
    "secret on the command line": Bad(
        "keep_environment_clean", serve(command=["serve", "--password=hunter22"]), "has a word in its command"
    ),
    "environment from a file": Bad(
        "keep_environment_clean",
        serve(environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::somebody/x.env"}]),
        "takes its environment from a file",
    ),
    "secret of Pulumi's": Bad(
        "keep_environment_clean",
        tuple(replace(o, secrets=frozenset({"containerDefinitions"})) if o.name == "task" else o for o in FLEET),
        "TaskDefinition task: containerDefinitions is made from a secret of Pulumi's",
    ),
    "secret for who serves": Bad(
        "hand_over_secrets", serve(secrets=[{"name": "KEY", "valueFrom": SECRET}]), "container web serves with secrets"
    ),
    "secret for who serves by default": Bad(
        "hand_over_secrets",
        serve(secrets=[{"name": "KEY", "valueFrom": SECRET}], essential=None),
        "container web serves with secrets",
    ),
    "tag": Bad("pin_images", serve(image=f"{REGISTRY}/shop:latest"), "shop:latest, which names no digest"),
    "no tag": Bad("pin_images", serve(image="nginx"), "container web runs nginx, which"),
    "half a digest": Bad("pin_images", serve(image=IMAGE[:-1]), "names no digest"),
    "no image at all": Bad("pin_images", serve(image=None), "container web runs no image"),
    "no limit": Bad("bound_memory", serve(memory=None), "container web may use the memory of the whole task"),
    "no limit but a wish": Bad(
        "bound_memory", serve(memory=None, memoryReservation=64), "may use the memory of the whole task"
    ),
    "silence": Bad("log_containers", serve(logConfiguration=None), "container web says nothing"),
    "logs elsewhere": Bad(
        "log_containers",
        serve(logConfiguration={"logDriver": "splunk"}),
        "container web logs by splunk, outside of the groups",
    ),
    "group of ECS's": Bad(
        "log_containers",
        serve(logConfiguration=LOGS | {"options": {"awslogs-create-group": "true"}}),
        "container web lets ECS make the group of its logs",
    ),
    "container without a name": Bad(
        "pin_images", amend("task", containerDefinitions=define(contain("x", name=None, image="x"))), "container 0 runs"
    ),
    "host network": Bad("isolate_tasks", amend("task", networkMode="host"), "it shares the network of a host"),
    "no network": Bad("isolate_tasks", amend("task", networkMode=None), "shares the network"),
    "host processes": Bad("isolate_tasks", amend("task", pidMode="host"), "a host's processes (pidMode)"),
    "host memory": Bad("isolate_tasks", amend("task", ipcMode="host"), "a host's processes (ipcMode)"),
    "for a host": Bad(
        "run_on_fargate", amend("task", requiresCompatibilities=["EC2"]), "TaskDefinition task: nobody has asked"
    ),
    "for nobody": Bad("run_on_fargate", amend("task", requiresCompatibilities=None), "whether Fargate takes it"),
    "on a host": Bad("run_on_fargate", amend("service", launchType="EC2"), "Service service: its tasks share hosts"),
    "on a host of one's own": Bad("run_on_fargate", amend("service", launchType="EXTERNAL"), "its tasks share hosts"),
    "one role": Bad("separate_roles", link("task", "taskRoleArn", "execution"), "may do what starts it"),
    "one role by name": Bad(
        "separate_roles",
        change("task", FLEET, executionRoleArn="arn:x", taskRoleArn="arn:x", containerDefinitions=UNKNOWN),
        "may do what starts it",
        ("keep_task_logs",),
    ),
    "no role of its own": Bad("separate_roles", change("task", FLEET, taskRoleArn=None), "it has no taskRoleArn"),
    "nobody starts it": Bad("separate_roles", change("task", FLEET, executionRoleArn=None), "no executionRoleArn"),
    "role of a machine too": Bad(
        "separate_roles",
        amend("application", assumeRolePolicy=assumed_by(Service=["ecs-tasks.amazonaws.com", "ec2.amazonaws.com"])),
        "Role application: ec2.amazonaws.com may become what a task is",
    ),
    "logs of others": Bad("keep_task_logs", cut("task", "containerDefinitions"), "a group that is not the stack's"),
    "no group": Bad("keep_task_logs", drop("logs"), "its logs go to a group that is not the stack's"),
    "logs of a task for ever": Bad("retain_logs", amend("logs", retentionInDays=None), "LogGroup logs"),
    "no breaker": Bad("roll_back", amend("service", deploymentCircuitBreaker=None), "is tried forever"),
    "breaker without a way back": Bad(
        "roll_back", amend("service", deploymentCircuitBreaker={"enable": True, "rollback": False}), "tried forever"
    ),
    "breaker off": Bad(
        "roll_back",
        amend(
            "service",
            deploymentController={"type": "ECS"},
            deploymentCircuitBreaker={"enable": False, "rollback": True},
        ),
        "tried forever",
    ),
    "files in clear": Bad("encrypt_files", amend("files", encrypted=False), "it is not encrypted"),
    "no backups": Bad("back_up_files", drop("backups"), "nobody backs it up"),
    "backups off": Bad("back_up_files", amend("backups", backupPolicy={"status": "DISABLED"}), "nobody backs it up"),
    "backups of others": Bad("back_up_files", cut("backups", "fileSystemId"), "nobody backs it up"),
    "files by telnet": Bad("shield_files", share(transitEncryption="DISABLED"), "its files are read in plain text"),
    "all files": Bad("shield_files", share(authorizationConfig={"iam": "ENABLED"}), "all files of the file system"),
    "files of everybody": Bad(
        "shield_files", share(authorizationConfig={"accessPointId": "fsap-1"}), "all files of the file system"
    ),
    "half": Bad("keep_all_serving", amend("service", deploymentMinimumHealthyPercent=50), "50 % of the tasks"),
    "none": Bad("keep_all_serving", amend("service", deploymentMinimumHealthyPercent=0), "0 % of the tasks"),
    "no capacity": Bad("keep_all_serving", amend("service", deploymentMaximumPercent=100), "no task may start before"),
    "no waiting": Bad("wait_for_tasks", amend("service", waitForSteadyState=None), "before anybody knows"),
    "no waiting on purpose": Bad("wait_for_tasks", amend("service", waitForSteadyState=False), "before anybody knows"),
    "old platform": Bad("pin_platform", amend("service", platformVersion="1.3.0"), "platform 1.3.0 is an old one"),
    "platform by name": Bad("pin_platform", amend("service", platformVersion="latest"), "platform latest is"),
    "one subnet": Bad(
        "spread_zones",
        amend("service", networkConfiguration={"subnets": ["subnet-a"]}),
        "Service service: all of it is in one zone",
    ),
    "one zone": Bad(
        "spread_zones", amend("b", availabilityZone="eu-central-1a"), "LoadBalancer balancer: all of it is in one zone"
    ),
    "no subnets": Bad("spread_zones", change("balancer", FLEET, subnets=None), "balancer: all of it is in one zone"),
    "shell": Bad("refuse_shells", amend("service", enableExecuteCommand=True), "gets a shell in its tasks"),
    "shell, not logged": Bad(
        "refuse_shells",
        tuple(
            replace(one, inputs={**one.inputs, "enableExecuteCommand": True})
            if one.name == "service"
            else replace(one, inputs={**one.inputs, "configuration": EXEC})
            if one.name == "cluster"
            else one
            for one in FLEET
        ),
        "nobody sees what they do there",
    ),
    "everybody to the tasks": Bad(
        "shield_tasks",
        enter(cidrIpv4="0.0.0.0/0"),
        "tcp 8080 lets others than the balancer reach the tasks of service",
        ("open_web_ports_only",),
    ),
    "the network to the tasks": Bad("shield_tasks", enter(cidrIpv4="10.0.0.0/16"), "lets others than the balancer"),
    "a list of networks to the tasks": Bad("shield_tasks", enter(prefixListId="pl-1"), "lets others than the balancer"),
    "the tasks to one another": Bad("shield_tasks", link("from-edge", "referencedSecurityGroupId", "tasks"), "others"),
    "a port of administration": Bad(
        "shield_tasks",
        enter(fromPort=22, toPort=22, cidrIpv4="0.0.0.0/0"),
        "tcp 22 lets others than the balancer",
        ("open_web_ports_only", "close_admin_ports"),
    ),
    "everybody to the tasks inline": Bad(
        "shield_tasks",
        amend("tasks", ingress=[{"description": "x", "protocol": "tcp", "fromPort": 80, "toPort": 80, "self": True}]),
        "SecurityGroup tasks: ingress[0]: tcp 80 lets others",
    ),
    "the balancer's own group": Bad(
        "shield_tasks", link("service", "networkConfiguration", "edge"), "tcp 80 lets others"
    ),
    "no group of their own": Bad(
        "shield_tasks",
        change("service", FLEET, networkConfiguration={"subnets": ["subnet-a", "subnet-b"]}),
        "no security group of their own",
    ),
    "in clear": Bad(
        "redirect_to_https",
        amend("clear", defaultActions=[REFUSAL]),
        "Listener clear: it answers in plain text",
    ),
    "a redirect in clear": Bad(
        "redirect_to_https",
        amend("clear", defaultActions=[{"type": "redirect", "redirect": {"protocol": "HTTP", "port": "8080"}}]),
        "it answers in plain text",
    ),
    "a site in clear": Bad(
        "redirect_to_https",
        add(
            make(
                kinds.LISTENER_RULE,
                "old",
                {"listenerArn": "clear"},
                actions=[{"type": "forward", "targetGroupArn": "x"}],
                tags=TAGS,
            )
        ),
        "ListenerRule old: it answers in plain text",
    ),
    "TLS 1.0": Bad(
        "require_modern_tls", amend("encrypted", sslPolicy="ELBSecurityPolicy-2016-08"), "2016-08 lets TLS 1.0 through"
    ),
    "TLS 1.0 beside 1.3": Bad(
        "require_modern_tls", amend("encrypted", sslPolicy="ELBSecurityPolicy-TLS13-1-0-2021-06"), "lets TLS 1.0"
    ),
    "AWS's own TLS": Bad("require_modern_tls", amend("encrypted", sslPolicy=None), "where none is written"),
    "any host": Bad(
        "refuse_other_hosts",
        amend("encrypted", defaultActions=[{"type": "forward", "targetGroupArn": "x"}]),
        "Listener encrypted: whoever asks its address for any host name",
    ),
    "any host in clear": Bad(
        "refuse_other_hosts",
        without(
            "encrypted", "hosts", graph=amend("clear", defaultActions=[{"type": "forward", "targetGroupArn": "x"}])
        ),
        "Listener clear: whoever asks its address",
    ),
    "any host is welcome": Bad(
        "refuse_other_hosts",
        amend("encrypted", defaultActions=[{"type": "fixed-response", "fixedResponse": {"statusCode": "200"}}]),
        "as if it were a site's",
    ),
    "bad headers": Bad("drop_bad_requests", amend("balancer", dropInvalidHeaderFields=None), "headers that are none"),
    "bad headers on purpose": Bad(
        "drop_bad_requests", amend("balancer", dropInvalidHeaderFields=False), "headers that are none"
    ),
    "bad requests": Bad(
        "drop_bad_requests", amend("balancer", desyncMitigationMode="monitor"), "requests that may hide others"
    ),
    "no log of requests": Bad("log_requests", amend("balancer", accessLogs=None), "who has asked for what"),
    "log of requests off": Bad(
        "log_requests", amend("balancer", accessLogs={"bucket": "x", "enabled": False}), "who has asked for what"
    ),
    "half protected": Bad(
        "protect_balancer", amend("balancer", enableDeletionProtection=None), "and the console does not"
    ),
    "half protected on purpose": Bad(
        "protect_balancer", amend("balancer", enableDeletionProtection=False), "and the console does not"
    ),
    "cut at once": Bad("let_requests_end", amend("targets", deregistrationDelay=0), "requests are cut after 0 s"),
    "cut too early": Bad("let_requests_end", amend("targets", deregistrationDelay=39), "may take 40 s to end"),
    "never asked": Bad("let_requests_end", amend("targets", deregistrationDelay=None), "waits five minutes"),
    "names that move": Bad(
        "keep_image_names", amend("images", imageTagMutability="MUTABLE"), "another image under a name"
    ),
    "names that move by default": Bad("keep_image_names", amend("images", imageTagMutability=None), "another image"),
    "no scan": Bad("scan_images", amend("images", imageScanningConfiguration=None), "known holes"),
    "scan off": Bad("scan_images", amend("images", imageScanningConfiguration={"scanOnPush": False}), "known holes"),
    "images by AWS's key": Bad(
        "encrypt_images", amend("images", encryptionConfigurations=[{"encryptionType": "AES256"}]), "read its images"
    ),
    "images by no key": Bad("encrypt_images", amend("images", encryptionConfigurations=None), "read its images"),
    "images for ever": Bad("forget_images", drop("images-forget"), "none ever goes"),
    "another's images": Bad("forget_images", cut("images-forget", "repository"), "none ever goes"),
    "value in clear": Bad("hide_values", confess(secretString="x"), "secretString is in plain text"),
    "bytes in clear": Bad("hide_values", confess(secretBinary="eA=="), "secretBinary is in plain text"),
    "parameter in clear": Bad(
        "encrypt_parameters", amend("record", type="String"), "lies in Parameter Store in plain text"
    ),
    "gone at once": Bad("keep_removed_secrets", amend("secret", recoveryWindowInDays=0), "gone at once"),
    "open bucket": Bad("close_buckets", drop("requests-closed"), "would open it to everybody"),
    "half open bucket": Bad("close_buckets", amend("requests-closed", **OPEN), "would open it to everybody"),
    "bucket closed in three of four": Bad("close_buckets", amend("requests-closed", **CLOSED_ONCE), "would open it"),
    "another's bucket": Bad("close_buckets", cut("requests-closed", "bucket"), "would open it to everybody"),
    "bucket for ever": Bad("forget_objects", drop("requests-forget"), "stays forever"),
    "another's rule": Bad("forget_objects", cut("requests-forget", "bucket"), "stays forever"),
    "AWS's own policy of tasks": Bad(
        "attach_least",
        add(make(kinds.POLICY_ATTACHMENT, "new", {"role": "execution"}, policyArn=ECS_POLICY)),
        "it has AmazonECSTaskExecutionRolePolicy",
    ),
    "every secret": Bad(
        "grant_least",
        amend(
            "execution-may",
            policy='{"Statement": {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}}',
        ),
        "it allows secretsmanager:GetSecretValue on *",
    ),
    "no tags on a service": Bad("tag_everything", amend("service", tags=None), "Service service: it has no tags"),
}

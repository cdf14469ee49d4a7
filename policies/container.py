"""The containers of a task: what they may do, what they are reported, what they leave behind."""

import re
from collections.abc import Iterator
from typing import Final

from portico.policies.containers import Container, list_containers
from portico.policies.graph import Graph, look, members, of_type
from portico.policies.kinds import TASK
from portico.policies.likeness import find_likenesses
from portico.policies.rule import Finding, rule

_DIGEST: Final = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")
_ROOT: Final = ("", "0", "root")
# By its last word: PASSWORD_RESET_DAYS is none.
_SECRET_NAME: Final = re.compile(
    r"(?i)(^|_)(passw(or)?d|passphrase|secret|token|credentials?|(api|access|private|secret|signing|encryption)_?key)$"
)
_HAND_OVER: Final = "keep it in Secrets Manager, and hand it over as a file (secrets, by a container that ends)"


@rule("CKV_AWS_334", "ECS.4")
def refuse_privileges(graph: Graph) -> Iterator[Finding]:
    """No container is privileged, and each gives up all capabilities and gets none."""
    for one in list_containers(graph):
        if look(one.inputs, "privileged"):
            yield _find(one, "is privileged: it is root on what it runs on", "take privileged out")
        if added := members(one.inputs, "linuxParameters.capabilities.add"):
            wrong = f"gets the capabilities {', '.join(map(str, added))}"
            yield _find(one, wrong, "take linuxParameters.capabilities.add out")
        if "ALL" not in members(one.inputs, "linuxParameters.capabilities.drop"):
            yield _find(one, "keeps capabilities", 'write linuxParameters.capabilities.drop: ["ALL"]')


@rule("CKV_AWS_336", "ECS.5")
def lock_filesystems(graph: Graph) -> Iterator[Finding]:
    """Nobody writes to the files of a container's image: its root file system is read-only."""
    for one in list_containers(graph):
        if look(one.inputs, "readonlyRootFilesystem") is not True:
            wrong = "can change its own programs"
            yield _find(one, wrong, "write readonlyRootFilesystem: true, and mount volumes where it must write")


@rule("ECS.20")
def name_users(graph: Graph) -> Iterator[Finding]:
    """Each container says whose processes it runs, and they are not root's."""
    for one in list_containers(graph):
        user = str(look(one.inputs, "user") or "")
        if user.partition(":")[0] in _ROOT:
            yield _find(one, "runs as root, or as whoever its image says", 'write user, such as "101:101"')


@rule("ECS.8")
def keep_environment_clean(graph: Graph) -> Iterator[Finding]:
    """No secret in the environment or on the command line: both stay readable in the console forever."""
    for task in of_type(graph, TASK):
        if "containerDefinitions" in task.secrets:
            yield Finding(task, "containerDefinitions is made from a secret of Pulumi's", _HAND_OVER)
    for one in list_containers(graph):
        for reported in members(one.inputs, "environment"):
            name, value = str(look(reported, "name")), str(look(reported, "value") or "")
            # A path only says where it lies.
            if _SECRET_NAME.search(name) and value and not value.startswith("/"):
                yield _find(one, f"has {name} in its environment", _HAND_OVER)
            for kind, _ in find_likenesses(value):
                yield _find(one, f"has {name} in its environment, which looks like {kind}", _HAND_OVER)
        for word in [*members(one.inputs, "entryPoint"), *members(one.inputs, "command")]:
            for kind, _ in find_likenesses(str(word)):
                yield _find(one, f"has a word in its command that looks like {kind}", _HAND_OVER)
        if members(one.inputs, "environmentFiles"):
            yield _find(one, "takes its environment from a file that anybody may fill", "write environment")


@rule()
def hand_over_secrets(graph: Graph) -> Iterator[Finding]:
    """Secrets go to a container that ends: the environment of one that serves is inherited, dumped and logged."""
    for one in list_containers(graph):
        if members(one.inputs, "secrets") and look(one.inputs, "essential") is not False:
            wrong = "serves with secrets in its environment"
            write = "let a container with essential: false write them to a shared volume, and depend on its SUCCESS"
            yield _find(one, wrong, write)


@rule()
def pin_images(graph: Graph) -> Iterator[Finding]:
    """Images are named by digest: a tag may mean another image to the next task that starts."""
    for one in list_containers(graph):
        image = str(look(one.inputs, "image") or "")
        if not _DIGEST.fullmatch(image):
            yield _find(one, f"runs {image or 'no image'}, which names no digest", "write repository@sha256:…")


@rule()
def bound_memory(graph: Graph) -> Iterator[Finding]:
    """Each container has a limit to its memory: without one it takes what the others need."""
    for one in list_containers(graph):
        if not look(one.inputs, "memory"):
            yield _find(one, "may use the memory of the whole task", "write memory, in MiB")


@rule("ECS.9")
def log_containers(graph: Graph) -> Iterator[Finding]:
    """What a container says is kept, in a group that is there already: one that ECS makes keeps it forever."""
    for one in list_containers(graph):
        options = look(one.inputs, "logConfiguration.options")
        driver = look(one.inputs, "logConfiguration.logDriver")
        if driver != "awslogs":
            wrong = (
                f"logs by {driver}, outside of the groups of logs" if driver else "says nothing that anybody could read"
            )
            yield _find(one, wrong, 'write logConfiguration, with logDriver: "awslogs" and a group of logs')
        if str(look(options, "awslogs-create-group")).lower() == "true":
            write = "make aws.cloudwatch.LogGroup with retentionInDays, and take awslogs-create-group out"
            yield _find(one, "lets ECS make the group of its logs", write)


def _find(one: Container, wrong: str, write: str) -> Finding:
    return Finding(one.resource, f"{one.name} {wrong}", write)

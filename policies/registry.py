"""Where images lie: what a name means, what is known of them, and how long they stay."""

from collections.abc import Iterator

from portico.policies.graph import UNKNOWN, Graph, look, may_be, members, of_type, points_at
from portico.policies.kinds import REPOSITORY, REPOSITORY_LIFECYCLE
from portico.policies.rule import Finding, rule


@rule("CKV_AWS_51", "ECR.2")
def keep_image_names(graph: Graph) -> Iterator[Finding]:
    """The name of an image never comes to mean another one."""
    for one in of_type(graph, REPOSITORY):
        if not may_be(look(one.inputs, "imageTagMutability"), "IMMUTABLE"):
            wrong = "whoever may push may put another image under a name that is deployed"
            yield Finding(one, wrong, 'write imageTagMutability: "IMMUTABLE"')


@rule("CKV_AWS_163", "ECR.1")
def scan_images(graph: Graph) -> Iterator[Finding]:
    """Images are looked through for known holes as they are pushed."""
    for one in of_type(graph, REPOSITORY):
        if not may_be(look(one.inputs, "imageScanningConfiguration.scanOnPush"), True):
            wrong = "nobody looks for known holes in its images"
            yield Finding(one, wrong, "write imageScanningConfiguration.scanOnPush: true")


@rule("CKV_AWS_136")
def encrypt_images(graph: Graph) -> Iterator[Finding]:
    """Images are encrypted with a key of KMS, whose use is written down."""
    for one in of_type(graph, REPOSITORY):
        found = look(one.inputs, "encryptionConfigurations")
        kinds = [look(inner, "encryptionType") for inner in members(one.inputs, "encryptionConfigurations")]
        if found is not UNKNOWN and not (kinds and all(may_be(kind, "KMS", "KMS_DSSE") for kind in kinds)):
            wrong = "nobody could say later who has read its images"
            yield Finding(one, wrong, 'write encryptionConfigurations: [{encryptionType: "KMS"}]')


@rule("ECR.3", whole=True)
def forget_images(graph: Graph) -> Iterator[Finding]:
    """Old images go by themselves: they are paid for."""
    policies = list(of_type(graph, REPOSITORY_LIFECYCLE))
    for one in of_type(graph, REPOSITORY):
        if not any(points_at(policy, "repository", one) for policy in policies):
            wrong = "each release adds images, and none ever goes"
            yield Finding(
                one, wrong, "add aws.ecr.LifecyclePolicy for this repository, which keeps those to go back to"
            )

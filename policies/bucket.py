"""Buckets, where logs of requests lie: with the addresses of everybody who came."""

from collections.abc import Iterator
from typing import Final

from portico.policies.graph import Graph, look, may_be, of_type, points_at
from portico.policies.kinds import BUCKET, BUCKET_CLOSED, BUCKET_LIFECYCLE
from portico.policies.rule import Finding, rule

_CLOSED: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@rule("CKV2_AWS_6", "S3.8", whole=True)
def close_buckets(graph: Graph) -> Iterator[Finding]:
    """No bucket can be opened to everybody, whatever is written into its policy."""
    blocks = list(of_type(graph, BUCKET_CLOSED))
    for one in of_type(graph, BUCKET):
        mine = [block for block in blocks if points_at(block, "bucket", one)]
        if not any(all(may_be(look(block.inputs, name), True) for name in _CLOSED) for block in mine):
            wrong = "one line of its policy would open it to everybody"
            yield Finding(one, wrong, f"add aws.s3.BucketPublicAccessBlock with true at {', '.join(_CLOSED)}")


@rule("CKV2_AWS_61", "S3.13", whole=True)
def forget_objects(graph: Graph) -> Iterator[Finding]:
    """A bucket has a rule that deletes its objects after some time."""
    rules = list(of_type(graph, BUCKET_LIFECYCLE))
    for one in of_type(graph, BUCKET):
        if not any(points_at(rule, "bucket", one) for rule in rules):
            wrong = "what lies in it stays forever, and is paid for"
            yield Finding(one, wrong, "add aws.s3.BucketLifecycleConfiguration with an expiration")

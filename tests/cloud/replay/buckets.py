"""Buckets, and what may be done with them."""

from tests.cloud.replay.given import Given, capitals, list_tags
from tests.cloud.replay.made import Made


def make_bucket(given: Given) -> Made:
    s3, name = given.client("s3"), given.name()
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": given.region})
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": list_tags(given.take("tags", {}))})
    # Whether it may be emptied matters when it goes.
    given.take("forceDestroy")
    return Made(id=name, name=name, arn=f"arn:aws:s3:::{name}")


def close_bucket(given: Given) -> Made:
    name = given.take("bucket")
    closed = given.send("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    given.client("s3").put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=closed)
    return Made(id=name)


def own_objects(given: Given) -> Made:
    name, rule = given.take("bucket"), given.take("rule")
    given.client("s3").put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": [capitals(rule)]})
    return Made(id=name)


def encrypt_bucket(given: Given) -> Made:
    name = given.take("bucket")
    (rule,) = given.take("rules")
    algorithm = rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"]
    rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}]
    given.client("s3").put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    return Made(id=name)


def forget_objects(given: Given) -> Made:
    name = given.take("bucket")
    rules = [capitals(rule) for rule in given.take("rules")]
    for rule in rules:
        # The one name of S3's that is all capitals.
        rule["ID"] = rule.pop("Id")
    given.client("s3").put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    return Made(id=name)


def write_policy(given: Given) -> Made:
    name = given.take("bucket")
    given.client("s3").put_bucket_policy(Bucket=name, Policy=given.take("policy"))
    return Made(id=name)

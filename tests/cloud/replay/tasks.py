"""Registries, clusters, tasks, services and how many of them run."""

import json
from typing import Any

from tests.cloud.replay.given import Given, list_tags
from tests.cloud.replay.made import Made


def make_repository(given: Given) -> Made:
    (encryption,) = given.take("encryptionConfigurations")
    made = given.client("ecr").create_repository(
        repositoryName=given.take("name"),
        encryptionConfiguration=encryption,
        **given.pass_on("imageTagMutability", "imageScanningConfiguration"),
        tags=list_tags(given.take("tags", {})),
    )["repository"]
    # Whether images go with it matters when it goes.
    given.take("forceDelete")
    return Made(
        id=made["repositoryName"],
        name=made["repositoryName"],
        arn=made["repositoryArn"],
        reported={"repositoryUrl": made["repositoryUri"]},
    )


def forget_images(given: Given) -> Made:
    name = given.take("repository")
    given.client("ecr").put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=given.take("policy"))
    return Made(id=name)


def make_cluster(given: Given) -> Made:
    made = given.client("ecs").create_cluster(clusterName=given.name(), **given.pass_on("settings"), tags=_tag(given))[
        "cluster"
    ]
    return Made(id=made["clusterArn"], arn=made["clusterArn"], name=made["clusterName"])


def define(given: Given) -> Made:
    # The revision before stays; that matters when it goes.
    given.take("skipDestroy")
    made = given.client("ecs").register_task_definition(
        containerDefinitions=json.loads(given.take("containerDefinitions")),
        **given.pass_on("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "runtimePlatform"),
        **given.pass_on("executionRoleArn", "taskRoleArn", "volumes"),
        tags=_tag(given),
    )["taskDefinition"]
    arn = made["taskDefinitionArn"]
    return Made(id=made["family"], reported={"arn": arn, "arnWithoutRevision": arn.rpartition(":")[0]})


def serve(given: Given) -> Made:
    # For the plugin itself, which goes on asking until it is so.
    given.take("waitForSteadyState")
    network = given.take("networkConfiguration")
    network["assignPublicIp"] = "ENABLED" if network["assignPublicIp"] else "DISABLED"
    deployment = {
        "minimumHealthyPercent": given.take("deploymentMinimumHealthyPercent"),
        "maximumPercent": given.take("deploymentMaximumPercent"),
        "deploymentCircuitBreaker": given.take("deploymentCircuitBreaker"),
    }
    made = given.client("ecs").create_service(
        serviceName=given.name(),
        deploymentConfiguration=deployment,
        networkConfiguration={"awsvpcConfiguration": network},
        enableECSManagedTags=given.take("enableEcsManagedTags"),
        **given.pass_on("cluster", "taskDefinition", "desiredCount", "launchType", "platformVersion", "loadBalancers"),
        **given.pass_on("healthCheckGracePeriodSeconds", "availabilityZoneRebalancing"),
        **given.pass_on("enableExecuteCommand", "propagateTags"),
        tags=_tag(given),
    )["service"]
    return Made(id=made["serviceArn"], arn=made["serviceArn"], name=made["serviceName"])


def scale(given: Given) -> Made:
    id = given.peek("resourceId")
    given.client("application-autoscaling").register_scalable_target(
        **given.send("serviceNamespace", "scalableDimension", "resourceId", "minCapacity", "maxCapacity"),
        Tags=given.take("tags", {}),
    )
    return Made(id=id)


def follow(given: Given) -> Made:
    name = given.name()
    made = given.client("application-autoscaling").put_scaling_policy(
        PolicyName=name,
        **given.send("serviceNamespace", "scalableDimension", "resourceId", "policyType"),
        **given.send("targetTrackingScalingPolicyConfiguration"),
    )
    return Made(id=name, name=name, arn=made["PolicyARN"])


def _tag(given: Given) -> list[dict[str, Any]]:
    """ECS names the two parts of a tag with small letters."""
    return [{"key": key, "value": value} for key, value in given.take("tags", {}).items()]

"""Scaling: as many tasks as the load asks for."""

from pathlib import Path
from typing import Any

from tests.components.ecs.sample import deploy
from tests.components.recorder import Recorder
from tests.config.sample import make_site

TARGET = "aws:appautoscaling/target:Target"
POLICY = "aws:appautoscaling/policy:Policy"
TRACKED = "targetTrackingScalingPolicyConfiguration"


def policies(made: Recorder, site: str) -> dict[str, dict[str, Any]]:
    """{metric: what is tracked} of a site's policies."""
    found = [one for one in made.of_type(POLICY) if one.name.startswith(f"{site}-")]
    assert {one.inputs["policyType"] for one in found} == {"TargetTrackingScaling"}
    return {
        one.inputs[TRACKED]["predefinedMetricSpecification"]["predefinedMetricType"]: one.inputs[TRACKED]
        for one in found
    }


def test_each_site_has_between_its_replicas_and_the_most(root: Path) -> None:
    made = deploy(root, make_site(replicas=3), section={"most": 20})
    target = made.find(TARGET, "shop-scaling-target").inputs
    assert (target["minCapacity"], target["maxCapacity"]) == (3, 20)
    assert target["resourceId"] == "service/fleet-cluster-0123456/shop-service-0123456"
    assert (target["serviceNamespace"], target["scalableDimension"]) == ("ecs", "ecs:service:DesiredCount")


def test_it_follows_the_cpu_and_the_requests(made: Recorder) -> None:
    for site in ("shop", "blog"):
        found = policies(made, site)
        assert set(found) == {"ECSServiceAverageCPUUtilization", "ALBRequestCountPerTarget"}
        cpu, requests = found["ECSServiceAverageCPUUtilization"], found["ALBRequestCountPerTarget"]
        assert (cpu["targetValue"], requests["targetValue"]) == (60, 1000)
        label = requests["predefinedMetricSpecification"]["resourceLabel"]
        assert label == f"app/fleet-balancer/0123/targetgroup/{site}-web/4567"
        # Quickly up, slowly down.
        assert cpu["scaleOutCooldown"] < cpu["scaleInCooldown"]


def test_both_figures_are_settings_and_requests_need_not_be_looked_at(root: Path) -> None:
    values: dict[str, Any] = {"region": "eu-central-1", "cpuTarget": 40, "requestsTarget": None}
    found = policies(deploy(root, ecs=values), "shop")
    assert set(found) == {"ECSServiceAverageCPUUtilization"}
    assert found["ECSServiceAverageCPUUtilization"]["targetValue"] == 40


def test_policies_belong_to_what_is_scaled(made: Recorder) -> None:
    target = made.find(TARGET, "shop-scaling-target")
    for part in ("cpu", "requests"):
        policy = made.find(POLICY, f"shop-scaling-{part}")
        assert target.urn in policy.needs["resourceId"]
        assert policy.inputs["resourceId"] == target.inputs["resourceId"]

"""Balancer, its certificate, and its access logs."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.components.ecs.sample import deploy
from tests.components.fleet_answers import ACCOUNT
from tests.components.recorder import Recorder
from tests.config.ecs_sample import CERTIFICATE, ZONE
from tests.config.sample import make_site

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
RECORD = "aws:route53/record:Record"
S3 = "aws:s3/"
HSTS = "routingHttpResponseStrictTransportSecurityHeaderValue"
LOGS = "fleet-access-logs"


def listeners(made: Recorder) -> dict[int, dict[str, Any]]:
    return {one.inputs["port"]: one.inputs for one in made.of_type(LISTENER)}


def test_it_is_public_over_all_zones_and_drops_what_smuggles(made: Recorder) -> None:
    found = made.find(BALANCER, "fleet-balancer").inputs
    assert (found["loadBalancerType"], found["internal"]) == ("application", False)
    assert found["subnets"] == ["fleet-network-public-a-id", "fleet-network-public-b-id"]
    assert found["dropInvalidHeaderFields"] is True and found["desyncMitigationMode"] == "defensive"
    assert found["xffHeaderProcessingMode"] == "append"
    assert found["accessLogs"] == {"bucket": f"{LOGS}-bucket-0123456", "enabled": True}


def test_it_keeps_a_silent_connection_longer_than_the_longest_request(made: Recorder) -> None:
    # The blog's takes up to 50 s.
    assert made.find(BALANCER, "fleet-balancer").inputs["idleTimeout"] == 60


@pytest.mark.parametrize("protect", [True, False])
def test_nobody_deletes_a_protected_one_by_hand(root: Path, protect: bool) -> None:
    made = deploy(root, section={"certificate": CERTIFICATE}, protect=protect)
    assert made.find(BALANCER, "fleet-balancer").inputs["enableDeletionProtection"] is protect


def test_https_serves_the_sites_and_http_leads_there(root: Path) -> None:
    made = deploy(root, section={"certificate": CERTIFICATE})
    http, https = listeners(made)[80], listeners(made)[443]
    assert (https["protocol"], https["sslPolicy"]) == ("HTTPS", "ELBSecurityPolicy-TLS13-1-2-2021-06")
    assert https["certificateArn"] == CERTIFICATE
    assert https[HSTS] == "max-age=31536000" and https["routingHttpResponseServerEnabled"] is False
    (answer,) = https["defaultActions"]
    assert answer["type"] == "fixed-response" and answer["fixedResponse"]["statusCode"] == "404"
    (lead,) = http["defaultActions"]
    assert lead == {
        "type": "redirect",
        "redirect": {
            "protocol": "HTTPS",
            "port": "443",
            "host": "#{host}",
            "path": "/#{path}",
            "query": "#{query}",
            "statusCode": "HTTP_301",
        },
    }
    assert not {"certificateArn", "sslPolicy", HSTS} & set(http)
    rule = made.find("aws:lb/listenerRule:ListenerRule", "shop-hosts-shop-1").inputs
    assert rule["listenerArn"] == "arn:aws:test:::fleet-balancer-https"
    assert made.exports["urls"] == {"shop": "https://shop.example"}


def test_without_a_certificate_there_is_plain_http_and_a_warning(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", said.append)
    made = deploy(root)
    (http,) = listeners(made).values()
    assert (http["port"], http["protocol"], http["defaultActions"][0]["type"]) == (80, "HTTP", "fixed-response")
    rule = made.find("aws:lb/listenerRule:ListenerRule", "shop-hosts-shop-1").inputs
    assert rule["listenerArn"] == "arn:aws:test:::fleet-balancer-http"
    assert made.exports["urls"] == {"shop": "http://shop.example"}
    assert len(said) == 1 and "plain HTTP" in said[0] and "ecs.certificate" in said[0]


def test_with_a_certificate_nobody_is_warned(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", said.append)
    deploy(root, section={"certificate": CERTIFICATE})
    assert said == []


def test_a_certificate_is_made_for_all_names_and_shown_to_be_ours(made: Recorder) -> None:
    asked = made.find("aws:acm/certificate:Certificate", "fleet-certificate-certificate").inputs
    assert (asked["domainName"], asked["validationMethod"]) == ("shop.example", "DNS")
    assert asked["subjectAlternativeNames"] == ["www.shop.example", "*.blog.example", "blog.example"]
    proofs = {one.name: one.inputs for one in made.of_type(RECORD) if "-proof-" in one.name}
    # Another stack's certificate may be renewed by the same records.
    assert {one.name for one in made.of_type(RECORD) if one.retained} == {*proofs}
    # A wildcard and the name itself share theirs.
    assert set(proofs) == {
        f"fleet-certificate-proof-{name}" for name in ("shop.example", "www.shop.example", "blog.example")
    }
    for name, one in proofs.items():
        domain = name.removeprefix("fleet-certificate-proof-")
        assert (one["zoneId"], one["name"], one["type"], one["ttl"]) == (ZONE, f"_proof.{domain}.", "CNAME", 300)
        assert one["records"] == [f"_{len(domain)}.acm-validations.aws."] and one["allowOverwrite"] is True
    issued = made.find("aws:acm/certificateValidation:CertificateValidation", "fleet-certificate-issued").inputs
    assert sorted(issued["validationRecordFqdns"]) == sorted(one["name"] for one in proofs.values())
    assert issued["certificateArn"] == "arn:aws:test:::fleet-certificate-certificate"
    https = made.find(LISTENER, "fleet-balancer-https")
    assert https.inputs["certificateArn"] == issued["certificateArn"]
    # A listener would be refused a certificate that is not issued yet.
    assert any("CertificateValidation" in urn for urn in https.needs["certificateArn"])


def test_every_name_leads_to_the_balancer_once_its_site_is_live(made: Recorder) -> None:
    names = {one.inputs["name"]: one for one in made.of_type(RECORD) if "-host-" in one.name}
    assert set(names) == {"shop.example", "www.shop.example", "*.blog.example", "blog.example"}
    services = {one.urn for one in made.of_type("aws:ecs/service:Service")}
    for one in names.values():
        (alias,) = one.inputs["aliases"]
        assert alias["name"] == "fleet-balancer.eu-central-1.elb.amazonaws.com"
        assert (alias["zoneId"], alias["evaluateTargetHealth"]) == ("Z215JYRZR1TBD5", False)
        assert (one.inputs["zoneId"], one.inputs["type"]) == (ZONE, "A")
        assert services <= one.dependencies


def test_no_record_and_no_certificate_are_made_where_no_zone_is_named(root: Path) -> None:
    made = deploy(root, section={"certificate": CERTIFICATE})
    assert not made.of_type(RECORD) and not made.of_type("aws:acm/certificate:Certificate")


def test_access_logs_are_written_by_balancers_of_this_account_alone(made: Recorder) -> None:
    policy = made.find(f"{S3}bucketPolicy:BucketPolicy", f"{LOGS}-policy")
    write, deny = json.loads(policy.inputs["policy"])["Statement"]
    bucket = f"arn:aws:test:::{LOGS}-bucket"
    assert write["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert (write["Action"], write["Resource"]) == ("s3:PutObject", f"{bucket}/AWSLogs/{ACCOUNT}/*")
    assert write["Condition"]["ArnLike"]["aws:SourceArn"] == (
        f"arn:aws:elasticloadbalancing:*:{ACCOUNT}:loadbalancer/*"
    )
    assert deny["Effect"] == "Deny" and deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert deny["Resource"] == [bucket, f"{bucket}/*"]
    # The balancer asks at once whether it may write.
    assert policy.urn in made.find(BALANCER, "fleet-balancer").needs["accessLogs"]


def test_access_logs_are_encrypted_closed_and_forgotten(made: Recorder, root: Path) -> None:
    closed = made.find(f"{S3}bucketPublicAccessBlock:BucketPublicAccessBlock", f"{LOGS}-closed").inputs
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert {name: closed[name] for name in switches} == dict.fromkeys(switches, True)
    kind = "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    (rule,) = made.find(f"{S3}{kind}", f"{LOGS}-encryption").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
    owner = made.find(f"{S3}bucketOwnershipControls:BucketOwnershipControls", f"{LOGS}-owner").inputs
    assert owner["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    other = deploy(root, section={"retention": 30})
    for stack, days in ((made, 90), (other, 30)):
        kind = "bucketLifecycleConfiguration:BucketLifecycleConfiguration"
        (rule,) = stack.find(f"{S3}{kind}", f"{LOGS}-lifecycle").inputs["rules"]
        assert (rule["status"], rule["expiration"]) == ("Enabled", {"days": days})
    for part in ("closed", "encryption", "owner", "lifecycle", "policy"):
        (found,) = [one for one in made.resources if one.name == f"{LOGS}-{part}"]
        assert found.inputs["bucket"] == f"{LOGS}-bucket-0123456"
    assert made.find(f"{S3}bucket:Bucket", f"{LOGS}-bucket").inputs["forceDestroy"] is True


def test_the_address_is_the_balancers(made: Recorder) -> None:
    assert made.exports["address"] == "fleet-balancer.eu-central-1.elb.amazonaws.com"
    assert made.exports["url"] == made.exports["urls"]["shop"] == "https://shop.example"
    assert made.exports["urls"]["blog"] == "https://www.blog.example"


def test_one_site_may_have_many_names(root: Path) -> None:
    made = deploy(root, make_site(hosts=[f"h{number}.example" for number in range(7)]))
    found = made.of_type("aws:lb/listenerRule:ListenerRule")
    sizes = [len(one.inputs["conditions"][0]["hostHeader"]["values"]) for one in found]
    assert sizes == [5, 2]

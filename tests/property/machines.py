"""Random valid settings of a VM on AWS."""

from typing import Any, Final

from hypothesis import strategies as st

from portico.config.settings.aws import RETENTION
from tests.config.aws_sample import AMI, KEY
from tests.property.simple_values import Strategy, Values

# Kinds that AWS's own list of them has: Graviton, Intel and AMD, on Nitro and not.
_KINDS: Final = ("t4g.small", "m7g.large", "t3.micro", "c6a.xlarge", "t2.small", "m5.large", "r6g.medium")
# Not GovCloud: moto has AWS's own policies for one partition.
_REGIONS: Final = ("eu-central-1", "us-west-2", "eu-west-1")
_NETWORKS: Final = ("203.0.113.0/24", "2001:db8::/32", "10.20.0.0/16", "198.51.100.7/32")


@st.composite
def machines(draw: st.DrawFn) -> Values:
    """{"section": `aws`, "data": whether the site has some, "stack": what else is set}."""
    given: dict[str, Strategy] = {
        "instanceType": st.sampled_from(_KINDS),
        "range": st.integers(0, 255).map(lambda number: f"10.{number}.0.0/16"),
        "disk": st.integers(8, 1024).map(lambda size: f"{size}G"),
        "swap": st.sampled_from(["512M", "1G", "4G"]),
        "dataDisk": st.integers(1, 1024).map(lambda size: f"{size}G"),
        "dataSnapshots": st.integers(1, 1000),
        "egress": st.lists(
            st.fixed_dictionaries(
                {
                    "name": st.from_regex("[a-z][a-z0-9-]{0,30}", fullmatch=True),
                    "port": st.integers(1, 65535),
                    "protocol": st.sampled_from(["tcp", "udp"]),
                    "network": st.sampled_from(_NETWORKS),
                }
            ).filter(lambda rule: rule["name"] not in ("http", "https")),
            max_size=4,
            # AWS takes each rule once.
            unique_by=(lambda rule: str(rule["name"]), lambda rule: int(rule["port"])),
        ),
        "retention": st.sampled_from(RETENTION),
        "readyTimeout": st.integers(60, 3600),
        "tags": st.dictionaries(
            st.from_regex("(?![Aa][Ww][Ss]:)[A-Z0-9 _.:/=+@-]{5,128}", fullmatch=True),
            st.from_regex("[A-Za-z0-9 _.:/=+@-]{0,256}", fullmatch=True),
            max_size=45,
        ),
    }
    section: dict[str, Any] = draw(st.fixed_dictionaries({}, optional=given))
    section |= {"region": draw(st.sampled_from(_REGIONS)), "ami": AMI, "keys": [KEY]}
    if draw(st.booleans()):
        section["zone"] = f"{section['region']}{draw(st.sampled_from('abc'))}"
    if draw(st.booleans()):
        section["alarmTopic"] = f"arn:aws:sns:{section['region']}:123456789012:alarms"
    if draw(st.booleans()):
        section |= {"access": "ssh", "sshFrom": [_NETWORKS[0], _NETWORKS[1]]}
    # A disk of data needs a VM of the Nitro kind, and its snapshots plainer tags.
    plain = not any(set(key) & set(" @") for key in section.get("tags", {}))
    fits = plain and section.get("instanceType", "") != "t2.small"
    data = fits and draw(st.booleans())
    stack: Values = {"protect": draw(st.booleans())}
    if draw(st.booleans()):
        kinds = draw(st.lists(st.sampled_from(["postgres", "valkey"]), min_size=1, max_size=4))
        stack["services"] = [
            {"name": f"service-{number}", "kind": kind, "managed": not fits or draw(st.booleans())}
            for number, kind in enumerate(kinds)
        ]
    if draw(st.booleans()):
        stack["tls"] = {"port": 443, "localAuthority": True}
    return {"section": section, "data": data, "stack": stack}

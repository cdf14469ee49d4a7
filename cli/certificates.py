"""The certificates that a stack has ordered, read from its containers."""

from docker.errors import DockerException

from portico.cli.deployed import Deployed
from portico.components.docker.certificate_report import ROLE, read_report
from portico.config.live.certificate import Certificate


def read_certificates(deployed: Deployed) -> dict[str, Certificate]:
    """Those of the stack's sites; none where none are ordered, or where nothing is known yet."""
    try:
        for one in deployed.list_containers(role=ROLE):
            return read_report(one) or {}
    except (DockerException, OSError):
        # The caller reports an engine that does not answer.
        pass
    return {}

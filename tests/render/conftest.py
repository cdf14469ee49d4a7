"""What the tests of the rendered files share."""

from collections.abc import Iterator

import pytest

from tests.docker.command import environment
from tests.docker.engine import HELLO, Deployment


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """One site with a secret, since releases are named by secrets too; nothing is up yet."""
    with pytest.MonkeyPatch.context() as patch, Deployment(tmp_path_factory.mktemp("deployment"), HELLO) as made:
        patch.setenv("PULUMI_CONFIG_PASSPHRASE", "test")
        # The scripts ask Pulumi which engine the stack is on.
        patch.setenv("PATH", environment()["PATH"])
        patch.setenv("PULUMI_HOME", environment()["PULUMI_HOME"])
        made.set_secret("hello", "KEY", "correct horse: battery staple")
        yield made


@pytest.fixture(scope="package")
def image(deployment: Deployment) -> str:
    """The application's image, with Gunicorn in it."""
    if not deployment.containers("gunicorn"):
        deployment.up()
    return str(deployment.containers("gunicorn")[0].attrs["Image"])

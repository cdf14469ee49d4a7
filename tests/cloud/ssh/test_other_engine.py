"""Another engine than that of DOCKER_HOST, named by the setting `docker`: it gets everything, builds included."""

import pytest

from tests.cloud.vm import Vm
from tests.docker.applications import small, write_offline, write_small
from tests.docker.ask import get
from tests.docker.conftest import make_folder
from tests.docker.engine import Deployment

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600), pytest.mark.extended]


def test_images_are_built_where_the_setting_docker_says(vm: Vm, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = make_folder(tmp_path_factory)
    with Deployment(folder, small("shop"), vm=vm, docker=vm.engine, address="0.0.0.0") as deployment:
        write_small(deployment, "shop")
        write_offline(deployment, "shop")
        deployment.up()
        assert get(deployment.port, "shop.localhost", "/whoami", address=vm.address).status == 200
        assert len(deployment.images()) == 1
        assert deployment.up().changes == 0

"""The deployment that tests share is put back in order between them."""

import copy

import pytest

from tests.docker.ask import get
from tests.docker.shared import Shared

pytestmark = [pytest.mark.docker, pytest.mark.extended]


def count_commands(deployment: Shared) -> int:
    return len(list((deployment.folder / "logs").iterdir()))


def test_what_a_test_has_left_is_taken_back_and_what_it_has_released_stays(two_sites: Shared) -> None:
    settings, requirements = copy.deepcopy(two_sites.settings), two_sites.source("hello") / "requirements.txt"
    good, template = requirements.read_text(), two_sites.folder / "config" / "templates" / "nginx" / "site.conf.j2"
    text = template.read_text()
    two_sites.edit("hello", "# a release")
    two_sites.up()
    release = two_sites.outputs()["releases"]["hello"]

    two_sites.configure(nginx={"keepalive": "33s"}, port=1)
    two_sites.write("hello", "requirements.txt", "flask-that-nobody-has\n")
    two_sites.write("guest", "web.py", "")
    template.write_text("nothing that NGINX knows")
    two_sites.containers("gunicorn", "hello")[0].remove(force=True)
    two_sites.restore()
    assert two_sites.settings == settings and requirements.read_text() == good and template.read_text() == text
    assert not two_sites.source("guest").exists()
    assert two_sites.present() == two_sites.wanted()
    assert get(two_sites.port, "localhost", "/whoami").json()["release"] == release

    before = count_commands(two_sites)
    two_sites.restore()
    assert count_commands(two_sites) == before, "it was in order, and was updated anyway"

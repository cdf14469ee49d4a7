"""Settings with mistakes are refused before anything is touched."""

import copy

import pytest

from tests.docker.ask import get
from tests.docker.engine import Deployment

pytestmark = pytest.mark.docker

SAID = [
    "5 mistakes in the settings; nothing was changed.",
    "replicaz: there is no such setting; did you mean replicas?",
    'nginx.keepalive: "65" is not a duration; write a whole number and a unit (ms, s, m or h), such as 30s',
    'sites[0].body: "5 Mb" is not a size; write a whole number and a unit (K, M or G), such as 5M',
    'sites[0].source: "sites/nowhere" is not a folder',
    'sites[1].hosts[0]: "localhost" is used at sites[0].hosts[0] already; a host name belongs to one site, once; '
    "give each site its own name, or a path of its own, such as path: /blog",
]


@pytest.mark.parametrize("command", ["up", "preview"])
def test_mistakes_are_reported_together_and_touch_nothing(two_sites: Deployment, command: str) -> None:
    ids, settings = two_sites.ids(), copy.deepcopy(two_sites.settings)
    # A new release, were the settings right: so what stays the same stays because of them.
    module = two_sites.source("hello") / "hello.py"
    source = module.read_text()
    try:
        two_sites.edit("hello", "# must not be released")
        two_sites.configure(replicaz=3, nginx={"keepalive": 65})
        two_sites.configure_site("hello", body="5 Mb", source="sites/nowhere")
        two_sites.configure_site("httpbin", hosts=["localhost"])
        result = two_sites.up(fails=True, door="make") if command == "up" else two_sites.preview(fails=True)
    finally:
        module.write_text(source)
        two_sites.settings = settings
        two_sites.configure()
    missing = [line for line in SAID if line not in result.output]
    assert not missing, f"not said: {missing}\n{result.tail()}"
    assert "Traceback" not in result.output
    assert 'File "' not in result.output
    assert two_sites.ids() == ids
    assert get(two_sites.port, "localhost").status == 200
    assert get(two_sites.port, "httpbin.localhost", "/uuid").status == 200

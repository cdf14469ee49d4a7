"""What is no configuration is in no file of it. What texts may do: tests/property/test_injection.py."""

from pathlib import Path

import pytest

from portico.config.render.nginx import render_gunicorn
from tests.config.sample import make_site, read_settings, render


@pytest.mark.parametrize("value", ['"""\nimport os', "\\", "'; x = 1", "{{ 1 }}", "$HOME", "a\nb"], ids=ascii)
def test_an_environments_value_is_in_no_rendered_file(root: Path, value: str) -> None:
    with_value = render(root, make_site(environment={"A": value})).files["nginx.conf"]
    assert with_value == render(root).files["nginx.conf"]
    checked = read_settings(root, make_site(environment={"A": value}))
    assert render_gunicorn(checked.sites[0]) == render_gunicorn(read_settings(root).sites[0])

"""make render says what `up` would warn of."""

from pathlib import Path

import pytest
import yaml

from tests.config.sample import SHOP, make_site, write_files
from tests.render import command


def test_what_does_not_do_what_it_says_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path / "shop", SHOP)
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    config = {"portico:sites": [make_site(environment={"A": "$HOME/x"})]}
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    assert command.render("dev", tmp_path / "out", root=tmp_path) == 0
    assert capsys.readouterr().err.startswith("warning: sites[0].environment.A: holds $HOME, and nothing puts a value")

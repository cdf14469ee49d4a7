"""AWS takes 50 tags of one thing, and 256 characters in each: more are refused before anything is made."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.checks import check_settings
from portico.config.settings import Mistakes
from tests.config.aws_sample import make_aws_values
from tests.config.aws_sample import make_section as make_aws
from tests.config.ecs_sample import make_ecs_values
from tests.config.ecs_sample import make_section as make_ecs
from tests.config.sample import SHOP, make_site, write_files


def read(root: Path, target: str, number: int, **site: Any) -> list[str]:
    write_files(root / "shop", SHOP)
    tags = {f"tag-{one}": "x" for one in range(number)}
    if target == "aws":
        values = make_aws_values(make_aws(tags=tags)) | {"sites": [make_site(**site)]}
    else:
        values = make_ecs_values(make_site(**site), section=make_ecs(tags=tags))
    try:
        check_settings(values, root)
    except Mistakes as found:
        return [str(one) for one in found.all]
    return []


@pytest.mark.parametrize("target", ["aws", "ecs"])
def test_as_many_tags_as_aws_takes(target: str, tmp_path: Path) -> None:
    assert read(tmp_path, target, 46) == []
    said = f"{target}.tags: are 47, and AWS takes 50 of one thing, Portico's own among them; write at most 46"
    assert read(tmp_path, target, 47) == [said]
    data = [{"name": "store", "path": "/var/lib/shop"}]
    assert read(tmp_path, target, 45, data=data) == []
    assert read(tmp_path, target, 46, data=data) == [said.replace("47", "46", 1).replace("most 46", "most 45")]


def test_what_makes_snapshots_takes_fewer_keys(tmp_path: Path) -> None:
    write_files(tmp_path / "shop", SHOP)
    section = make_aws(tags={"cost center": "7", "team": "a b@c"})
    data = [{"name": "store", "path": "/var/lib/shop"}]
    check_settings(make_aws_values(section), tmp_path)
    with pytest.raises(Mistakes) as found:
        check_settings(make_aws_values(section) | {"sites": [make_site(data=data)]}, tmp_path)
    assert [str(one) for one in found.value.all] == [
        'aws.tags: "cost center" is no key for what makes snapshots of data: it takes no space and no @; write another'
    ]


@pytest.mark.parametrize("target", ["aws", "ecs"])
def test_names_of_data_fit_into_their_tag(target: str, tmp_path: Path) -> None:
    data = [{"name": f"{letter * 31}", "path": f"/srv/{letter}"} for letter in "abcdefgh"]
    assert read(tmp_path, target, 0, data=data) == []
    (said,) = read(tmp_path, target, 0, data=[*data, {"name": "i", "path": "/srv/i"}])
    assert said.startswith("sites[0].data: have names of more than 256 characters together")

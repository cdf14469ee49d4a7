"""Regions: those are taken whose services have the names that Portico knows; botocore has the list of all."""

import pytest
from botocore.loaders import Loader
from pydantic import TypeAdapter, ValidationError

from portico.config.settings.cloud_text import Region
from portico.config.settings.region import find_partition

PARTITIONS = {one["partition"]: one for one in Loader().load_data("endpoints")["partitions"]}
KNOWN = ("aws", "aws-us-gov")


@pytest.mark.parametrize("partition", PARTITIONS)
def test_a_region_is_taken_with_its_partition_or_refused(partition: str) -> None:
    assert set(KNOWN) < PARTITIONS.keys()
    for region in PARTITIONS[partition]["regions"]:
        if partition in KNOWN:
            assert TypeAdapter(Region).validate_python(region) == region
            assert find_partition(region) == partition
            continue
        with pytest.raises(ValidationError, match="AWS's services have other names there, and Portico knows none"):
            TypeAdapter(Region).validate_python(region)

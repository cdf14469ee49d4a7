"""What an AWS region's name tells."""


def find_partition(region: str) -> str:
    """The part of AWS that the region is in, as names of resources (ARNs) begin."""
    kind = region.rsplit("-", 2)[0]
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(kind, "aws")

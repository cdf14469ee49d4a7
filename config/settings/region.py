"""What an AWS region's name tells."""


def find_partition(region: str) -> str:
    """The part of AWS that the region is in, as names of resources (ARNs) begin."""
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"

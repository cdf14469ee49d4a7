"""Checks that these credentials are for the account that the stack's record names."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from portico.components.aws.enclosure import NETWORK
from portico.components.previous_outputs import list_outputs


def require_account(resources: Mapping[str, Any], network: str, account: pulumi.ProviderResource) -> None:
    """Refuse, with pulumi.RunError, credentials of another account than the one that the stack is in.

    Nothing of the stack would be found there, so all of it would look lost and be made again. `resources` are those of
    the last update, and `network` is how names of the stack's network begin.
    """
    known = {str(one["ownerId"]) for one in list_outputs(resources, NETWORK, network) if one.get("ownerId")}
    if not known:
        return
    here = aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=account)).account_id
    if here not in known:
        raise pulumi.RunError(
            f"This stack is in the AWS account {', '.join(sorted(known))}, and these credentials are of {here}; "
            "nothing was changed. Name the other account's profile in AWS_PROFILE, and log in: aws sso login"
        )


def trust(service: str, parent: pulumi.Resource) -> str:
    """The policy of a role that this service of AWS takes on, on behalf of this account and of no other one."""
    number = aws.get_caller_identity(opts=pulumi.InvokeOptions(parent=parent)).account_id
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": f"{service}.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": number}},
                }
            ],
        }
    )

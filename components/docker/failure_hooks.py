"""Explains failures: one hook for everything that a component makes."""

import copy

import pulumi


def bind_hooks(
    opts: pulumi.ResourceOptions | None, hooks: pulumi.ResourceHookBinding | None
) -> pulumi.ResourceOptions | None:
    """Options of a component whose resources all have these `hooks`, besides their own."""
    if hooks is None:
        return opts

    def bind(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        # A component fails with what it is made of.
        if args.type_.startswith("portico:"):
            return None
        own = copy.copy(args.opts)
        own.hooks = pulumi.ResourceHookBinding.merge(own.hooks, hooks)
        return pulumi.ResourceTransformationResult(args.props, own)

    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transformations=[bind]))

"""Where Docker runs: each host yields a docker.Provider, the engine behind it, and an address.

Nobody outside this folder asks which host it is.
"""

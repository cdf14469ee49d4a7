"""Where Docker runs: each host yields a docker.Provider and an address."""

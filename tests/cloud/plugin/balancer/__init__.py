"""A small real load balancer: HTTP/1.1 in, HTTP/1.1 out, as an Application Load Balancer does it."""

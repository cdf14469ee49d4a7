"""By what the containers of services are known on an engine."""

# The role of the server, and that of what comes to an end before and after it begins.
ROLE, STEP = "service", "service-step"
# By this label it is known which service a container is of, and by the next one of what kind.
NAME, KIND = "portico.service", "portico.kind"

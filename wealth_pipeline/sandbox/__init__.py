"""A local IBKR: the Flex Web Service over HTTP on loopback, serving the statements of a simulated household."""

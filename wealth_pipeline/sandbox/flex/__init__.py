"""The Flex Web Service over HTTP, and its faults."""

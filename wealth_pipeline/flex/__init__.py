"""The Flex Web Service and its statement: asking, polling, reading the XML."""

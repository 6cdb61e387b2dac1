"""The assets: of each connection to the Flex Web Service, and of the Client Portal Gateway."""

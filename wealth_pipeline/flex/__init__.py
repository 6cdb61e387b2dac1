"""The Flex Web Service: its client, its errors, and the ledger of requests."""

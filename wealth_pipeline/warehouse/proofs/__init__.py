"""The proofs of the NAV: one list of them, and one .sql file each."""

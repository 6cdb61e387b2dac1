-- The name that goes with `cash_latest`.
-- In: cash_balances_versions (every column).
-- Out: the columns of cash_balances but known_since, and known_from, known_to, content.

FROM cash_balances_versions

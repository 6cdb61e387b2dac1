-- What the last load went by.
-- Columns: accounts_digest (of accounts.toml), newest (the newest day of the net worth).
SELECT (SELECT accounts_digest FROM warehouse_info) AS accounts_digest, max(report_date) AS newest FROM net_worth

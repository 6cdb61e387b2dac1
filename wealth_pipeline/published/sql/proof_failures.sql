-- The days on which a proof failed, newest first, with its figures.
-- Parameters: accounts, check_name, most (rows).
-- Columns: account_id, report_date, expected, actual, difference, tolerance, currency, reason.
-- Why: the cash flows are proved in each currency, and the cost in the position's or in base: the reason names it.
SELECT account_id, report_date, expected, actual, difference, tolerance,
    CASE
        WHEN check_name = 'lots' THEN 'the position''s'
        WHEN regexp_matches(reason, '^currency [A-Z]{3}$') THEN reason[10:]
        WHEN check_name = 'cost' THEN regexp_extract(reason, ' in ([^ ;]+)', 1)
        ELSE base_currency
    END AS currency,
    reason
FROM reconciliation LEFT JOIN accounts USING (account_id)
WHERE check_name = $check_name AND status = 'failed' AND account_id IN (SELECT unnest($accounts))
ORDER BY report_date DESC, account_id
LIMIT $most

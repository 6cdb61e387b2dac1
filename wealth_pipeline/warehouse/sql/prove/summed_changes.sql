-- What the Change in NAV says of the shortest period that ends on a day to prove.
-- In: nav_changes, days_to_prove.
-- Out: account_id, report_date, from_date, starting, ending, parts (the sum of what changed), terms, decimals,
--     both_ways (its market result is stated in both of its forms), known_since, unticked (the fields that the query
--     lacks: what they would add is unknown).
CREATE OR REPLACE TEMP VIEW summed_changes AS
WITH period AS (
    SELECT account_id, to_date AS report_date, max(from_date) AS from_date FROM nav_changes c
    SEMI JOIN days_to_prove t ON t.account_id = c.account_id AND t.report_date = c.to_date GROUP BY ALL
)
SELECT p.account_id, p.report_date, p.from_date,
    max(amount) FILTER (component = 'startingValue') AS starting,
    max(amount) FILTER (component = 'endingValue') AS ending,
    coalesce(sum(amount) FILTER (component NOT IN ('startingValue', 'endingValue', 'twr')), 0) AS parts,
    count(*) AS terms, max(decimals_of(amount)) FILTER (component <> 'twr') AS decimals,
    bool_or(component = 'mtm' AND amount <> 0)
        AND bool_or(component IN ('realized', 'changeInUnrealized') AND amount <> 0) AS both_ways,
    max(known_since) AS known_since,
    list_filter_out(['depositsWithdrawals', 'dividends', 'withholdingTax', 'interest', 'commissions', 'otherFees',
        'changeInDividendAccruals', 'changeInInterestAccruals'], list(component))
        || CASE WHEN bool_or(component = 'mtm') THEN []
                WHEN bool_or(component IN ('realized', 'changeInUnrealized'))
                THEN list_filter_out(['realized', 'changeInUnrealized'], list(component))
                ELSE ['mtm'] END AS unticked
FROM period p JOIN nav_changes c ON c.account_id = p.account_id AND c.to_date = p.report_date
    AND c.from_date = p.from_date
GROUP BY ALL;

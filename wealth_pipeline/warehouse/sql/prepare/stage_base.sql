-- The accounts of each FlexStatement (its own, and others whose rows it holds) with their base currency: stated by
-- AccountInformation, else by the NAV rows, else the currency that IBKR's conversion rates lead to.
-- In: stage_statement, stage_account_information and the stages of NAV, positions, cash and conversion rates.
-- Out: stage_base: ordinal, account_id, base_currency; dropped.
CREATE OR REPLACE TEMP TABLE stage_base AS
WITH members AS (
    SELECT ordinal, account_id FROM stage_statement
    UNION SELECT ordinal, account_id FROM stage_equity_summary_by_report_date_in_base
    UNION SELECT ordinal, account_id FROM stage_open_position
    UNION SELECT ordinal, account_id FROM stage_cash_report_currency
)
SELECT m.ordinal, m.account_id,
    coalesce(a.currency, n.currency, CASE WHEN m.account_id = f.account_id THEN r.currency END) AS base_currency
FROM members m JOIN stage_statement f ON f.ordinal = m.ordinal
LEFT JOIN (SELECT ordinal, account_id, max(base_currency) AS currency FROM stage_account_information GROUP BY ALL) a
    ON a.ordinal = m.ordinal AND a.account_id = m.account_id
LEFT JOIN (SELECT ordinal, account_id, max(base_currency) AS currency
    FROM stage_equity_summary_by_report_date_in_base GROUP BY ALL) n
    ON n.ordinal = m.ordinal AND n.account_id = m.account_id
LEFT JOIN (SELECT ordinal, max(to_currency) AS currency FROM stage_conversion_rate GROUP BY ALL) r
    ON r.ordinal = m.ordinal
WHERE m.account_id <> '-';

-- Which of two is right cannot be known (it may have changed within the period); the figures of a NAV row are in its
-- own.
INSERT INTO dropped
    SELECT 'base_currency_differs', 'EquitySummaryByReportDateInBase.currency',
        count(DISTINCT (n.account_id, n.report_date))
    FROM stage_equity_summary_by_report_date_in_base n JOIN stage_base b USING (ordinal, account_id)
    WHERE n.base_currency <> b.base_currency HAVING count(*) > 0;

-- What the Change in NAV and the Cash Report of the shortest period that ends on a day say of income and of the tax
-- withheld from it. IBKR: the Change in NAV has payments in lieu among its dividends, the Cash Report apart.
-- In: income_days, nav_changes, cash_flows, statement_accounts.
-- Out: account_id, report_date, from_date, source, currency (base: the account's), component, amount, known_since,
--     has_rows (the FlexStatement that states it has Cash Transactions).
CREATE OR REPLACE TEMP TABLE stated_income AS
WITH stated AS (
    SELECT account_id, to_date AS report_date, from_date, 'Change in NAV' AS source, 'base' AS currency, component,
        amount, known_since, statement_sha256
    FROM nav_changes
    UNION ALL
    SELECT account_id, to_date, from_date, 'Cash Report',
        CASE currency WHEN 'BASE_SUMMARY' THEN 'base' ELSE currency END, component, amount, known_since,
        statement_sha256
    FROM cash_flows
),
shortest AS (
    FROM stated SEMI JOIN income_days USING (account_id, report_date)
    WHERE income_kind(component) IS NOT NULL OR component IN ('withholdingTaxCollected', 'withholdingCollectedTax')
    QUALIFY from_date = max(from_date) OVER (PARTITION BY account_id, report_date, source)
)
SELECT s.* EXCLUDE (statement_sha256), f.sha256 IS NOT NULL AS has_rows
FROM shortest s LEFT JOIN (
    SELECT DISTINCT sha256, account_id, from_date, to_date AS report_date FROM statement_accounts
    WHERE list_contains(sections, 'CashTransactions')
) f ON f.sha256 = s.statement_sha256 AND f.account_id = s.account_id AND f.from_date = s.from_date
    AND f.report_date = s.report_date;

-- All flows that Cash Transactions and Transfers state of the accounts, in base currency, on the first NAV on or after
-- their report date. A foreign amount is converted at the row's own rate, else at the day's closing rate; without
-- either it is unknown. So is what was moved where no value is stated, or 0 for some quantity; and whether a cash
-- transaction of an unknown type is a flow.
-- In: return_days, cash_transactions, cash_types, transfers, fx_rates, bases, nav.
-- Out: account_id, report_date (of the NAV), booked (their own), kind, amount_base (NULL: no rate or value), source,
--     counterparty_account, statement_sha256, row_id.
CREATE OR REPLACE TEMP TABLE event_flows AS
WITH stated AS (
    SELECT account_id, report_date AS booked,
        CASE WHEN k.kind = 'deposit' AND amount < 0 THEN 'withdrawal' ELSE coalesce(k.kind, 'other') END AS kind,
        currency, fx_rate_to_base AS rate, CASE WHEN k.type IS NOT NULL THEN amount END AS amount,
        CAST(NULL AS DECIMAL(28,12)) AS in_base_stated, 'cash_transactions' AS source,
        CAST(NULL AS VARCHAR) AS counterparty_account, statement_sha256, row_id
    FROM cash_transactions c LEFT JOIN cash_types k USING (type)
    WHERE amount <> 0 AND (k.kind IS NOT NULL OR k.type IS NULL)
    UNION ALL
    SELECT account_id, report_date, 'internal_transfer', currency, fx_rate_to_base, cash_transfer, NULL, 'transfers',
        counterparty_account, statement_sha256, row_id
    FROM transfers WHERE cash_transfer <> 0
    UNION ALL
    SELECT account_id, report_date, 'asset_transfer', currency, fx_rate_to_base,
        nullif(CASE direction WHEN 'OUT' THEN -abs(position_amount) ELSE position_amount END, 0),
        nullif(CASE direction WHEN 'OUT' THEN -abs(position_amount_base) ELSE position_amount_base END, 0), 'transfers',
        counterparty_account, statement_sha256, row_id
    FROM transfers WHERE position_amount <> 0 OR position_amount_base <> 0 OR coalesce(cash_transfer, 0) = 0
        AND CASE WHEN asset_class = 'CASH' THEN cash_transfer IS NULL OR quantity <> 0
            ELSE quantity IS DISTINCT FROM 0 END
)
SELECT e.account_id, n.report_date, e.booked, e.kind,
    coalesce(in_base_stated, in_base(amount, coalesce(e.rate, CASE WHEN e.currency = b.base_currency
        THEN CAST(1 AS DECIMAL(18,10)) END, r.rate))) AS amount_base,
    e.source, e.counterparty_account, e.statement_sha256, e.row_id
FROM (FROM stated SEMI JOIN return_days USING (account_id)) e
JOIN bases b ON b.account_id = e.account_id
LEFT JOIN fx_rates r ON r.report_date = e.booked AND r.from_currency = e.currency AND r.to_currency = b.base_currency
ASOF JOIN (SELECT account_id, report_date FROM nav) n ON n.account_id = e.account_id AND n.report_date >= e.booked;

-- The transfers of members, each on the NAV on which it counts, with the account on its other side. One that does not
-- name it is taken for that of the nearest with the opposite amount within five weekdays. Six weeks about the days that
-- are made: what a pair depends on lies nearer (household_matches).
-- In: household_span, household_now, household_firsts, transfers, nav, returns_daily, fx_rates.
-- Out: account_id, report_date, row_id, kind, currency, amount, amount_base (NULL: no rate), partner (NULL: it is not
--     named), awaited (the partner is a member, or may be one).
CREATE OR REPLACE TEMP TABLE household_sides AS
WITH stated AS (
    SELECT t.account_id, t.report_date, t.row_id, t.currency, t.type, nullif(trim(t.counterparty_account), '') AS named,
        CASE WHEN t.cash_transfer <> 0 THEN 'internal_transfer' ELSE 'asset_transfer' END AS kind,
        CASE WHEN t.cash_transfer <> 0 THEN t.cash_transfer WHEN t.direction = 'OUT' THEN -abs(t.position_amount)
            ELSE t.position_amount END AS amount,
        CASE WHEN t.cash_transfer <> 0 THEN NULL WHEN t.direction = 'OUT' THEN -abs(t.position_amount_base)
            ELSE t.position_amount_base END AS in_base_stated,
        coalesce(t.fx_rate_to_base,
            CASE WHEN t.currency = m.base_currency THEN CAST(1 AS DECIMAL(18,10)) END, r.rate) AS rate
    FROM transfers t JOIN household_span s ON t.report_date BETWEEN s.first - 42 AND s.last + 42
    JOIN household_now m ON m.account_id = t.account_id
    LEFT JOIN fx_rates r
        ON r.report_date = t.report_date AND r.from_currency = t.currency AND r.to_currency = m.base_currency
    WHERE t.cash_transfer <> 0 OR coalesce(t.position_amount, 0) <> 0
),
-- On the day on which its account joins, on days with a NAV of 0 before and after, and outside its life nothing counts.
counted AS (
    SELECT e.account_id, n.report_date, e.row_id, e.kind, e.currency, e.type, e.amount, e.named,
        coalesce(e.in_base_stated, in_base(e.amount, e.rate)) AS amount_base
    FROM stated e ASOF JOIN (
        SELECT n.account_id, n.report_date FROM nav n
        JOIN household_span s ON n.report_date BETWEEN s.first - 42 AND s.last + 56
    ) n ON n.account_id = e.account_id AND n.report_date >= e.report_date
    JOIN household_now m ON m.account_id = n.account_id
        AND n.report_date BETWEEN m.begins AND coalesce(m.ended, n.report_date)
    JOIN returns_daily r ON r.account_id = n.account_id AND r.report_date = n.report_date
    LEFT JOIN household_firsts f ON f.account_id = n.account_id AND f.report_date = n.report_date
    WHERE f.mode IS DISTINCT FROM 'joined' AND NOT (coalesce(r.start_value, f.inherited, 0) = 0 AND r.end_value = 0)
),
found AS (
    SELECT c.account_id, c.row_id,
        arg_min(o.account_id, (abs(weekday_number(o.report_date) - weekday_number(c.report_date)), o.account_id))
            AS other
    FROM counted c JOIN counted o ON o.account_id <> c.account_id AND o.currency = c.currency AND o.kind = c.kind
        AND o.amount = -c.amount AND coalesce(o.named, c.account_id) = c.account_id
        AND abs(weekday_number(o.report_date) - weekday_number(c.report_date)) <= 5
    WHERE c.named IS NULL AND coalesce(c.type, 'INTERNAL') = 'INTERNAL' GROUP BY ALL
)
SELECT c.* EXCLUDE (named, type), coalesce(c.named, f.other) AS partner,
    CASE WHEN c.named IS NULL THEN f.other IS NOT NULL OR c.type = 'INTERNAL'
            OR (c.type IS NULL AND c.kind = 'internal_transfer')
        ELSE c.named <> c.account_id AND m.account_id IS NOT NULL END AS awaited
FROM counted c LEFT JOIN found f USING (account_id, row_id) LEFT JOIN household_now m ON m.account_id = c.named;

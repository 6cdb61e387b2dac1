-- What is expected: an estimate. Each payment of the last 12 months a year later, times what is held today for what was
-- held then; no bonus, and nothing that is declared or paid again (its ex-date, else its pay date, within 20 days).
-- In: the macros income_booked and income_declared, positions_versions, versions, nav_history, fx_rates.
-- Out: as income_declared; report_date is the account's newest day. Amounts are rounded to cents; NULL where what was
--     held then is not known.
CREATE MACRO income_expected() AS TABLE
WITH days AS (
    SELECT account_id, max(report_date) AS today, arg_max(base_currency, report_date) AS base_currency
    FROM nav_history GROUP BY ALL
),
held AS (
    SELECT account_id, report_date, conid, sum(quantity) AS quantity
    FROM positions_versions JOIN days USING (account_id)
    WHERE known_to IS NULL AND conid IN (SELECT conid FROM income_booked()) AND report_date > today - 550 GROUP BY ALL
),
holding AS (
    SELECT account_id, conid, quantity FROM held JOIN (
        SELECT account_id, max(report_date) AS report_date FROM versions WHERE family = 'positions' GROUP BY ALL
    ) USING (account_id, report_date) WHERE quantity > 0
),
paid AS (
    SELECT b.account_id, b.conid, max(b.symbol) AS symbol, b.currency, b.paid_on, max(b.ex_date) AS ex_date,
        sum(b.amount) FILTER (b.regular) AS gross, coalesce(sum(b.amount) FILTER (b.kind = 'tax'), 0)
            / nullif(sum(b.amount) FILTER (b.kind = 'income'), 0) AS taxed,
        arg_max(b.quantity, (b.report_date, b.amount, b.quantity)) FILTER (b.regular AND b.amount > 0) AS held
    FROM (SELECT *, kind = 'income' AND NOT bonus AS regular FROM income_booked()) b JOIN days USING (account_id)
    WHERE b.conid IS NOT NULL AND b.paid_on > CAST(today - INTERVAL 1 YEAR AS DATE)
    GROUP BY b.account_id, b.conid, b.currency, b.paid_on HAVING gross > 0
),
again AS (
    SELECT p.* REPLACE (CAST(p.ex_date + INTERVAL 1 YEAR AS DATE) AS ex_date), n.today, n.base_currency,
        CAST(p.paid_on + INTERVAL 1 YEAR AS DATE) AS pay_date, h.quantity AS held_now,
        nullif(greatest(coalesce(p.held, t.quantity), 0), 0) AS held_then
    FROM paid p JOIN days n USING (account_id) JOIN holding h USING (account_id, conid)
    ASOF LEFT JOIN held t ON t.account_id = p.account_id AND t.conid = p.conid
        AND t.report_date < coalesce(p.ex_date, p.paid_on)
),
known AS (
    SELECT account_id, conid, ex_date, pay_date FROM income_declared()
    UNION ALL SELECT account_id, conid, ex_date, paid_on FROM paid
),
amounts AS (
    SELECT *, TRY_CAST(round(gross * (held_now / held_then), 2) AS DECIMAL(28,12)) AS amount,
        TRY_CAST(round(amount * taxed, 2) AS DECIMAL(28,12)) AS tax
    FROM again e WHERE pay_date > today AND NOT EXISTS (FROM known k WHERE k.account_id = e.account_id
        AND k.conid = e.conid AND abs(coalesce(k.ex_date - e.ex_date, k.pay_date - e.pay_date)) <= 20)
)
SELECT a.account_id, a.conid, a.symbol, a.currency, a.pay_date, a.ex_date, a.today AS report_date, a.amount AS gross,
    a.tax, a.amount + a.tax AS net, TRY(in_base(a.amount, f.rate)) AS gross_base,
    TRY(in_base(a.tax, f.rate)) AS tax_base, TRY(in_base(a.amount + a.tax, f.rate)) AS net_base
FROM amounts a LEFT JOIN (
    SELECT report_date, from_currency, to_currency, rate FROM fx_rates
    UNION ALL SELECT today, base_currency, base_currency, 1 FROM (SELECT DISTINCT today, base_currency FROM days)
) f ON f.report_date = a.today AND f.from_currency = a.currency AND f.to_currency = a.base_currency;

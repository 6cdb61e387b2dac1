-- The bookings of income and of the tax withheld from it, with the day each was paid on and the terms of its dividend.
-- IBKR: a reversal or a rebooking has the time of the payment that it corrects, and a report date of its own.
-- In: cash_transactions, dividend_accruals_versions.
-- Out: account_id, conid, symbol (else the ISIN), currency, paid_on, ex_date, quantity (entitled), report_date (the day
--     it counts for), kind (income, tax), amount, amount_base, bonus (a special dividend, as IBKR calls it).
CREATE MACRO income_booked() AS TABLE
WITH booked AS (
    SELECT account_id, conid, coalesce(symbol, isin) AS symbol, currency, event_date AS report_date, amount,
        amount_base, income_kind(income_component(type)) AS kind, ex_date, description,
        coalesce(CAST(date_time - INTERVAL 4 HOUR AS DATE), settle_date, event_date) AS paid_on
    FROM cash_transactions WHERE income_component(type) IS NOT NULL
),
terms AS (
    SELECT account_id, conid, currency, pay_date, max(ex_date) AS ex_date,
        arg_max(quantity, (report_date, quantity)) AS quantity
    FROM dividend_accruals_versions WHERE known_to IS NULL AND conid IS NOT NULL GROUP BY ALL
)
SELECT b.account_id, b.conid, b.symbol, b.currency, b.paid_on, coalesce(b.ex_date, t.ex_date) AS ex_date,
    -- IBKR: the description of a dividend says its rate, as in USD 0.24 PER SHARE.
    coalesce(t.quantity, TRY_CAST(b.amount AS DOUBLE) / nullif(TRY_CAST(
        regexp_extract(b.description, b.currency || ' ([0-9.]+) PER SHARE', 1) AS DOUBLE), 0)) AS quantity,
    b.report_date, b.kind, b.amount, b.amount_base, coalesce(b.description ILIKE '%bonus dividend%', false) AS bonus
FROM booked b LEFT JOIN terms t ON t.account_id = b.account_id AND t.conid = b.conid AND t.currency = b.currency
    AND t.pay_date = b.paid_on;

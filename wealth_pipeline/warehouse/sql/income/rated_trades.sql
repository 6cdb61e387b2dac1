-- The trades whose amounts in base currency are others than what is stored, as for cash transactions. IBKR: a
-- commission may be in another currency than its trade, whose rate is then not the commission's.
-- In: trades, fx_rates, bases, rebased, rate_changes. Out: the stored amounts of trades in base currency.
CREATE OR REPLACE TEMP TABLE rated_trades AS
SELECT t.id, coalesce(t.fx_rate_to_base, CASE WHEN t.currency = b.base_currency THEN CAST(1 AS DECIMAL(18,10)) END,
        r.rate) AS own_rate,
    TRY(in_base(t.proceeds, own_rate)) AS new_proceeds, TRY(in_base(t.taxes, own_rate)) AS new_taxes,
    TRY(in_base(t.commission, CASE WHEN t.commission_currency = t.currency THEN own_rate
        WHEN t.commission_currency = b.base_currency THEN CAST(1 AS DECIMAL(18,10)) ELSE k.rate END)) AS new_commission
FROM (
    SELECT * REPLACE (coalesce(commission_currency, currency) AS commission_currency), rowid AS id FROM trades
    WHERE proceeds_base IS NULL OR commission_base IS NULL OR taxes_base IS NULL
        OR (fx_rate_to_base IS NULL OR commission_currency <> currency) AND (account_id IN (FROM rebased)
            OR (event_date, currency) IN (SELECT (report_date, from_currency) FROM rate_changes)
            OR (event_date, commission_currency) IN (SELECT (report_date, from_currency) FROM rate_changes))
) t
LEFT JOIN bases b USING (account_id)
LEFT JOIN fx_rates r
    ON r.report_date = t.event_date AND r.from_currency = t.currency AND r.to_currency = b.base_currency
LEFT JOIN fx_rates k
    ON k.report_date = t.event_date AND k.from_currency = t.commission_currency AND k.to_currency = b.base_currency
WHERE new_proceeds IS DISTINCT FROM t.proceeds_base OR new_commission IS DISTINCT FROM t.commission_base
    OR new_taxes IS DISTINCT FROM t.taxes_base;
UPDATE trades t SET proceeds_base = r.new_proceeds, commission_base = r.new_commission, taxes_base = r.new_taxes
FROM rated_trades r WHERE t.rowid = r.id;

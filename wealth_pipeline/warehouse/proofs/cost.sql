-- Value less cost basis is the unrealised result, in the currency that the statement's rows show together (cost_rows).
-- One that misses its statement's form fails; bonds, CFDs and futures may follow another rule.
-- In: days_to_prove, positions_to_prove, cost_rows, bases, last_seen, unready.
-- Out: the columns of a proof (proofs.py), of the position that differs most.
WITH compared AS (
    SELECT c.account_id, c.report_date, c.cost_currency, coalesce(c.symbol, '(no symbol)') AS symbol,
        c.cost_and_result AS actual, c.fx_rate_to_base <> 1 AS abroad,
        CASE WHEN c.cost_currency = 'base' THEN c.value_base ELSE c.position_value END AS expected,
        CASE WHEN c.cost_currency = 'base' THEN c.base_tolerance ELSE c.position_tolerance END AS tolerance,
        CASE WHEN c.cost_currency = 'base' THEN c.fits_base ELSE c.fits_position END AS fits,
        CASE WHEN c.cost_currency = 'base' THEN coalesce(a.base_currency, 'base currency') ELSE c.currency END
            AS currency,
        CASE WHEN c.cost_currency = 'base' AND c.stated_value_base IS NULL THEN c.rate_reason END AS unproved_reason,
        of_its_own_rule(c.asset_class) AS own_rule
    FROM cost_rows('positions_to_prove') c LEFT JOIN bases a USING (account_id)
),
days AS (
    SELECT account_id, report_date, any_value(cost_currency) AS form, count(*) AS positions, count(actual) AS stated,
        count(fits) AS comparable,
        named(list(DISTINCT symbol) FILTER (actual IS NOT NULL AND coalesce(abroad, true))) AS foreigners,
        named(list(DISTINCT symbol) FILTER (NOT fits AND own_rule)) AS own_rule
    FROM compared GROUP BY ALL
),
worst AS (
    SELECT *, NOT fits AND NOT own_rule AS wrong FROM compared WHERE fits IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY account_id, report_date ORDER BY wrong AND unproved_reason IS NULL DESC,
        wrong DESC, fits DESC, CAST(abs(expected - actual) AS DOUBLE) - tolerance DESC, symbol) = 1
)
SELECT t.account_id, t.report_date, w.expected, w.actual, CAST(w.tolerance AS DECIMAL(38,12)) AS tolerance,
    CASE WHEN l.seen IS NULL THEN 'no positions for this day: not broken out by day, or no Open Positions in the query'
         WHEN d.account_id IS NULL THEN 'no positions'
         WHEN d.stated = 0 AND y.reason IS NOT NULL THEN y.reason
         WHEN d.stated = 0 THEN 'no position states its cost basis and unrealised result'
         WHEN d.form IS NULL AND d.foreigners IS NULL
             THEN 'every rate is 1, so that nothing tells the currency of the cost, and nothing depends on it'
         WHEN d.form IS NULL THEN 'nothing tells the currency of the cost of ' || d.foreigners
         WHEN w.wrong THEN w.unproved_reason END AS not_evaluable_reason,
    nullif(concat_ws('; ', CASE WHEN w.wrong THEN w.symbol || ' in ' || w.currency END,
        CASE WHEN d.comparable < d.positions THEN d.positions - d.comparable || ' of ' || d.positions
            || ' positions lack value, cost basis or unrealised result' END,
        'by another rule: ' || d.own_rule), '') AS reason
FROM days_to_prove t LEFT JOIN (FROM last_seen WHERE family = 'positions') l USING (account_id, report_date)
LEFT JOIN days d USING (account_id, report_date) LEFT JOIN worst w USING (account_id, report_date)
LEFT JOIN unready y USING (account_id, report_date)

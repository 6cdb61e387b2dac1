-- Open dividend accruals, net, in base currency, are the NAV's dividend accruals.
-- In: days_to_prove, nav_to_prove, dividend_accruals, bases, fx_rates, older_rates, last_seen, newest_aside, fineness.
-- Out: the columns of a proof (proofs.py).
WITH rated AS (
    SELECT d.account_id, d.report_date, d.symbol, d.net_amount, o.reason AS rate_reason,
        -- A product that is too large costs this proof, not the file.
        TRY(in_base(d.net_amount, coalesce(d.fx_rate_to_base,
            CASE WHEN d.currency = d.base_currency THEN CAST(1 AS DECIMAL(18,10))
                 WHEN r.report_date >= d.report_date - 5 THEN r.rate END))) AS amount
    FROM (
        SELECT d.*, a.base_currency FROM dividend_accruals d SEMI JOIN days_to_prove USING (account_id, report_date)
        LEFT JOIN bases a USING (account_id)
    ) d
    ASOF LEFT JOIN fx_rates r
        ON r.from_currency = d.currency AND r.to_currency = d.base_currency AND r.report_date <= d.report_date
    LEFT JOIN older_rates o ON o.account_id = d.account_id AND o.report_date = d.report_date
        AND o.currency = d.currency AND d.fx_rate_to_base IS NULL
),
summed AS (
    SELECT account_id, report_date, sum(amount) AS actual, count(*) AS terms, max(decimals_of(amount)) AS decimals,
        named(list(DISTINCT rate_reason) FILTER (rate_reason IS NOT NULL)) AS rate_reason,
        concat_ws(', ', 'no net amount for '
                || named(list(DISTINCT coalesce(symbol, '(no symbol)')) FILTER (net_amount IS NULL)),
            'no rate in base currency for ' || named(list(DISTINCT coalesce(symbol, '(no symbol)'))
                FILTER (net_amount IS NOT NULL AND amount IS NULL))) AS unclear_reason
    FROM rated GROUP BY ALL
),
compared AS (
    SELECT t.account_id, t.report_date, n.account_id IS NULL AS no_nav, n.dividend_accruals AS expected,
        coalesce(s.actual, 0) AS actual, s.unclear_reason, s.rate_reason, l.seen, n.known_since > l.seen AS older,
        CASE WHEN x.seen >= l.seen THEN x.reason END AS aside_reason,
        unit_of(greatest(coalesce(s.decimals, 0), f.finest)) * (coalesce(s.terms, 0) + 1) AS tolerance
    FROM days_to_prove t LEFT JOIN nav_to_prove n USING (account_id, report_date)
    LEFT JOIN (FROM last_seen WHERE family = 'dividends') l USING (account_id, report_date)
    LEFT JOIN (FROM newest_aside WHERE element = 'OpenDividendAccrual') x USING (account_id, report_date)
    LEFT JOIN summed s USING (account_id, report_date) LEFT JOIN fineness f USING (account_id, report_date)
)
SELECT account_id, report_date, expected, actual, tolerance,
    CASE WHEN no_nav THEN 'no NAV row for this day'
         WHEN seen IS NULL THEN 'no Open Dividend Accruals for this day: not broken out by day, or not in the query'
         WHEN aside_reason IS NOT NULL THEN aside_reason
         WHEN expected IS NULL THEN 'the NAV row has no dividend accruals'
         WHEN unclear_reason <> '' THEN unclear_reason
         WHEN abs(expected - actual) > tolerance AND older
             THEN 'the dividend accruals are known only from an older statement than the NAV'
         WHEN abs(expected - actual) > tolerance THEN rate_reason END AS not_evaluable_reason,
    CAST(NULL AS VARCHAR) AS reason
FROM compared

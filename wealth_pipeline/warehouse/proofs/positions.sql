-- What the positions add to the NAV, class by class, is the class's column.
-- In: days_to_prove, nav_to_prove, components_to_prove, held_positions, asset_classes, last_seen, unready, fineness.
-- Out: the columns of a proof (proofs.py); expected and actual are those of the class that differs most, else the sums.
WITH held AS (FROM held_positions),
unclear AS (
    SELECT account_id, report_date, concat_ws(', ',
        'unknown asset category ' || named(list(DISTINCT coalesce(asset_class, '(none)')) FILTER (unknown_class)),
        'no currency is stated for '
            || named(list(DISTINCT coalesce(symbol, '(no symbol)')) FILTER (NOT unknown_class AND no_currency)),
        'no value or no rate in base currency for '
            || named(list(DISTINCT coalesce(symbol, '(no symbol)')) FILTER (NOT unknown_class AND NOT no_currency))
        ) AS reason
    FROM held WHERE nav_value_base IS NULL GROUP BY ALL
),
actual AS (
    SELECT account_id, report_date, component, sum(nav_value_base) AS actual, count(*) AS terms,
        max(decimals_of(nav_value_base)) AS decimals,
        named(list(DISTINCT rate_reason) FILTER (rate_reason IS NOT NULL)) AS rate_reason
    FROM held WHERE counts <> 'nothing' GROUP BY ALL
),
expected AS (
    SELECT account_id, report_date, component, amount AS expected
    FROM components_to_prove WHERE component IN (SELECT component FROM asset_classes)
),
classes AS (
    SELECT account_id, report_date, component, expected, coalesce(actual, 0) AS actual,
        unit_of(greatest(coalesce(a.decimals, 0), coalesce(f.finest, 0))) * (coalesce(terms, 0) + 1) AS tolerance,
        rate_reason
    FROM expected e FULL JOIN actual a USING (account_id, report_date, component)
    LEFT JOIN fineness f USING (account_id, report_date)
),
days AS (
    SELECT account_id, report_date,
        first(component ORDER BY rate_reason IS NOT NULL, abs(expected - actual) - tolerance DESC)
            FILTER (abs(expected - actual) > tolerance) AS wrong,
        string_agg(component, ', ' ORDER BY component) FILTER (expected IS NULL) AS lacking,
        sum(expected) AS expected, sum(actual) AS actual, max(tolerance) AS tolerance
    FROM classes GROUP BY ALL
)
SELECT t.account_id, t.report_date, coalesce(c.expected, d.expected) AS expected,
    coalesce(c.actual, d.actual) AS actual, coalesce(c.tolerance, d.tolerance) AS tolerance,
    CASE WHEN n.account_id IS NULL THEN 'no NAV row for this day'
         WHEN l.seen IS NULL THEN 'no positions for this day: not broken out by day, or no Open Positions in the query'
         WHEN u.reason IS NOT NULL THEN concat(u.reason, ': ' || y.reason)
         WHEN d.lacking IS NOT NULL THEN 'the NAV row lacks ' || d.lacking
         WHEN d.account_id IS NULL THEN 'the NAV row has no class of positions'
         WHEN d.wrong IS NOT NULL AND n.known_since > l.seen
             THEN 'the positions are known only from an older statement than the NAV'
         WHEN d.wrong IS NOT NULL THEN c.rate_reason END AS not_evaluable_reason,
    'class ' || d.wrong AS reason
FROM days_to_prove t
LEFT JOIN nav_to_prove n USING (account_id, report_date)
LEFT JOIN (FROM last_seen WHERE family = 'positions') l USING (account_id, report_date)
LEFT JOIN unclear u USING (account_id, report_date)
LEFT JOIN unready y USING (account_id, report_date)
LEFT JOIN days d USING (account_id, report_date)
LEFT JOIN classes c ON c.account_id = d.account_id AND c.report_date = d.report_date AND c.component = d.wrong

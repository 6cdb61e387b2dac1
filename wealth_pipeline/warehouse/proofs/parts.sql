-- The components of the verified list add up to the total, and those that were learned; others are named with their
-- amounts. Without the columns that every account has, the rest need not add up to it; nor where one that is not known
-- is exactly what is lacking.
-- In: days_to_prove, nav_to_prove, left_over, other_components, learned_parts, nav_parts_learned, fineness.
-- Out: the columns of a proof (proofs.py).
WITH others AS (
    SELECT account_id, report_date, list({'component': component, 'amount': amount} ORDER BY component) AS members,
        sum(amount) AS amount, string_agg(component || ' ' || trim_decimal(amount), ', ' ORDER BY component) AS names
    FROM other_components('days_to_prove') ANTI JOIN nav_parts_learned USING (account_id, component) GROUP BY ALL
),
compared AS (
    SELECT t.account_id, t.report_date, n.account_id IS NULL AS no_nav, n.total,
        p.counted + coalesce(l.amount, 0) AS actual, p.terms, p.unticked, l.names AS learned, o.names AS others,
        p.tolerance + unit_of(f.finest) * coalesce(l.terms, 0) AS tolerance,
        p.lacking - coalesce(l.amount, 0) AS lacking, o.amount AS others_amount,
        [m.component FOR m IN o.members IF abs(p.lacking - coalesce(l.amount, 0) - m.amount) <= p.tolerance] AS equal
    FROM days_to_prove t LEFT JOIN nav_to_prove n USING (account_id, report_date)
    LEFT JOIN left_over('days_to_prove') p USING (account_id, report_date)
    LEFT JOIN learned_parts l USING (account_id, report_date) LEFT JOIN others o USING (account_id, report_date)
    LEFT JOIN fineness f USING (account_id, report_date)
)
SELECT account_id, report_date, total AS expected, actual, tolerance,
    CASE WHEN no_nav THEN 'no NAV row for this day'
         WHEN total IS NULL THEN 'the NAV row has no total'
         WHEN coalesce(terms, 0) = 0 THEN 'the NAV row has no components'
         WHEN abs(lacking) <= tolerance THEN NULL
         WHEN len(unticked) > 0 THEN 'the query lacks fields of the NAV: ' || array_to_string(unticked, ', ')
         WHEN len(equal) > 0 OR abs(lacking - others_amount) <= tolerance
             THEN concat('what is lacking is exactly ',
                 CASE WHEN len(equal) > 0 THEN array_to_string(equal, ' or ') ELSE others END,
                 ', not known as a part of the total; seen on three days, it counts as one')
         END AS not_evaluable_reason,
    nullif(concat_ws('; ', 'counted as seen on other days: ' || learned, 'other components: ' || others), '') AS reason
FROM compared

-- The figures of the periods that are asked for, and the payments of XIRR, which is solved in Python (periods.py).
-- In: periods_asked, period_figures. Out: columns of returns_periods but xirr_percent; days_paid and amounts (as the
--     owner sees them: negative what was paid in), NULL below 365 days and where one is not known.
CREATE OR REPLACE TEMP TABLE periods_made AS
SELECT * EXCLUDE (start_value, end_value, flows),
    CASE WHEN days >= 365 AND gain IS NOT NULL THEN [from_date] || [f.day FOR f IN flows] || [to_date] END AS days_paid,
    CASE WHEN days >= 365 AND gain IS NOT NULL THEN [-CAST(start_value AS DOUBLE)]
        || [-CAST(f.amount AS DOUBLE) FOR f IN flows] || [CAST(end_value AS DOUBLE)] END AS amounts
FROM period_figures((SELECT list({scope: scope, period: period, first: first, last: last}) FROM periods_asked));

-- The returns of every scope over the days a to b, both inclusive, beside a benchmark's over the same days. Its levels
-- have to be of exactly the first and the last of them, and no split of a held security may lie between.
-- In: benchmark (a name); the macros returns_between and benchmark_breaks; benchmarks.
-- Out: scope, from_date, to_date, twr_percent, benchmark_percent, currency, status, reason.

WITH levels AS MATERIALIZED (
    SELECT report_date, CAST(level AS DOUBLE) AS level, currency FROM benchmarks WHERE name = benchmark
),
broken AS (
    SELECT r.scope, min({day: d.report_date, reason: d.reason}) AS first
    FROM returns_between(a, b) r JOIN benchmark_breaks(benchmark) d
        ON d.report_date > r.from_date AND d.report_date <= r.to_date
    GROUP BY r.scope
),
judged AS (
    SELECT r.scope, r.from_date, r.to_date, r.twr_percent, r.status, r.reason, f.level AS before, t.level AS after,
        CASE WHEN NOT EXISTS (FROM levels) THEN 'there is no benchmark called ' || benchmark
             WHEN f.level IS NULL THEN benchmark || ' has no level of ' || r.from_date
             WHEN t.level IS NULL THEN benchmark || ' has no level of ' || r.to_date
             WHEN x.scope IS NOT NULL THEN benchmark || ', ' || x.first.day || ': ' || x.first.reason
             END AS trouble
    FROM returns_between(a, b) r LEFT JOIN levels f ON f.report_date = r.from_date
    LEFT JOIN levels t ON t.report_date = r.to_date LEFT JOIN broken x ON x.scope = r.scope
)
SELECT scope, from_date, to_date, twr_percent,
    CASE WHEN trouble IS NULL THEN 100 * (after / before - 1) END AS benchmark_percent,
    (SELECT any_value(currency) FROM levels) AS currency,
    CASE WHEN trouble IS NULL THEN status ELSE 'withheld' END AS status,
    CASE WHEN trouble IS NULL THEN reason ELSE concat_ws('; ', reason, trouble) END AS reason
FROM judged

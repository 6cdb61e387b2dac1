-- IBKR's twr of a period of several steps against the chain of ours, with outflows at the start and at the end of their
-- day, as it was known at the time `t`. Where the NAV was restated since, nothing is compared: IBKR's return is of the
-- figures before. Of days that are not made again what is stored counts.
-- In: days, trials, reasons, navs (the names of relations like return_days, return_trials, return_reasons, nav), t,
--     nav_changes_seen, returns_daily.
-- Out: account_id, from_date, to_date, last_day (of its steps), timing, flow_out, twr, own_percent, tolerance, lacking
--     (why it is not compared), fits (NULL: it is not), undecided (a component of which it isn't known whether it is a
--     flow is not 0: only a twr that fits shows that it is none).
CREATE MACRO window_trials_of(days, trials, reasons, navs, t) AS TABLE
WITH windows AS (
    SELECT c.account_id, c.from_date, c.to_date, c.twr, c.when_generated AS known_since,
        len(list_filter(c.flows, lambda f: f.kind IS NULL)) > 0 AS undecided
    FROM nav_changes_seen c WHERE c.from_date < c.to_date AND c.when_generated <= CAST(t AS TIMESTAMP)
        AND EXISTS (FROM query_table(days) d
            WHERE d.account_id = c.account_id AND d.report_date BETWEEN c.from_date AND c.to_date)
    QUALIFY c.twr IS NOT NULL AND row_number() OVER (PARTITION BY c.account_id, c.from_date, c.to_date
        ORDER BY c.when_generated DESC, c.sha256 DESC) = 1
),
tried AS (
    SELECT account_id, report_date, timing, own, base, flow_out FROM query_table(trials)
    SEMI JOIN (FROM query_table(reasons) WHERE held IS NULL) USING (account_id, report_date) WHERE fits OR twr IS NULL
    QUALIFY len(counted) = min(len(counted)) OVER (PARTITION BY account_id, report_date)
        AND row_number() OVER (PARTITION BY account_id, report_date, timing ORDER BY len(counted), counted) = 1
),
stored AS (
    SELECT account_id, report_date, w.timing, flow_out,
        CASE w.timing WHEN 'start' THEN start_value + flow_in - flow_out ELSE start_value + flow_in END AS base,
        CASE WHEN base > 0 THEN CAST(end_value + CASE w.timing WHEN 'end' THEN flow_out ELSE 0 END AS DOUBLE)
            / CAST(base AS DOUBLE) END AS own
    FROM returns_daily ANTI JOIN query_table(days) USING (account_id, report_date),
        (VALUES ('start'), ('end')) w(timing)
    WHERE status = 'shown' AND (flow_out > 0 OR w.timing = 'start')
),
ways AS (FROM tried UNION ALL BY NAME FROM stored),
chains AS (
    SELECT w.account_id, w.from_date, w.to_date, w.twr, w.undecided, i.timing, max(n.report_date) AS last_day,
        count(*) AS chained, sum(d.flow_out) AS flow_out, product(d.own) AS own, min(CAST(d.base AS DOUBLE)) AS base,
        max(n.known_since) > w.known_since AS restated, min(n.report_date) FILTER (d.own IS NULL) AS unknown
    FROM windows w JOIN (SELECT account_id, report_date, known_since FROM query_table(navs)) n
        ON n.account_id = w.account_id AND n.report_date BETWEEN w.from_date AND w.to_date
    CROSS JOIN (VALUES ('start'), ('end')) i(timing)
    LEFT JOIN ways d ON d.account_id = n.account_id AND d.report_date = n.report_date
        AND d.timing = CASE WHEN d.flow_out > 0 THEN i.timing ELSE 'start' END
    GROUP BY w.account_id, w.from_date, w.to_date, w.twr, w.undecided, w.known_since, i.timing HAVING count(*) > 1
)
SELECT * EXCLUDE (own, base, restated, unknown, chained), TRY_CAST(100 * (own - 1) AS DECIMAL(28,12)) AS own_percent,
    TRY_CAST((chained + 1) * (1e-9 + 100 * (1e-9 + own * 2e-9) / base) AS DECIMAL(38,12)) AS tolerance,
    CASE WHEN restated THEN 'a NAV of the period was restated since'
         WHEN unknown IS NOT NULL THEN 'there is no return of ours on ' || unknown END AS lacking,
    CASE WHEN lacking IS NULL THEN abs(own_percent - twr) <= tolerance END AS fits
FROM chains;

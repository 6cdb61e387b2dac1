-- IBKR's twr of a period of several steps against the chain of ours, with outflows at the start and at the end of their
-- day. Where the NAV was restated since, nothing is compared: IBKR's return is of the figures before.
-- Of days that are not made again what is stored counts.
-- In: return_days, return_trials, return_reasons, nav_changes, flow_components, nav, returns_daily.
-- Out: account_id, from_date, to_date, last_day (of its steps), timing, flow_out, twr, own_percent, tolerance, lacking
--     (why it is not compared), fits (NULL: it is not), undecided (a component of which it isn't known whether it is a
--     flow is not 0: only a twr that fits shows that it is none).
CREATE OR REPLACE TEMP TABLE window_trials AS
WITH windows AS (
    SELECT c.account_id, c.from_date, c.to_date, max(amount) FILTER (component = 'twr') AS twr,
        max(c.known_since) AS known_since, bool_or(counts IS NULL AND amount <> 0) AS undecided
    FROM nav_changes c LEFT JOIN flow_components USING (component)
    WHERE c.from_date < c.to_date AND EXISTS (FROM return_days d
        WHERE d.account_id = c.account_id AND d.report_date BETWEEN c.from_date AND c.to_date)
    GROUP BY ALL HAVING bool_or(component = 'twr')
),
tried AS (
    SELECT account_id, report_date, timing, own, base, flow_out FROM return_trials
    SEMI JOIN (FROM return_reasons WHERE held IS NULL) USING (account_id, report_date) WHERE fits OR twr IS NULL
    QUALIFY row_number() OVER (PARTITION BY account_id, report_date, timing ORDER BY len(counted), counted) = 1
),
stored AS (
    SELECT account_id, report_date, w.timing, flow_out,
        CASE w.timing WHEN 'start' THEN start_value + flow_in - flow_out ELSE start_value + flow_in END AS base,
        CASE WHEN base > 0 THEN CAST(end_value + CASE w.timing WHEN 'end' THEN flow_out ELSE 0 END AS DOUBLE)
            / CAST(base AS DOUBLE) END AS own
    FROM returns_daily ANTI JOIN return_days USING (account_id, report_date), (VALUES ('start'), ('end')) w(timing)
    WHERE status = 'shown' AND (flow_out > 0 OR w.timing = 'start')
),
ways AS (FROM tried UNION ALL BY NAME FROM stored),
chains AS (
    SELECT w.account_id, w.from_date, w.to_date, w.twr, w.undecided, i.timing, max(n.report_date) AS last_day,
        count(*) AS steps, sum(d.flow_out) AS flow_out, product(d.own) AS own, min(CAST(d.base AS DOUBLE)) AS base,
        max(n.known_since) > w.known_since AS restated, min(n.report_date) FILTER (d.own IS NULL) AS unknown
    FROM windows w JOIN (SELECT account_id, report_date, known_since FROM nav) n
        ON n.account_id = w.account_id AND n.report_date BETWEEN w.from_date AND w.to_date
    CROSS JOIN (VALUES ('start'), ('end')) i(timing)
    LEFT JOIN ways d ON d.account_id = n.account_id AND d.report_date = n.report_date
        AND d.timing = CASE WHEN d.flow_out > 0 THEN i.timing ELSE 'start' END
    GROUP BY w.account_id, w.from_date, w.to_date, w.twr, w.undecided, w.known_since, i.timing HAVING count(*) > 1
)
SELECT * EXCLUDE (own, base, restated, unknown, steps), TRY_CAST(100 * (own - 1) AS DECIMAL(28,12)) AS own_percent,
    TRY_CAST((steps + 1) * (1e-9 + 100 * (1e-9 + own * 2e-9) / base) AS DECIMAL(38,12)) AS tolerance,
    CASE WHEN restated THEN 'a NAV of the period was restated since'
         WHEN unknown IS NOT NULL THEN 'there is no return of ours on ' || unknown END AS lacking,
    CASE WHEN lacking IS NULL THEN abs(own_percent - twr) <= tolerance END AS fits
FROM chains;

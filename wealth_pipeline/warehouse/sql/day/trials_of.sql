-- Our own return of each step, in every way in which IBKR may have made its own: outflows at the start or at the end of
-- the day, each set of undecided components counted (of more than six only none, each one and all). What equals IBKR's
-- twr shows how it counts; of what it states for the day on which an account is emptied nothing is known.
-- In: steps, flows, changes (the names of relations like return_steps, day_flows, exact_changes).
-- Out: account_id, report_date, timing, undecided, counted (of these; components), flow_in, flow_out (positive), base
--     (what the return is of), own (1 + return; NULL where there is none), own_percent, twr, tolerance, fits.
CREATE MACRO trials_of(steps, flows, changes) AS TABLE
WITH ways AS (
    SELECT s.account_id, s.report_date, s.start_value, s.end_value, x.twr,
        [u.component FOR u IN d.undecided] AS undecided,
        list_bool_or([f.amount < 0 FOR f IN d.flows] || [u.amount < 0 FOR u IN d.undecided]) AS leaving,
        list_filter(d.undecided, lambda u, i: (set_number >> (i - 1)) & 1 = 1) AS extra,
        coalesce(list_sum([greatest(f.amount, 0) FOR f IN d.flows]), 0) AS coming,
        coalesce(list_sum([greatest(-f.amount, 0) FOR f IN d.flows]), 0) AS going
    FROM query_table(steps) s JOIN query_table(flows) d USING (account_id, report_date)
    LEFT JOIN query_table(changes) x USING (account_id, report_date),
    LATERAL (SELECT unnest(CASE WHEN len(d.undecided) <= 6 THEN range(1 << len(d.undecided))
        ELSE list_distinct([0, (1 << len(d.undecided)) - 1]
            || list_transform(range(len(d.undecided)), lambda i: 1 << i)) END) AS set_number) w
    WHERE d.source IS NOT NULL
),
sums AS (
    SELECT account_id, report_date, start_value, end_value, undecided, [u.component FOR u IN extra] AS counted,
        CASE WHEN end_value > 0 OR leaving IS NOT TRUE THEN twr END AS twr,
        CAST(coming + coalesce(list_sum([greatest(u.amount, 0) FOR u IN extra]), 0) AS DECIMAL(28,12)) AS flow_in,
        CAST(going + coalesce(list_sum([greatest(-u.amount, 0) FOR u IN extra]), 0) AS DECIMAL(28,12)) AS flow_out
    FROM ways
),
timed AS (
    SELECT *, 'start' AS timing, start_value + flow_in - flow_out AS base, end_value AS reached FROM sums
    UNION ALL
    SELECT *, 'end', start_value + flow_in, end_value + flow_out FROM sums WHERE flow_out > 0
)
SELECT * EXCLUDE (reached, start_value, end_value),
    CASE WHEN base > 0 AND end_value >= 0 AND NOT (end_value = 0 AND flow_out > 0)
        THEN CAST(reached AS DOUBLE) / CAST(base AS DOUBLE) END AS own,
    TRY_CAST(100 * (own - 1) AS DECIMAL(28,12)) AS own_percent,
    TRY_CAST(1e-9 + 100 * (1e-9 + abs(own) * 2e-9) / CAST(base AS DOUBLE) AS DECIMAL(38,12)) AS tolerance,
    abs(own_percent - twr) <= tolerance AS fits
FROM timed;

-- The return of each step. What equals IBKR's twr is shown; without a twr, what no period's twr contradicts. Where the
-- flows are not known, or ours differs, IBKR's own is used and named, and no flow: it contradicts what is stated. Else
-- it is withheld.
-- In: steps, reasons, chosen, changes, failed (the names of relations like return_steps, return_reasons, return_chosen,
--     exact_changes, failed_windows).
-- Out: the columns of returns_daily, but for proof; counted.
CREATE MACRO returns_of(steps, reasons, chosen, changes, failed) AS TABLE
WITH contradicted AS (
    SELECT s.account_id, s.report_date, min('IBKR''s return from ' || w.from_date || ' to ' || w.to_date
        || coalesce(' is ' || trim_decimal(w.twr) || ' %, the chain of ours ' || trim_decimal(w.own_percent) || ' %',
            ' cannot be compared, and a component may be a flow')) AS reason
    FROM query_table(steps) s JOIN query_table(failed) w
        ON w.account_id = s.account_id AND s.report_date BETWEEN w.from_date AND w.to_date GROUP BY ALL
),
explained AS (
    SELECT s.*, c.flow_in, c.flow_out, c.counted, c.timing, c.own, c.base, c.fits, c.unclear, x.twr, r.restated,
        coalesce(r.held, CASE WHEN len(c.unclear) > 0
            THEN 'it is not known whether ' || array_to_string(c.unclear, ', ') || ' is a flow' END) AS lacking,
        CASE WHEN s.previous_date IS NULL THEN 'the account''s first NAV'
             WHEN start_value = 0 AND end_value = 0 THEN 'nothing was there'
             WHEN c.base <= 0 OR s.start_value + c.flow_in - c.flow_out <= 0
                 THEN 'what the return would be of is not positive'
             WHEN s.end_value < 0 THEN 'the NAV is negative'
             WHEN s.end_value = 0 AND c.flow_out > 0 THEN 'the account was emptied' END AS none_reason,
        coalesce(lacking, CASE WHEN NOT c.fits
            THEN 'ours of ' || trim_decimal(c.own_percent) || ' % is not IBKR''s of ' || trim_decimal(x.twr) || ' %'
            WHEN c.fits IS NULL THEN w.reason END) AS reason
    FROM query_table(steps) s LEFT JOIN query_table(chosen) c USING (account_id, report_date)
    LEFT JOIN query_table(reasons) r USING (account_id, report_date)
    LEFT JOIN query_table(changes) x USING (account_id, report_date)
    LEFT JOIN contradicted w USING (account_id, report_date)
),
judged AS (
    SELECT *, CASE WHEN none_reason IS NOT NULL THEN 'none' WHEN reason IS NULL THEN 'shown'
        WHEN twr IS NOT NULL AND NOT restated AND covered_by IS NOT NULL AND holes = 0 THEN 'ibkr'
        ELSE 'withheld' END AS status,
        status <> 'ibkr' AND coalesce(len(unclear), 0) = 0 AND (none_reason IS NULL OR lacking IS NULL) AS known
    FROM explained
)
SELECT account_id, report_date, previous_date, start_value,
    CASE WHEN known THEN flow_in END AS flow_in, CASE WHEN known THEN flow_out END AS flow_out, end_value,
    CASE WHEN known THEN CAST(end_value - start_value - flow_in + flow_out AS DECIMAL(28,12)) END AS gain,
    CASE status WHEN 'shown' THEN own WHEN 'ibkr' THEN 1 + CAST(twr AS DOUBLE) / 100 END AS factor,
    CASE status WHEN 'shown' THEN 100 * (own - 1) WHEN 'ibkr' THEN CAST(twr AS DOUBLE) END AS return_percent,
    twr AS ibkr_twr,
    CASE WHEN twr > -100 AND base > 0 THEN TRY_CAST(CASE timing WHEN 'end'
        THEN CAST(flow_in + end_value AS DOUBLE)
            - (1 + CAST(twr AS DOUBLE) / 100) * CAST(start_value + flow_in AS DOUBLE)
        ELSE CAST(end_value AS DOUBLE) / (1 + CAST(twr AS DOUBLE) / 100) - CAST(start_value AS DOUBLE) END
        AS DECIMAL(28,12)) END AS implied_flow,
    CASE WHEN status IN ('shown', 'none') THEN timing END AS flow_timing, status,
    CASE status WHEN 'none' THEN none_reason ELSE reason END AS reason, counted
FROM judged;

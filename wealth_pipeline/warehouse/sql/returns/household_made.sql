-- The household's return of each day: what its members had and moved, added up. A day that rests on a NAV, a rate or a
-- flow that is not known is withheld.
-- In: household_dated, household_closings, household_counts, household_flows. Out: the columns of household_daily.
CREATE OR REPLACE TEMP TABLE household_made AS
WITH flows AS (
    SELECT c.report_date, coalesce(sum(flow_in), 0) AS flow_in, coalesce(sum(flow_out), 0) AS flow_out,
        coalesce(sum(late_out), 0) AS late_out,
        coalesce(list(DISTINCT c.base_currency) FILTER (f.unrated), []) AS unrated,
        min(c.account_id || ': ' || c.unknown) AS unknown,
        min(c.account_id || ': its return is IBKR''s') FILTER (c.ibkr) AS ibkr,
        CASE WHEN bool_or(proof = 'failed') THEN 'failed' WHEN bool_and(proof = 'passed') THEN 'passed' END AS proof
    FROM household_counts c LEFT JOIN household_flows f USING (account_id, report_date) GROUP BY c.report_date
),
days AS (
    SELECT d.report_date, d.previous_date, c.accounts, f.ibkr, f.proof, c.joined, c.gone,
        coalesce(f.late_out, 0) AS late_out,
        CASE WHEN p.pending IS NULL THEN p.value - p.gone END AS start_value,
        CASE WHEN c.pending IS NULL THEN c.value END AS closing,
        c.value IS NOT NULL AND coalesce(f.unknown, c.pending) IS NULL AND len(coalesce(f.unrated, [])) = 0 AS known,
        coalesce(f.flow_in, 0) AS flow_in, coalesce(f.flow_out, 0) AS flow_out,
        CASE WHEN c.reporting_currency IS NULL THEN 'the accounts have several base currencies, and'
                || ' WEALTH_REPORTING_CURRENCY is not set'
             WHEN len(c.missing) > 0 THEN 'no NAV of ' || array_to_string(c.missing, ', ')
             WHEN len(p.missing) > 0 THEN 'no NAV of ' || array_to_string(p.missing, ', ') || ' on ' || d.previous_date
             WHEN len(c.unrated || coalesce(f.unrated, [])) > 0 THEN 'no conversion rate of ' || array_to_string(
                list_sort(list_distinct(c.unrated || coalesce(f.unrated, []))), ', ') || ' to ' || c.reporting_currency
             WHEN len(p.unrated) > 0 THEN 'no conversion rate of ' || array_to_string(p.unrated, ', ') || ' to '
                || c.reporting_currency || ' on ' || d.previous_date
             ELSE coalesce(f.unknown, c.pending) END AS lacking
    FROM household_dated d JOIN household_closings c USING (report_date)
    LEFT JOIN household_closings p ON p.report_date = d.previous_date LEFT JOIN flows f ON f.report_date = d.report_date
),
judged AS (
    SELECT * EXCLUDE (lacking), start_value + flow_in - flow_out + late_out AS base,
        closing - joined + late_out AS reached,
        coalesce(lacking, CASE WHEN start_value IS NULL OR closing IS NULL THEN 'a figure is not known' END) AS lacking,
        CASE WHEN previous_date IS NULL THEN 'the household''s first day'
             WHEN days.lacking IS NOT NULL THEN NULL
             WHEN start_value + flow_in - flow_out + late_out <= 0 OR start_value + flow_in <= 0
                THEN 'what the return would be of is not positive'
             WHEN closing < 0 THEN 'the household''s value is negative'
             WHEN closing = 0 AND flow_out > 0 THEN 'the household was emptied' END AS none_reason
    FROM days
)
SELECT report_date, previous_date, CAST(start_value AS DECIMAL(28,12)) AS start_value,
    CASE WHEN known THEN CAST(flow_in + joined AS DECIMAL(28,12)) END AS flow_in,
    CASE WHEN known THEN CAST(flow_out + gone AS DECIMAL(28,12)) END AS flow_out,
    CAST(closing - gone AS DECIMAL(28,12)) AS end_value,
    CASE WHEN known THEN CAST(closing - start_value - flow_in - joined + flow_out AS DECIMAL(28,12)) END AS gain,
    CASE WHEN coalesce(none_reason, lacking) IS NULL THEN CAST(reached AS DOUBLE) / CAST(base AS DOUBLE) END AS factor,
    100 * (factor - 1) AS return_percent, accounts,
    CASE WHEN none_reason IS NOT NULL THEN 'none' WHEN lacking IS NOT NULL THEN 'withheld'
         WHEN ibkr IS NOT NULL THEN 'ibkr' ELSE 'shown' END AS status,
    coalesce(none_reason, lacking, ibkr) AS reason,
    CASE WHEN proof = 'failed' OR (proof = 'passed' AND lacking IS NULL) THEN proof ELSE 'not_evaluable' END AS proof
FROM judged;

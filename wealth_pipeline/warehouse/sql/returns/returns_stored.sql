-- The returns with what their proofs say: passed where IBKR's return of the day, or of a period over it, equals ours
-- and nothing contradicts it.
-- In: returns_made, return_days, window_trials, failed_windows, reconciliation.
-- Out: the stored returns_daily.
DELETE FROM returns_daily r USING return_days d WHERE d.account_id = r.account_id AND d.report_date = r.report_date;
INSERT INTO returns_daily BY NAME
WITH verdicts AS (
    SELECT account_id, report_date, bool_or(status = 'failed') AS failed FROM reconciliation
    SEMI JOIN return_days USING (account_id, report_date) WHERE check_name IN ('return', 'flows') GROUP BY ALL
),
periods AS (
    SELECT m.account_id, m.report_date, bool_or(w.fits) AS fit
    FROM returns_made m JOIN window_trials w
        ON w.account_id = m.account_id AND m.report_date BETWEEN w.from_date AND w.to_date
    ANTI JOIN failed_windows f
        ON f.account_id = w.account_id AND f.from_date = w.from_date AND f.to_date = w.to_date
    GROUP BY ALL
)
SELECT m.* EXCLUDE (counted),
    CASE WHEN v.failed THEN 'failed'
         WHEN m.status = 'shown' AND (m.ibkr_twr IS NOT NULL OR p.fit) THEN 'passed' ELSE 'not_evaluable' END AS proof
FROM returns_made m LEFT JOIN verdicts v USING (account_id, report_date)
LEFT JOIN periods p USING (account_id, report_date);

-- The rows of side sections that were set aside, newest first.
-- Parameters: accounts (NULL: all).
-- Columns: account_id, report_date, element, reason, sha256, row.
-- Why: only those of the newest statement that has the section for their day: a later one has repaired what was before.
SELECT r.account_id, r.report_date, r.element, r.reason, r.sha256, r.row
FROM rows_set_aside r
JOIN (
    SELECT sha256, ordinal, account_id AS owner, from_date, to_date, when_generated FROM statement_accounts
) f USING (sha256, ordinal)
WHERE ($accounts IS NULL OR f.owner IN (SELECT unnest($accounts)))
    AND NOT EXISTS (
        FROM statement_accounts g
        WHERE g.account_id = f.owner AND list_contains(g.sections, r.section)
            AND (g.when_generated, g.sha256) > (f.when_generated, f.sha256)
            AND g.from_date <= coalesce(r.report_date, f.from_date)
            AND g.to_date >= coalesce(r.report_date, f.to_date))
ORDER BY f.when_generated DESC, r.report_date DESC, r.account_id, r.element, r.row

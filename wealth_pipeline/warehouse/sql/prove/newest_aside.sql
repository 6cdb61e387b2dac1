-- Rows that the newest statement which has one of a section, account and day set aside: the others are not all of them.
-- In: rows_set_aside, statement_accounts, days_to_prove.
-- Out: element, account_id, report_date, seen (when that statement was generated), reason.
CREATE OR REPLACE TEMP TABLE newest_aside AS
    SELECT element, account_id, report_date, max(when_generated) AS seen,
        CASE WHEN count(*) = 1 THEN 'a row' ELSE count(*) || ' rows' END || ' of ' || any_value(section)
            || CASE WHEN count(*) = 1 THEN ' was' ELSE ' were' END || ' set aside: ' || min(row_reason) AS reason
    FROM (
        SELECT r.* RENAME (reason AS row_reason), f.when_generated
        FROM rows_set_aside r SEMI JOIN days_to_prove USING (account_id, report_date)
        JOIN (SELECT sha256, ordinal, when_generated FROM statement_accounts) f USING (sha256, ordinal)
        QUALIFY f.when_generated = max(f.when_generated) OVER (PARTITION BY element, account_id, report_date)
    ) GROUP BY ALL;

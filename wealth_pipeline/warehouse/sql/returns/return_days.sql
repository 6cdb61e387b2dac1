-- The account-days whose return is made again: those that were proved again, those that this statement covers, the
-- first NAV after its last day, on which what was booked on a day without a NAV counts, those of transfers with an
-- account that was not known before, those of what is converted at a rate that came with any account's statement, and
-- the other days of the periods whose Change in NAV or Cash Report has to agree with them.
-- In: days_to_prove, nav, nav_changes, cash_flows, cash_transactions, transfers, rate_changes, bases, bases_before,
--     stage_base, stage_statement. Out: account_id, report_date.
CREATE OR REPLACE TEMP TABLE return_days AS
WITH covered AS (
    SELECT DISTINCT b.account_id, f.from_date, f.to_date FROM stage_base b JOIN stage_statement f USING (ordinal)
),
converted AS (
    SELECT e.account_id, e.report_date FROM (
        SELECT account_id, report_date, currency FROM cash_transactions WHERE fx_rate_to_base IS NULL
        UNION SELECT account_id, report_date, currency FROM transfers WHERE fx_rate_to_base IS NULL
    ) e JOIN bases b USING (account_id)
    SEMI JOIN rate_changes r
        ON r.report_date = e.report_date AND r.from_currency = e.currency AND r.to_currency = b.base_currency
),
touched AS (
    SELECT account_id, report_date FROM nav SEMI JOIN days_to_prove USING (account_id, report_date)
    UNION
    SELECT n.account_id, n.report_date FROM nav n JOIN covered f
        ON n.account_id = f.account_id AND n.report_date BETWEEN f.from_date AND f.to_date
    UNION
    SELECT f.account_id, n.report_date FROM covered f ASOF JOIN (
        SELECT account_id, report_date FROM nav WHERE report_date > (SELECT min(to_date) FROM covered)
    ) n ON n.account_id = f.account_id AND n.report_date > f.to_date
    UNION
    SELECT t.account_id, n.report_date FROM (
        SELECT account_id, report_date FROM transfers
        WHERE counterparty_account IN (SELECT account_id FROM bases ANTI JOIN bases_before USING (account_id))
        UNION FROM converted
    ) t ASOF JOIN (SELECT account_id, report_date FROM nav) n
        ON n.account_id = t.account_id AND n.report_date >= t.report_date
),
periods AS (
    SELECT DISTINCT c.account_id, c.from_date, c.to_date FROM (
        SELECT account_id, from_date, to_date FROM nav_changes WHERE from_date < to_date
        UNION SELECT account_id, from_date, to_date FROM cash_flows WHERE from_date < to_date
    ) c JOIN (FROM touched UNION FROM converted) t
        ON t.account_id = c.account_id AND t.report_date BETWEEN c.from_date AND c.to_date
)
FROM touched
UNION
SELECT n.account_id, n.report_date FROM nav n
JOIN periods p ON n.account_id = p.account_id AND n.report_date BETWEEN p.from_date AND p.to_date;

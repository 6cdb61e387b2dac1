-- What the rows of Cash Transactions and Trades say of an account's costs in a year, and why that may not be all.
-- In: the macro covered_sections, statement_accounts, rows_set_aside, cash_transactions, trades.
-- Out: account_id, year, kind, amount_base (NULL: not known), rows, reason (why it is not known).
CREATE MACRO costs_rows() AS TABLE
WITH kinds AS (
    FROM (VALUES ('commissions', 'Trades'), ('fees', 'CashTransactions'), ('taxes', 'Trades'),
        ('interest_paid', 'CashTransactions'), ('withholding_tax', 'CashTransactions')) k(kind, section)
),
known AS (
    SELECT c.account_id, c.year, k.kind, k.section, bool_and(list_contains(c.sections, k.section)) AS whole
    FROM covered_sections() c CROSS JOIN kinds k GROUP BY ALL
),
booked AS (
    SELECT account_id, year(event_date) AS year, CASE WHEN income_kind(income_component(type)) = 'tax'
        THEN 'withholding_tax' WHEN type ILIKE '%interest paid' THEN 'interest_paid' WHEN type ILIKE '%fees' THEN 'fees'
        WHEN type = 'Commission Adjustments' THEN 'commissions' END AS kind, amount_base, true AS stated
    FROM cash_transactions
    UNION ALL
    SELECT account_id, year(event_date), 'commissions', commission_base, commission IS NOT NULL FROM trades
    UNION ALL
    SELECT account_id, year(event_date), 'taxes', taxes_base, taxes IS NOT NULL FROM trades
),
summed AS (
    SELECT account_id, year, kind, sum(amount_base) AS amount, count(*) AS rows, count(amount_base) AS rated
    FROM booked WHERE kind IS NOT NULL AND stated GROUP BY ALL
),
asides AS (
    SELECT DISTINCT r.account_id, year(coalesce(r.report_date, f.to_date)) AS year, r.section
    FROM rows_set_aside r JOIN statement_accounts f USING (sha256, ordinal)
)
SELECT k.account_id, k.year, k.kind, coalesce(s.rows, 0) AS rows,
    CASE WHEN NOT k.whole THEN k.section || ' of the whole year are not there'
         WHEN a.account_id IS NOT NULL THEN 'a row of ' || k.section || ' was set aside'
         WHEN k.kind = 'taxes' THEN 'sales tax has no rows'
         WHEN s.rows IS NULL THEN 'no row says so: the type may not be ticked'
         WHEN s.rated < s.rows THEN 'a row has no rate' END AS reason,
    CASE WHEN reason IS NULL THEN s.amount END AS amount_base
FROM known k LEFT JOIN summed s USING (account_id, year, kind) LEFT JOIN asides a USING (account_id, year, section);

-- What moved the cash, in each currency and in base currency.
-- In: stage_cash_report_currency and its amounts.
-- Out: ordinal, row, account_id, from_date, to_date, currency, component, amount.
CREATE OR REPLACE TEMP TABLE new_cash_flows AS
SELECT c.ordinal, c.row, c.account_id, c.from_date, c.to_date, c.currency, a.component, a.amount
FROM stage_cash_report_currency c JOIN stage_cash_report_currency_amounts a USING (row);

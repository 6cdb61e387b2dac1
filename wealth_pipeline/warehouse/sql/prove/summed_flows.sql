-- What the Cash Report says of the shortest period that ends on a day to prove, in each currency and in base currency.
-- IBKR: depositWithdrawals is the sum of deposits and withdrawals; averages and slb figures move nothing.
-- In: cash_flows, fineness, days_to_prove.
-- Out: account_id, report_date, currency, expected (ending cash), actual (starting cash and what moved it), days,
--     tolerance, unticked (the fields that the query lacks: what they would add is unknown).
CREATE OR REPLACE TEMP VIEW summed_flows AS
WITH period AS (
    SELECT account_id, to_date AS report_date, max(from_date) AS from_date FROM cash_flows c
    SEMI JOIN days_to_prove t ON t.account_id = c.account_id AND t.report_date = c.to_date GROUP BY ALL
)
SELECT p.account_id, p.report_date, c.currency,
    max(amount) FILTER (component = 'deposits') AS deposits,
    max(amount) FILTER (component = 'withdrawals') AS withdrawals,
    max(amount) FILTER (component = 'depositWithdrawals') AS deposit_withdrawals,
    max(amount) FILTER (component = 'endingCash') AS expected,
    max(amount) FILTER (component = 'startingCash')
        + coalesce(sum(amount) FILTER (component NOT IN ('startingCash', 'endingCash', 'endingSettledCash',
            'deposits', 'withdrawals', 'depositWithdrawals')
            AND NOT component LIKE 'avg%' AND NOT component LIKE 'slb%'), 0)
        + coalesce(deposits + withdrawals, deposit_withdrawals, deposits, withdrawals, 0) AS actual,
    any_value(p.report_date - p.from_date + 1) AS days,
    tolerance_of(greatest(max(decimals_of(amount)), coalesce(max(f.finest), 0)), count(*), days) AS tolerance,
    list_filter_out(['accountTransfers', 'brokerInterest', 'commissions', 'dividends', 'internalTransfers',
        'netTradesPurchases', 'netTradesSales', 'otherFees', 'transactionTax', 'withholdingTax'],
        list(component))
        || CASE WHEN deposit_withdrawals IS NULL
                THEN list_filter_out(['deposits', 'withdrawals'], list(component)) ELSE [] END AS unticked
FROM period p JOIN cash_flows c ON c.account_id = p.account_id AND c.to_date = p.report_date
    AND c.from_date = p.from_date
LEFT JOIN fineness f ON f.account_id = p.account_id AND f.report_date = p.report_date
GROUP BY ALL;

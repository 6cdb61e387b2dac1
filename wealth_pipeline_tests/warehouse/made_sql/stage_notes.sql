INSERT INTO dropped
SELECT 'unknown_value', 'OpenPosition.side=' || shown_value(side), count(*)
FROM stage_open_position WHERE side NOT IN ('Long', 'Short')
GROUP BY side
UNION ALL
SELECT 'unknown_value', 'OpenPosition.putCall=' || shown_value(put_call), count(*)
FROM stage_open_position WHERE put_call NOT IN ('P', 'C')
GROUP BY put_call
UNION ALL
SELECT 'unknown_value', 'CashTransaction.type=' || shown_value(type), count(*)
FROM stage_cash_transaction WHERE type NOT IN ('Dividends', 'Payment In Lieu Of Dividends', 'Withholding Tax', '871(m) Withholding', 'Deposits/Withdrawals', 'Deposits & Withdrawals', 'Broker Interest Paid', 'Broker Interest Received', 'Bond Interest Paid', 'Bond Interest Received', 'Other Fees', 'Broker Fees', 'Commission Adjustments', 'Advisor Fees', 'Price Adjustments', 'Bill Pay', 'Carbon Credits', 'Debit Card Activity')
GROUP BY type
UNION ALL
SELECT 'unknown_value', 'Trade.buySell=' || shown_value(buy_sell), count(*)
FROM stage_trade WHERE buy_sell NOT IN ('BUY', 'SELL', 'BUY (Ca.)', 'SELL (Ca.)')
GROUP BY buy_sell
UNION ALL
SELECT 'unknown_value', 'Trade.openCloseIndicator=' || shown_value(open_close), count(*)
FROM stage_trade WHERE open_close NOT IN ('O', 'C', 'C;O', '-')
GROUP BY open_close
UNION ALL
SELECT 'unknown_value', 'Transfer.type=' || shown_value(type), count(*)
FROM stage_transfer WHERE type NOT IN ('ACATS', 'INTERNAL', 'FOP', 'OTC')
GROUP BY type
UNION ALL
SELECT 'unknown_value', 'Transfer.direction=' || shown_value(direction), count(*)
FROM stage_transfer WHERE direction NOT IN ('IN', 'OUT', '-')
GROUP BY direction
UNION ALL
SELECT 'unknown_value', 'SecurityInfo.putCall=' || shown_value(put_call), count(*)
FROM stage_security_info WHERE put_call NOT IN ('P', 'C')
GROUP BY put_call;

CREATE OR REPLACE TEMP VIEW profits AS
SELECT ordinal, unrealized_pnl AS amount FROM stage_open_position
UNION ALL SELECT ordinal, unrealized_capital_gains_pnl AS amount FROM stage_open_position
UNION ALL SELECT ordinal, unrealized_fx_pnl AS amount FROM stage_open_position
UNION ALL SELECT ordinal, realized_pnl AS amount FROM stage_trade;

-- From the rows as they stand in the file to the rows that count: defaults from the FlexStatement, one level of
-- detail, no summaries. What is left out is counted in `dropped(kind, name, count)`.

CREATE OR REPLACE TEMP TABLE dropped (kind VARCHAR, name VARCHAR, count BIGINT);

-- A value as it may be told: a shifted attribute could bring a name or an address.
CREATE OR REPLACE TEMP MACRO told_value(value) AS
    CASE WHEN regexp_full_match(value, '[A-Za-z0-9_.;&/-]{0,20}|[A-Za-z()&/ ]{1,30}') THEN value ELSE '(a text)' END;

-- IBKR: with Summary ticked besides Detail, every cash transaction comes twice; the second has no id, and the account
-- and alias "-". The query may tick none of the fields that say so.
CREATE OR REPLACE TEMP TABLE summed_cash AS
    SELECT row FROM stage_cash_transaction
    WHERE level_of_detail = 'SUMMARY' OR alias = '-' OR (level_of_detail IS NULL AND transaction_id IS NULL
        AND ordinal IN (SELECT ordinal FROM stage_cash_transaction WHERE transaction_id IS NOT NULL));
INSERT INTO dropped
    SELECT 'summary_row_dropped', 'CashTransaction', count(*) FROM summed_cash HAVING count(*) > 0
    UNION ALL
    SELECT 'summary_row_dropped', 'Transfer', count(*) FROM stage_transfer
    WHERE level_of_detail = 'SUMMARY' HAVING count(*) > 0;
DELETE FROM stage_cash_transaction WHERE row IN (FROM summed_cash);
DELETE FROM stage_transfer WHERE level_of_detail = 'SUMMARY';

-- IBKR: the date MULTI marks a summary of several days. (Without any date the query lacks the field: refused later.)
CREATE OR REPLACE TEMP TABLE undated AS
    SELECT row FROM stage_equity_summary_by_report_date_in_base
    WHERE report_date IS NULL
        AND ordinal IN (SELECT ordinal FROM stage_equity_summary_by_report_date_in_base WHERE report_date IS NOT NULL);
INSERT INTO dropped
    SELECT 'summary_row_dropped', 'EquitySummaryByReportDateInBase', count(*) FROM undated HAVING count(*) > 0;
DELETE FROM stage_equity_summary_by_report_date_in_base WHERE row IN (FROM undated);

-- IBKR: Order, SymbolSummary and the like are elements of their own; a Trade of their level would be one more copy.
CREATE OR REPLACE TEMP TABLE summed_trades AS
    SELECT row FROM stage_trade
    WHERE level_of_detail IN ('ORDER', 'CLOSED_LOT', 'WASH_SALE', 'SYMBOL_SUMMARY', 'ASSET_SUMMARY', 'SUMMARY');
INSERT INTO dropped SELECT 'summary_row_dropped', 'Trade', count(*) FROM summed_trades HAVING count(*) > 0;
DELETE FROM stage_trade WHERE row IN (FROM summed_trades);

INSERT INTO dropped
    SELECT 'unknown_value', element || '.levelOfDetail=' || told_value(level), count(*) FROM (
        SELECT 'OpenPosition' AS element, level_of_detail AS level FROM stage_open_position
        WHERE level_of_detail NOT IN ('SUMMARY', 'LOT')
        UNION ALL SELECT 'CashTransaction', level_of_detail FROM stage_cash_transaction
        WHERE level_of_detail <> 'DETAIL'
        UNION ALL SELECT 'Trade', level_of_detail FROM stage_trade WHERE level_of_detail <> 'EXECUTION'
    ) GROUP BY element, level;

-- Rows without what makes them usable. IBKR: a conversion rate was seen with an empty currency code.
INSERT INTO dropped
    SELECT 'row_without_id', 'SecurityInfo', count(*) FROM stage_security_info WHERE conid IS NULL HAVING count(*) > 0
    UNION ALL
    SELECT 'row_without_id', 'ConversionRate', count(*) FROM stage_conversion_rate
    WHERE from_currency IS NULL OR to_currency IS NULL HAVING count(*) > 0;
DELETE FROM stage_security_info WHERE conid IS NULL;
DELETE FROM stage_conversion_rate WHERE from_currency IS NULL OR to_currency IS NULL;

-- IBKR: the rate -1 means "no rate", for a currency that was not offered yet; 0 and an empty one do too. Never multiply
-- by it.
INSERT INTO dropped
    SELECT 'no_rate', 'ConversionRate.' || from_currency, count(*) FROM stage_conversion_rate
    WHERE rate IN (-1, 0) OR rate IS NULL GROUP BY from_currency;
DELETE FROM stage_conversion_rate WHERE rate IN (-1, 0) OR rate IS NULL;

-- IBKR: no NAV of a Saturday or Sunday was seen.
INSERT INTO dropped
    SELECT 'weekend_row', 'EquitySummaryByReportDateInBase.reportDate', count(*)
    FROM stage_equity_summary_by_report_date_in_base WHERE isodow(report_date) > 5 HAVING count(*) > 0;

-- What a position without its currency is worth in base currency is unknown; its quantity is not.
INSERT INTO dropped
    SELECT 'no_currency', 'OpenPosition.currency', count(*) FROM stage_open_position
    WHERE currency IS NULL HAVING count(*) > 0;

INSERT INTO dropped
    SELECT 'unknown_value', 'OpenPosition.assetCategory=' || told_value(p.asset_class), count(*)
    FROM stage_open_position p ANTI JOIN asset_classes c USING (asset_class)
    WHERE p.asset_class IS NOT NULL GROUP BY p.asset_class;

-- IBKR: positions come as SUMMARY and as LOT rows, the same quantity twice. A row with a level is what it says.
-- Without that field a row that says how it was opened is a lot; among several others of one contract, the one that
-- equals the rest together in every figure is the summary, and a single one is it in any case.
CREATE OR REPLACE TEMP TABLE guessed AS
WITH told AS (
    SELECT *, coalesce(conid, security_id, symbol) AS contract, coalesce(CAST(open_datetime AS VARCHAR),
        CAST(holding_period_datetime AS VARCHAR), originating_order_id, originating_transaction_id) AS opened
    FROM stage_open_position WHERE level_of_detail IS NULL OR level_of_detail NOT IN ('SUMMARY', 'LOT')
),
summed AS (
    SELECT *, count(*) OVER contract_rows AS alike,
        quantity * 2 = sum(quantity) OVER contract_rows
            AND coalesce(position_value * 2 = sum(position_value) OVER contract_rows, true)
            AND coalesce(cost_basis * 2 = sum(cost_basis) OVER contract_rows, true)
            AND coalesce(unrealized_pnl * 2 = sum(unrealized_pnl) OVER contract_rows, true) AS is_sum
    FROM told WHERE opened IS NULL
    WINDOW contract_rows AS (PARTITION BY ordinal, account_id, model, report_date, contract)
)
SELECT row, 'LOT' AS level, 1 AS alike FROM told WHERE opened IS NOT NULL
UNION ALL
SELECT row, CASE WHEN alike = 1 OR (is_sum AND row_number() OVER (
    PARTITION BY ordinal, account_id, model, report_date, contract ORDER BY is_sum DESC, row) = 1)
    THEN 'SUMMARY' ELSE 'LOT' END, alike
FROM summed;

-- Rows whose level nothing told: lots of 3, 1 and 2 look like a summary of 3 and its lots.
INSERT INTO dropped
    SELECT 'level_guessed', 'OpenPosition', count(*)
    FROM guessed JOIN stage_open_position USING (row)
    WHERE alike > 1 AND level_of_detail IS NULL HAVING count(*) > 0;

UPDATE stage_open_position s SET level_of_detail = g.level FROM guessed g WHERE g.row = s.row;

-- The accounts of each FlexStatement (its own, and others whose rows it holds) with their base currency: stated by
-- AccountInformation, else by the NAV rows, else the currency that IBKR's conversion rates lead to.
CREATE OR REPLACE TEMP TABLE stage_base AS
WITH members AS (
    SELECT ordinal, account_id FROM stage_statement
    UNION SELECT ordinal, account_id FROM stage_equity_summary_by_report_date_in_base
    UNION SELECT ordinal, account_id FROM stage_open_position
    UNION SELECT ordinal, account_id FROM stage_cash_report_currency
)
SELECT m.ordinal, m.account_id, coalesce(a.currency, n.currency, CASE WHEN m.account_id = f.account_id THEN r.currency END)
    AS base_currency
FROM members m JOIN stage_statement f ON f.ordinal = m.ordinal
LEFT JOIN (SELECT ordinal, account_id, max(base_currency) AS currency FROM stage_account_information GROUP BY ALL) a
    ON a.ordinal = m.ordinal AND a.account_id = m.account_id
LEFT JOIN (SELECT ordinal, account_id, max(base_currency) AS currency
    FROM stage_equity_summary_by_report_date_in_base GROUP BY ALL) n
    ON n.ordinal = m.ordinal AND n.account_id = m.account_id
LEFT JOIN (SELECT ordinal, max(to_currency) AS currency FROM stage_conversion_rate GROUP BY ALL) r
    ON r.ordinal = m.ordinal
WHERE m.account_id <> '-';

-- Which of two is right cannot be told (it may have changed within the period); the figures of a NAV row are in its own.
INSERT INTO dropped
    SELECT 'base_currency_differs', 'EquitySummaryByReportDateInBase.currency',
        count(DISTINCT (n.account_id, n.report_date))
    FROM stage_equity_summary_by_report_date_in_base n JOIN stage_base b USING (ordinal, account_id)
    WHERE n.base_currency <> b.base_currency HAVING count(*) > 0;

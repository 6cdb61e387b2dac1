CREATE OR REPLACE TEMP TABLE seen_dividends AS
WITH contents AS (
SELECT ordinal, account_id, report_date, hash_of_all(line) AS content
FROM (
SELECT ordinal, account_id, report_date,
    md5_number(concat_ws('|', 'dividend_accruals', coalesce(CAST(account_id AS VARCHAR), '-'), coalesce(CAST(report_date AS VARCHAR), '-'), coalesce(CAST(conid AS VARCHAR), '-'), coalesce(CAST(symbol AS VARCHAR), '-'), coalesce(CAST(isin AS VARCHAR), '-'), coalesce(CAST(currency AS VARCHAR), '-'), coalesce(CAST(fx_rate_to_base AS VARCHAR), '-'), coalesce(CAST(ex_date AS VARCHAR), '-'), coalesce(CAST(pay_date AS VARCHAR), '-'), coalesce(CAST(quantity AS VARCHAR), '-'), coalesce(CAST(gross_rate AS VARCHAR), '-'), coalesce(CAST(gross_amount AS VARCHAR), '-'), coalesce(CAST(tax AS VARCHAR), '-'), coalesce(CAST(fee AS VARCHAR), '-'), coalesce(CAST(net_amount AS VARCHAR), '-'), coalesce(CAST(code AS VARCHAR), '-'))) AS line
FROM new_dividend_accruals
UNION ALL
SELECT ordinal, account_id, to_date, md5_number('none') FROM stage_statement
WHERE list_contains(sections, 'OpenDividendAccruals') AND (ordinal, account_id) NOT IN (SELECT (ordinal, account_id) FROM stage_open_dividend_accrual)
) GROUP BY ALL
)
SELECT c.*, f.when_generated FROM contents c JOIN stage_statement f USING (ordinal)
QUALIFY row_number() OVER (PARTITION BY c.account_id, c.report_date
    ORDER BY (f.to_date = c.report_date) DESC, f.when_generated DESC, ordinal DESC) = 1;

INSERT INTO observations BY NAME
SELECT 'dividends' AS family, account_id, report_date, when_generated, $sha256 AS sha256, content FROM seen_dividends;

CREATE OR REPLACE TEMP TABLE timeline_dividends AS
WITH observed AS (
    -- Of several files of one second one counts: a version that lasted no time is none.
    SELECT account_id, report_date, when_generated, max(sha256) AS sha256, arg_max(content, sha256) AS content
    FROM observations o SEMI JOIN seen_dividends s USING (account_id, report_date) WHERE o.family = 'dividends' GROUP BY ALL
),
runs AS (
    SELECT *, content IS DISTINCT FROM lag(content) OVER by_time AS starts FROM observed
    WINDOW by_time AS (PARTITION BY account_id, report_date ORDER BY when_generated)
)
SELECT account_id, report_date, content, sha256 AS statement_sha256, when_generated AS known_from,
    lead(when_generated) OVER (PARTITION BY account_id, report_date ORDER BY when_generated) AS known_to
FROM runs WHERE starts;

CREATE OR REPLACE TEMP TABLE changed_dividends AS
SELECT DISTINCT account_id, report_date FROM (
    (SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM timeline_dividends
        EXCEPT SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM (SELECT v.* EXCLUDE (family) FROM versions v SEMI JOIN seen_dividends s USING (account_id, report_date) WHERE v.family = 'dividends'))
    UNION ALL
    (SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM (SELECT v.* EXCLUDE (family) FROM versions v SEMI JOIN seen_dividends s USING (account_id, report_date) WHERE v.family = 'dividends')
        EXCEPT SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM timeline_dividends)
);

DELETE FROM timeline_dividends t
USING (SELECT account_id, report_date FROM timeline_dividends EXCEPT SELECT account_id, report_date FROM changed_dividends) k
WHERE k.account_id = t.account_id AND k.report_date = t.report_date;

CREATE OR REPLACE TEMP VIEW pool_dividend_accruals AS
(
    SELECT account_id, report_date, conid, symbol, isin, currency, fx_rate_to_base, ex_date, pay_date, quantity, gross_rate, gross_amount, tax, fee, net_amount, code,
        content, CAST(NULL AS BIGINT) AS row
    FROM dividend_accruals_versions SEMI JOIN (
        SELECT account_id, report_date, content, min(known_from) AS known_from
        FROM versions SEMI JOIN changed_dividends USING (account_id, report_date) WHERE family = 'dividends' GROUP BY ALL
    ) USING (account_id, report_date, content, known_from)
)
UNION ALL BY NAME
SELECT n.account_id, n.report_date, n.conid, n.symbol, n.isin, n.currency, n.fx_rate_to_base, n.ex_date, n.pay_date, n.quantity, n.gross_rate, n.gross_amount, n.tax, n.fee, n.net_amount, n.code,
    s.content, n.row
FROM new_dividend_accruals n JOIN seen_dividends s USING (ordinal, account_id, report_date) SEMI JOIN changed_dividends USING (account_id, report_date)
WHERE NOT EXISTS (FROM versions v WHERE v.family = 'dividends' AND v.account_id = n.account_id
    AND v.report_date = n.report_date AND v.content = s.content);

CREATE OR REPLACE TEMP TABLE ready_dividend_accruals AS
SELECT p.*, t.statement_sha256, t.known_from, t.known_to
FROM pool_dividend_accruals p JOIN timeline_dividends t USING (account_id, report_date, content);

DELETE FROM versions v USING changed_dividends k
WHERE v.account_id = k.account_id AND v.report_date = k.report_date
    AND v.family = 'dividends';

INSERT INTO versions BY NAME SELECT 'dividends' AS family, * FROM timeline_dividends;

DELETE FROM dividend_accruals_versions v USING changed_dividends k
WHERE v.account_id = k.account_id AND v.report_date = k.report_date;

INSERT INTO dividend_accruals_versions BY NAME SELECT * EXCLUDE (row) FROM ready_dividend_accruals;

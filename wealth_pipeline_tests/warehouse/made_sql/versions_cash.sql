CREATE OR REPLACE TEMP TABLE seen_cash AS
WITH contents AS (
SELECT ordinal, account_id, report_date, hash_of_all(line) AS content
FROM (
SELECT ordinal, account_id, report_date,
    md5_number(concat_ws('|', 'cash_balances', coalesce(CAST(account_id AS VARCHAR), '-'), coalesce(CAST(report_date AS VARCHAR), '-'), coalesce(CAST(currency AS VARCHAR), '-'), coalesce(CAST(ending_cash AS VARCHAR), '-'), coalesce(CAST(ending_settled_cash AS VARCHAR), '-'))) AS line
FROM new_cash_balances
UNION ALL
SELECT ordinal, account_id, report_date,
    md5_number(concat_ws('|', 'cash_totals', coalesce(CAST(account_id AS VARCHAR), '-'), coalesce(CAST(report_date AS VARCHAR), '-'), coalesce(CAST(ending_cash AS VARCHAR), '-'), coalesce(CAST(ending_settled_cash AS VARCHAR), '-'))) AS line
FROM new_cash_totals
) GROUP BY ALL
)
SELECT c.*, f.when_generated FROM contents c JOIN stage_statement f USING (ordinal)
QUALIFY row_number() OVER (PARTITION BY c.account_id, c.report_date
    ORDER BY (f.to_date = c.report_date) DESC, f.when_generated DESC, ordinal DESC) = 1;

INSERT INTO observations BY NAME
SELECT 'cash' AS family, account_id, report_date, when_generated, $sha256 AS sha256, content FROM seen_cash;

CREATE OR REPLACE TEMP TABLE timeline_cash AS
WITH observed AS (
    -- Of several files of one second one counts: a version that lasted no time is none.
    SELECT account_id, report_date, when_generated, max(sha256) AS sha256, arg_max(content, sha256) AS content
    FROM observations o SEMI JOIN seen_cash s USING (account_id, report_date) WHERE o.family = 'cash' GROUP BY ALL
),
runs AS (
    SELECT *, content IS DISTINCT FROM lag(content) OVER by_time AS starts FROM observed
    WINDOW by_time AS (PARTITION BY account_id, report_date ORDER BY when_generated)
)
SELECT account_id, report_date, content, sha256 AS statement_sha256, when_generated AS known_from,
    lead(when_generated) OVER (PARTITION BY account_id, report_date ORDER BY when_generated) AS known_to
FROM runs WHERE starts;

CREATE OR REPLACE TEMP TABLE changed_cash AS
SELECT DISTINCT account_id, report_date FROM (
    (SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM timeline_cash
        EXCEPT SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM (SELECT v.* EXCLUDE (family) FROM versions v SEMI JOIN seen_cash s USING (account_id, report_date) WHERE v.family = 'cash'))
    UNION ALL
    (SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM (SELECT v.* EXCLUDE (family) FROM versions v SEMI JOIN seen_cash s USING (account_id, report_date) WHERE v.family = 'cash')
        EXCEPT SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM timeline_cash)
);

CREATE OR REPLACE TEMP TABLE rerated AS
SELECT DISTINCT p.account_id, p.report_date
FROM cash_balances_versions p JOIN bases a USING (account_id) JOIN rate_changes r
    ON r.from_currency = p.currency AND r.to_currency = a.base_currency
    AND p.report_date BETWEEN r.report_date AND r.report_date + 5
UNION
SELECT p.account_id, p.report_date FROM cash_balances_versions p SEMI JOIN rebased USING (account_id);

INSERT INTO timeline_cash BY NAME
SELECT v.* EXCLUDE (family) FROM versions v SEMI JOIN rerated USING (account_id, report_date) ANTI JOIN seen_cash USING (account_id, report_date)
WHERE v.family = 'cash';

INSERT INTO changed_cash FROM rerated EXCEPT FROM changed_cash;

DELETE FROM timeline_cash t
USING (SELECT account_id, report_date FROM timeline_cash EXCEPT SELECT account_id, report_date FROM changed_cash) k
WHERE k.account_id = t.account_id AND k.report_date = t.report_date;

CREATE OR REPLACE TEMP VIEW pool_cash_balances AS
(
    SELECT account_id, report_date, currency, ending_cash, ending_settled_cash,
        content, CAST(NULL AS BIGINT) AS row
    FROM cash_balances_versions SEMI JOIN (
        SELECT account_id, report_date, content, min(known_from) AS known_from
        FROM versions SEMI JOIN changed_cash USING (account_id, report_date) WHERE family = 'cash' GROUP BY ALL
    ) USING (account_id, report_date, content, known_from)
)
UNION ALL BY NAME
SELECT n.account_id, n.report_date, n.currency, n.ending_cash, n.ending_settled_cash,
    s.content, n.row
FROM new_cash_balances n JOIN seen_cash s USING (ordinal, account_id, report_date) SEMI JOIN changed_cash USING (account_id, report_date)
WHERE NOT EXISTS (FROM versions v WHERE v.family = 'cash' AND v.account_id = n.account_id
    AND v.report_date = n.report_date AND v.content = s.content);

CREATE OR REPLACE TEMP VIEW pool_cash_totals AS
(
    SELECT account_id, report_date, ending_cash, ending_settled_cash,
        content, CAST(NULL AS BIGINT) AS row
    FROM cash_totals_versions SEMI JOIN (
        SELECT account_id, report_date, content, min(known_from) AS known_from
        FROM versions SEMI JOIN changed_cash USING (account_id, report_date) WHERE family = 'cash' GROUP BY ALL
    ) USING (account_id, report_date, content, known_from)
)
UNION ALL BY NAME
SELECT n.account_id, n.report_date, n.ending_cash, n.ending_settled_cash,
    s.content, n.row
FROM new_cash_totals n JOIN seen_cash s USING (ordinal, account_id, report_date) SEMI JOIN changed_cash USING (account_id, report_date)
WHERE NOT EXISTS (FROM versions v WHERE v.family = 'cash' AND v.account_id = n.account_id
    AND v.report_date = n.report_date AND v.content = s.content);

CREATE OR REPLACE TEMP TABLE ready_cash_balances AS
SELECT p.*, t.statement_sha256, t.known_from, t.known_to
FROM pool_cash_balances p JOIN timeline_cash t USING (account_id, report_date, content);

CREATE OR REPLACE TEMP TABLE ready_cash_totals AS
SELECT p.*, t.statement_sha256, t.known_from, t.known_to
FROM pool_cash_totals p JOIN timeline_cash t USING (account_id, report_date, content);

DELETE FROM versions v USING changed_cash k
WHERE v.account_id = k.account_id AND v.report_date = k.report_date
    AND v.family = 'cash';

INSERT INTO versions BY NAME SELECT 'cash' AS family, * FROM timeline_cash;

DELETE FROM cash_balances_versions v USING changed_cash k
WHERE v.account_id = k.account_id AND v.report_date = k.report_date;

INSERT INTO cash_balances_versions BY NAME SELECT * EXCLUDE (row) FROM ready_cash_balances;

DELETE FROM cash_totals_versions v USING changed_cash k
WHERE v.account_id = k.account_id AND v.report_date = k.report_date;

INSERT INTO cash_totals_versions BY NAME SELECT * EXCLUDE (row) FROM ready_cash_totals;

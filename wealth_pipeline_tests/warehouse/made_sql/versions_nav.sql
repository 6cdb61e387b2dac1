CREATE OR REPLACE TEMP TABLE seen_nav AS
WITH contents AS (
SELECT ordinal, account_id, report_date, hash_of_all(line) AS content
FROM (
SELECT ordinal, account_id, report_date,
    md5_number(concat_ws('|', 'nav', coalesce(CAST(account_id AS VARCHAR), '-'), coalesce(CAST(report_date AS VARCHAR), '-'), coalesce(CAST(base_currency AS VARCHAR), '-'), coalesce(CAST(total AS VARCHAR), '-'), coalesce(CAST(cash AS VARCHAR), '-'), coalesce(CAST(slb_cash_collateral AS VARCHAR), '-'), coalesce(CAST(stock AS VARCHAR), '-'), coalesce(CAST(ipo_subscription AS VARCHAR), '-'), coalesce(CAST(slb_direct_securities_borrowed AS VARCHAR), '-'), coalesce(CAST(slb_direct_securities_lent AS VARCHAR), '-'), coalesce(CAST(options AS VARCHAR), '-'), coalesce(CAST(bonds AS VARCHAR), '-'), coalesce(CAST(commodities AS VARCHAR), '-'), coalesce(CAST(notes AS VARCHAR), '-'), coalesce(CAST(funds AS VARCHAR), '-'), coalesce(CAST(dividend_accruals AS VARCHAR), '-'), coalesce(CAST(interest_accruals AS VARCHAR), '-'), coalesce(CAST(soft_dollars AS VARCHAR), '-'), coalesce(CAST(forex_cfd_unrealized_pl AS VARCHAR), '-'), coalesce(CAST(cfd_unrealized_pl AS VARCHAR), '-'), coalesce(CAST(phys_del AS VARCHAR), '-'), coalesce(CAST(crypto AS VARCHAR), '-'), coalesce(CAST(lite_surcharge_accruals AS VARCHAR), '-'), coalesce(CAST(cgt_withholding_accruals AS VARCHAR), '-'))) AS line
FROM new_nav
UNION ALL
SELECT ordinal, account_id, report_date,
    md5_number(concat_ws('|', 'nav_components', coalesce(CAST(account_id AS VARCHAR), '-'), coalesce(CAST(report_date AS VARCHAR), '-'), coalesce(CAST(component AS VARCHAR), '-'), coalesce(CAST(amount AS VARCHAR), '-'), coalesce(CAST(counted AS VARCHAR), '-'))) AS line
FROM new_nav_components
) GROUP BY ALL
)
SELECT c.*, f.when_generated FROM contents c JOIN stage_statement f USING (ordinal)
QUALIFY row_number() OVER (PARTITION BY c.account_id, c.report_date
    ORDER BY (f.to_date = c.report_date) DESC, f.when_generated DESC, ordinal DESC) = 1;

INSERT INTO observations BY NAME
SELECT 'nav' AS family, account_id, report_date, when_generated, $sha256 AS sha256, content FROM seen_nav;

CREATE OR REPLACE TEMP TABLE timeline_nav AS
WITH observed AS (
    -- Of several files of one second one counts: a version that lasted no time is none.
    SELECT account_id, report_date, when_generated, max(sha256) AS sha256, arg_max(content, sha256) AS content
    FROM observations o SEMI JOIN seen_nav s USING (account_id, report_date) WHERE o.family = 'nav' GROUP BY ALL
),
runs AS (
    SELECT *, content IS DISTINCT FROM lag(content) OVER by_time AS starts FROM observed
    WINDOW by_time AS (PARTITION BY account_id, report_date ORDER BY when_generated)
)
SELECT account_id, report_date, content, sha256 AS statement_sha256, when_generated AS known_from,
    lead(when_generated) OVER (PARTITION BY account_id, report_date ORDER BY when_generated) AS known_to
FROM runs WHERE starts;

CREATE OR REPLACE TEMP TABLE changed_nav AS
SELECT DISTINCT account_id, report_date FROM (
    (SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM timeline_nav
        EXCEPT SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM (SELECT v.* EXCLUDE (family) FROM versions v SEMI JOIN seen_nav s USING (account_id, report_date) WHERE v.family = 'nav'))
    UNION ALL
    (SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM (SELECT v.* EXCLUDE (family) FROM versions v SEMI JOIN seen_nav s USING (account_id, report_date) WHERE v.family = 'nav')
        EXCEPT SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM timeline_nav)
);

DELETE FROM timeline_nav t
USING (SELECT account_id, report_date FROM timeline_nav EXCEPT SELECT account_id, report_date FROM changed_nav) k
WHERE k.account_id = t.account_id AND k.report_date = t.report_date;

CREATE OR REPLACE TEMP VIEW pool_nav AS
(
    SELECT account_id, report_date, base_currency, total, cash, slb_cash_collateral, stock, ipo_subscription, slb_direct_securities_borrowed, slb_direct_securities_lent, options, bonds, commodities, notes, funds, dividend_accruals, interest_accruals, soft_dollars, forex_cfd_unrealized_pl, cfd_unrealized_pl, phys_del, crypto, lite_surcharge_accruals, cgt_withholding_accruals,
        content, CAST(NULL AS BIGINT) AS row
    FROM nav_versions SEMI JOIN (
        SELECT account_id, report_date, content, min(known_from) AS known_from
        FROM versions SEMI JOIN changed_nav USING (account_id, report_date) WHERE family = 'nav' GROUP BY ALL
    ) USING (account_id, report_date, content, known_from)
)
UNION ALL BY NAME
SELECT n.account_id, n.report_date, n.base_currency, n.total, n.cash, n.slb_cash_collateral, n.stock, n.ipo_subscription, n.slb_direct_securities_borrowed, n.slb_direct_securities_lent, n.options, n.bonds, n.commodities, n.notes, n.funds, n.dividend_accruals, n.interest_accruals, n.soft_dollars, n.forex_cfd_unrealized_pl, n.cfd_unrealized_pl, n.phys_del, n.crypto, n.lite_surcharge_accruals, n.cgt_withholding_accruals,
    s.content, n.row
FROM new_nav n JOIN seen_nav s USING (ordinal, account_id, report_date) SEMI JOIN changed_nav USING (account_id, report_date)
WHERE NOT EXISTS (FROM versions v WHERE v.family = 'nav' AND v.account_id = n.account_id
    AND v.report_date = n.report_date AND v.content = s.content);

CREATE OR REPLACE TEMP VIEW pool_nav_components AS
(
    SELECT account_id, report_date, component, amount, counted,
        content, CAST(NULL AS BIGINT) AS row
    FROM nav_components_versions SEMI JOIN (
        SELECT account_id, report_date, content, min(known_from) AS known_from
        FROM versions SEMI JOIN changed_nav USING (account_id, report_date) WHERE family = 'nav' GROUP BY ALL
    ) USING (account_id, report_date, content, known_from)
)
UNION ALL BY NAME
SELECT n.account_id, n.report_date, n.component, n.amount, n.counted,
    s.content, n.row
FROM new_nav_components n JOIN seen_nav s USING (ordinal, account_id, report_date) SEMI JOIN changed_nav USING (account_id, report_date)
WHERE NOT EXISTS (FROM versions v WHERE v.family = 'nav' AND v.account_id = n.account_id
    AND v.report_date = n.report_date AND v.content = s.content);

CREATE OR REPLACE TEMP TABLE ready_nav AS
SELECT p.*, t.statement_sha256, t.known_from, t.known_to
FROM pool_nav p JOIN timeline_nav t USING (account_id, report_date, content);

CREATE OR REPLACE TEMP TABLE ready_nav_components AS
SELECT p.*, t.statement_sha256, t.known_from, t.known_to
FROM pool_nav_components p JOIN timeline_nav t USING (account_id, report_date, content);

DELETE FROM versions v USING changed_nav k
WHERE v.account_id = k.account_id AND v.report_date = k.report_date
    AND v.family = 'nav';

INSERT INTO versions BY NAME SELECT 'nav' AS family, * FROM timeline_nav;

DELETE FROM nav_versions v USING changed_nav k
WHERE v.account_id = k.account_id AND v.report_date = k.report_date;

INSERT INTO nav_versions BY NAME SELECT * EXCLUDE (row) FROM ready_nav;

DELETE FROM nav_components_versions v USING changed_nav k
WHERE v.account_id = k.account_id AND v.report_date = k.report_date;

INSERT INTO nav_components_versions BY NAME SELECT * EXCLUDE (row) FROM ready_nav_components;

CREATE OR REPLACE TEMP TABLE seen_positions AS
WITH contents AS (
SELECT ordinal, account_id, report_date, hash_of_all(line) AS content
FROM (
SELECT ordinal, account_id, report_date,
    md5_number(concat_ws('|', 'positions', coalesce(CAST(account_id AS VARCHAR), '-'), coalesce(CAST(model AS VARCHAR), '-'), coalesce(CAST(report_date AS VARCHAR), '-'), coalesce(CAST(conid AS VARCHAR), '-'), coalesce(CAST(security_id AS VARCHAR), '-'), coalesce(CAST(symbol AS VARCHAR), '-'), coalesce(CAST(description AS VARCHAR), '-'), coalesce(CAST(isin AS VARCHAR), '-'), coalesce(CAST(asset_class AS VARCHAR), '-'), coalesce(CAST(sub_category AS VARCHAR), '-'), coalesce(CAST(side AS VARCHAR), '-'), coalesce(CAST(currency AS VARCHAR), '-'), coalesce(CAST(quantity AS VARCHAR), '-'), coalesce(CAST(multiplier AS VARCHAR), '-'), coalesce(CAST(mark_price AS VARCHAR), '-'), coalesce(CAST(position_value AS VARCHAR), '-'), coalesce(CAST(stated_value_base AS VARCHAR), '-'), coalesce(CAST(cost_basis AS VARCHAR), '-'), coalesce(CAST(cost_basis_price AS VARCHAR), '-'), coalesce(CAST(unrealized_pnl AS VARCHAR), '-'), coalesce(CAST(unrealized_capital_gains_pnl AS VARCHAR), '-'), coalesce(CAST(unrealized_fx_pnl AS VARCHAR), '-'), coalesce(CAST(fx_rate_to_base AS VARCHAR), '-'), coalesce(CAST(underlying_symbol AS VARCHAR), '-'), coalesce(CAST(underlying_conid AS VARCHAR), '-'), coalesce(CAST(strike AS VARCHAR), '-'), coalesce(CAST(expiry AS VARCHAR), '-'), coalesce(CAST(put_call AS VARCHAR), '-'), coalesce(CAST(issuer_country AS VARCHAR), '-'), coalesce(CAST(listing_exchange AS VARCHAR), '-'), coalesce(CAST(from_lots AS VARCHAR), '-'))) AS line
FROM new_positions
UNION ALL
SELECT ordinal, account_id, report_date,
    md5_number(concat_ws('|', 'position_lots', coalesce(CAST(account_id AS VARCHAR), '-'), coalesce(CAST(model AS VARCHAR), '-'), coalesce(CAST(report_date AS VARCHAR), '-'), coalesce(CAST(conid AS VARCHAR), '-'), coalesce(CAST(security_id AS VARCHAR), '-'), coalesce(CAST(symbol AS VARCHAR), '-'), coalesce(CAST(description AS VARCHAR), '-'), coalesce(CAST(isin AS VARCHAR), '-'), coalesce(CAST(asset_class AS VARCHAR), '-'), coalesce(CAST(sub_category AS VARCHAR), '-'), coalesce(CAST(side AS VARCHAR), '-'), coalesce(CAST(currency AS VARCHAR), '-'), coalesce(CAST(quantity AS VARCHAR), '-'), coalesce(CAST(multiplier AS VARCHAR), '-'), coalesce(CAST(mark_price AS VARCHAR), '-'), coalesce(CAST(position_value AS VARCHAR), '-'), coalesce(CAST(stated_value_base AS VARCHAR), '-'), coalesce(CAST(cost_basis AS VARCHAR), '-'), coalesce(CAST(cost_basis_price AS VARCHAR), '-'), coalesce(CAST(unrealized_pnl AS VARCHAR), '-'), coalesce(CAST(unrealized_capital_gains_pnl AS VARCHAR), '-'), coalesce(CAST(unrealized_fx_pnl AS VARCHAR), '-'), coalesce(CAST(fx_rate_to_base AS VARCHAR), '-'), coalesce(CAST(open_datetime AS VARCHAR), '-'), coalesce(CAST(holding_period_datetime AS VARCHAR), '-'), coalesce(CAST(code AS VARCHAR), '-'), coalesce(CAST(originating_order_id AS VARCHAR), '-'), coalesce(CAST(originating_transaction_id AS VARCHAR), '-'))) AS line
FROM new_position_lots
UNION ALL
SELECT ordinal, account_id, to_date, md5_number('none') FROM stage_statement
WHERE list_contains(sections, 'OpenPositions') AND (ordinal, account_id) NOT IN (SELECT (ordinal, account_id) FROM stage_open_position)
) GROUP BY ALL
)
SELECT c.*, f.when_generated FROM contents c JOIN stage_statement f USING (ordinal)
QUALIFY row_number() OVER (PARTITION BY c.account_id, c.report_date
    ORDER BY (f.to_date = c.report_date) DESC, f.when_generated DESC, ordinal DESC) = 1;

INSERT INTO observations BY NAME
SELECT 'positions' AS family, account_id, report_date, when_generated, $sha256 AS sha256, content FROM seen_positions;

CREATE OR REPLACE TEMP TABLE timeline_positions AS
WITH observed AS (
    -- Of several files of one second one counts: a version that lasted no time is none.
    SELECT account_id, report_date, when_generated, max(sha256) AS sha256, arg_max(content, sha256) AS content
    FROM observations o SEMI JOIN seen_positions s USING (account_id, report_date) WHERE o.family = 'positions' GROUP BY ALL
),
runs AS (
    SELECT *, content IS DISTINCT FROM lag(content) OVER by_time AS starts FROM observed
    WINDOW by_time AS (PARTITION BY account_id, report_date ORDER BY when_generated)
)
SELECT account_id, report_date, content, sha256 AS statement_sha256, when_generated AS known_from,
    lead(when_generated) OVER (PARTITION BY account_id, report_date ORDER BY when_generated) AS known_to
FROM runs WHERE starts;

CREATE OR REPLACE TEMP TABLE changed_positions AS
SELECT DISTINCT account_id, report_date FROM (
    (SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM timeline_positions
        EXCEPT SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM (SELECT v.* EXCLUDE (family) FROM versions v SEMI JOIN seen_positions s USING (account_id, report_date) WHERE v.family = 'positions'))
    UNION ALL
    (SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM (SELECT v.* EXCLUDE (family) FROM versions v SEMI JOIN seen_positions s USING (account_id, report_date) WHERE v.family = 'positions')
        EXCEPT SELECT account_id, report_date, content, statement_sha256, known_from, known_to FROM timeline_positions)
);

CREATE OR REPLACE TEMP TABLE rerated AS
SELECT DISTINCT p.account_id, p.report_date
FROM positions_versions p JOIN bases a USING (account_id) JOIN rate_changes r
    ON r.from_currency = p.currency AND r.to_currency = a.base_currency
    AND p.report_date BETWEEN r.report_date AND r.report_date + 5
UNION
SELECT p.account_id, p.report_date FROM positions_versions p SEMI JOIN rebased USING (account_id);

INSERT INTO timeline_positions BY NAME
SELECT v.* EXCLUDE (family) FROM versions v SEMI JOIN rerated USING (account_id, report_date) ANTI JOIN seen_positions USING (account_id, report_date)
WHERE v.family = 'positions';

INSERT INTO changed_positions FROM rerated EXCEPT FROM changed_positions;

DELETE FROM timeline_positions t
USING (SELECT account_id, report_date FROM timeline_positions EXCEPT SELECT account_id, report_date FROM changed_positions) k
WHERE k.account_id = t.account_id AND k.report_date = t.report_date;

CREATE OR REPLACE TEMP VIEW pool_positions AS
(
    SELECT account_id, model, report_date, conid, security_id, symbol, description, isin, asset_class, sub_category, side, currency, quantity, multiplier, mark_price, position_value, stated_value_base, CASE WHEN NOT cost_basis_derived THEN cost_basis END AS cost_basis, cost_basis_price, unrealized_pnl, unrealized_capital_gains_pnl, unrealized_fx_pnl, CASE WHEN NOT fx_rate_derived THEN fx_rate_to_base END AS fx_rate_to_base, underlying_symbol, underlying_conid, strike, expiry, put_call, issuer_country, listing_exchange, from_lots,
        content, CAST(NULL AS BIGINT) AS row
    FROM positions_versions SEMI JOIN (
        SELECT account_id, report_date, content, min(known_from) AS known_from
        FROM versions SEMI JOIN changed_positions USING (account_id, report_date) WHERE family = 'positions' GROUP BY ALL
    ) USING (account_id, report_date, content, known_from)
)
UNION ALL BY NAME
SELECT n.account_id, n.model, n.report_date, n.conid, n.security_id, n.symbol, n.description, n.isin, n.asset_class, n.sub_category, n.side, n.currency, n.quantity, n.multiplier, n.mark_price, n.position_value, n.stated_value_base, n.cost_basis, n.cost_basis_price, n.unrealized_pnl, n.unrealized_capital_gains_pnl, n.unrealized_fx_pnl, n.fx_rate_to_base, n.underlying_symbol, n.underlying_conid, n.strike, n.expiry, n.put_call, n.issuer_country, n.listing_exchange, n.from_lots,
    s.content, n.row
FROM new_positions n JOIN seen_positions s USING (ordinal, account_id, report_date) SEMI JOIN changed_positions USING (account_id, report_date)
WHERE NOT EXISTS (FROM versions v WHERE v.family = 'positions' AND v.account_id = n.account_id
    AND v.report_date = n.report_date AND v.content = s.content);

CREATE OR REPLACE TEMP VIEW pool_position_lots AS
(
    SELECT account_id, model, report_date, conid, security_id, symbol, description, isin, asset_class, sub_category, side, currency, quantity, multiplier, mark_price, position_value, stated_value_base, CASE WHEN NOT cost_basis_derived THEN cost_basis END AS cost_basis, cost_basis_price, unrealized_pnl, unrealized_capital_gains_pnl, unrealized_fx_pnl, CASE WHEN NOT fx_rate_derived THEN fx_rate_to_base END AS fx_rate_to_base, open_datetime, holding_period_datetime, code, originating_order_id, originating_transaction_id,
        content, CAST(NULL AS BIGINT) AS row
    FROM position_lots_versions SEMI JOIN (
        SELECT account_id, report_date, content, min(known_from) AS known_from
        FROM versions SEMI JOIN changed_positions USING (account_id, report_date) WHERE family = 'positions' GROUP BY ALL
    ) USING (account_id, report_date, content, known_from)
)
UNION ALL BY NAME
SELECT n.account_id, n.model, n.report_date, n.conid, n.security_id, n.symbol, n.description, n.isin, n.asset_class, n.sub_category, n.side, n.currency, n.quantity, n.multiplier, n.mark_price, n.position_value, n.stated_value_base, n.cost_basis, n.cost_basis_price, n.unrealized_pnl, n.unrealized_capital_gains_pnl, n.unrealized_fx_pnl, n.fx_rate_to_base, n.open_datetime, n.holding_period_datetime, n.code, n.originating_order_id, n.originating_transaction_id,
    s.content, n.row
FROM new_position_lots n JOIN seen_positions s USING (ordinal, account_id, report_date) SEMI JOIN changed_positions USING (account_id, report_date)
WHERE NOT EXISTS (FROM versions v WHERE v.family = 'positions' AND v.account_id = n.account_id
    AND v.report_date = n.report_date AND v.content = s.content);

CREATE OR REPLACE TEMP TABLE ready_positions AS
SELECT p.*, t.statement_sha256, t.known_from, t.known_to
FROM pool_positions p JOIN timeline_positions t USING (account_id, report_date, content);

CREATE OR REPLACE TEMP TABLE ready_position_lots AS
SELECT p.*, t.statement_sha256, t.known_from, t.known_to
FROM pool_position_lots p JOIN timeline_positions t USING (account_id, report_date, content);

DELETE FROM versions v USING changed_positions k
WHERE v.account_id = k.account_id AND v.report_date = k.report_date
    AND v.family = 'positions';

INSERT INTO versions BY NAME SELECT 'positions' AS family, * FROM timeline_positions;

DELETE FROM positions_versions v USING changed_positions k
WHERE v.account_id = k.account_id AND v.report_date = k.report_date;

INSERT INTO positions_versions BY NAME SELECT * EXCLUDE (row) FROM ready_positions;

DELETE FROM position_lots_versions v USING changed_positions k
WHERE v.account_id = k.account_id AND v.report_date = k.report_date;

INSERT INTO position_lots_versions BY NAME SELECT * EXCLUDE (row) FROM ready_position_lots;

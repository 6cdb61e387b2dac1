CREATE OR REPLACE TEMP TABLE new_cash_transactions AS
SELECT *, row_number() OVER (PARTITION BY ordinal, account_id, row_hash ORDER BY row) AS place,
    min(row_hash) OVER same_id = max(row_hash) OVER same_id AND transaction_id IS NOT NULL AS repeated
FROM (
    SELECT *, md5(concat_ws('|', coalesce(CAST(transaction_id AS VARCHAR), '-'), coalesce(CAST(account_id AS VARCHAR), '-'), coalesce(CAST(type AS VARCHAR), '-'), coalesce(CAST(currency AS VARCHAR), '-'), coalesce(CAST(amount AS VARCHAR), '-'), coalesce(CAST(fx_rate_to_base AS VARCHAR), '-'), coalesce(CAST(report_date AS VARCHAR), '-'), coalesce(CAST(date_time AS VARCHAR), '-'), coalesce(CAST(settle_date AS VARCHAR), '-'), coalesce(CAST(ex_date AS VARCHAR), '-'), coalesce(CAST(conid AS VARCHAR), '-'), coalesce(CAST(symbol AS VARCHAR), '-'), coalesce(CAST(isin AS VARCHAR), '-'), coalesce(CAST(asset_class AS VARCHAR), '-'), coalesce(CAST(description AS VARCHAR), '-'), coalesce(CAST(action_id AS VARCHAR), '-'), coalesce(CAST(event_date AS VARCHAR), '-'))) AS row_hash
    FROM (
        SELECT n.transaction_id, n.account_id, n.type, n.currency, n.amount, n.fx_rate_to_base, n.report_date, n.date_time, n.settle_date, n.ex_date, n.conid, n.symbol, n.isin, n.asset_class, n.description, n.action_id,
            n.ordinal, n.row, f.account_id AS statement_account_id, f.when_generated,
            coalesce(n.report_date, CASE WHEN f.from_date = f.to_date THEN f.to_date END,
                CAST(date_time - INTERVAL 4 HOUR AS DATE), settle_date, f.to_date) AS event_date
        FROM stage_cash_transaction n JOIN stage_statement f USING (ordinal)
    )
)
WINDOW same_id AS (PARTITION BY ordinal, account_id, transaction_id);

DELETE FROM new_cash_transactions WHERE repeated AND place > 1;

DELETE FROM new_cash_transactions WHERE rowid IN (
    SELECT rowid FROM new_cash_transactions
    QUALIFY row_number() OVER (
        PARTITION BY account_id, row_hash, place ORDER BY when_generated DESC, ordinal DESC) > 1);

DELETE FROM cash_transactions t USING (SELECT *, $sha256 AS sha256 FROM stage_statement) f
WHERE list_contains(f.sections, $section) AND f.account_id = t.statement_account_id
    AND t.event_date BETWEEN f.from_date AND f.to_date
    AND (f.when_generated, f.sha256) > (t.known_since, t.statement_sha256);

DELETE FROM new_cash_transactions n USING statement_accounts f, stage_statement s
WHERE list_contains(f.sections, $section) AND f.account_id = n.statement_account_id AND s.ordinal = n.ordinal
    AND n.event_date BETWEEN f.from_date AND f.to_date
    AND (f.when_generated, f.sha256) > (n.when_generated, $sha256)
    AND (f.sha256 <> $sha256 OR f.from_date <> s.from_date OR f.to_date <> s.to_date);

CREATE OR REPLACE TEMP TABLE stored_events AS
SELECT *, row_number() OVER (
    PARTITION BY account_id, row_hash ORDER BY known_since DESC, statement_sha256 DESC) AS place
FROM (
    SELECT *, CASE WHEN report_date IS NULL AND transaction_id IS NOT NULL THEN transaction_id ELSE row_hash END AS known_by
    FROM (
        SELECT rowid AS id, account_id, report_date, transaction_id, known_since, statement_sha256,
            md5(concat_ws('|', coalesce(CAST(transaction_id AS VARCHAR), '-'), coalesce(CAST(account_id AS VARCHAR), '-'), coalesce(CAST(type AS VARCHAR), '-'), coalesce(CAST(currency AS VARCHAR), '-'), coalesce(CAST(amount AS VARCHAR), '-'), coalesce(CAST(fx_rate_to_base AS VARCHAR), '-'), coalesce(CAST(report_date AS VARCHAR), '-'), coalesce(CAST(date_time AS VARCHAR), '-'), coalesce(CAST(settle_date AS VARCHAR), '-'), coalesce(CAST(ex_date AS VARCHAR), '-'), coalesce(CAST(conid AS VARCHAR), '-'), coalesce(CAST(symbol AS VARCHAR), '-'), coalesce(CAST(isin AS VARCHAR), '-'), coalesce(CAST(asset_class AS VARCHAR), '-'), coalesce(CAST(description AS VARCHAR), '-'), coalesce(CAST(action_id AS VARCHAR), '-'), coalesce(CAST(event_date AS VARCHAR), '-'))) AS row_hash
        FROM cash_transactions SEMI JOIN new_cash_transactions USING (account_id)
    )
);

CREATE OR REPLACE TEMP TABLE outdated AS
SELECT s.id FROM stored_events s JOIN (SELECT *, CASE WHEN report_date IS NULL AND transaction_id IS NOT NULL THEN transaction_id ELSE row_hash END AS known_by FROM new_cash_transactions) n
    ON n.account_id = s.account_id AND n.known_by = s.known_by AND (n.place = s.place OR n.row_hash <> s.row_hash)
WHERE (n.when_generated, $sha256) > (s.known_since, s.statement_sha256);

DELETE FROM new_cash_transactions WHERE row IN (
SELECT n.row FROM stored_events s JOIN (SELECT *, CASE WHEN report_date IS NULL AND transaction_id IS NOT NULL THEN transaction_id ELSE row_hash END AS known_by FROM new_cash_transactions) n
    ON n.account_id = s.account_id AND n.known_by = s.known_by AND (n.place = s.place OR n.row_hash <> s.row_hash)
WHERE NOT (n.when_generated, $sha256) > (s.known_since, s.statement_sha256));

DELETE FROM cash_transactions WHERE rowid IN (FROM outdated);

CREATE OR REPLACE TEMP TABLE ready_cash_transactions AS
SELECT * EXCLUDE (ordinal, place, repeated, row_hash, when_generated), coalesce(transaction_id, row_hash) AS row_id,
    when_generated AS known_since, $sha256 AS statement_sha256
FROM new_cash_transactions;

UPDATE cash_transactions t SET row_id = n.row_id
FROM (
    SELECT rowid AS id, CASE WHEN transaction_id IS NULL THEN md5(row_hash || '|' || place)
        WHEN alike > 1 THEN transaction_id || '/' || place ELSE transaction_id END AS row_id
    FROM (
        SELECT rowid, transaction_id, row_hash, count(*) OVER (PARTITION BY account_id, transaction_id) AS alike,
            row_number() OVER (PARTITION BY account_id, coalesce(transaction_id, row_hash)
                ORDER BY event_date, row_hash, known_since, statement_sha256) AS place
        FROM (
            SELECT *, rowid, md5(concat_ws('|', coalesce(CAST(transaction_id AS VARCHAR), '-'), coalesce(CAST(account_id AS VARCHAR), '-'), coalesce(CAST(type AS VARCHAR), '-'), coalesce(CAST(currency AS VARCHAR), '-'), coalesce(CAST(amount AS VARCHAR), '-'), coalesce(CAST(fx_rate_to_base AS VARCHAR), '-'), coalesce(CAST(report_date AS VARCHAR), '-'), coalesce(CAST(date_time AS VARCHAR), '-'), coalesce(CAST(settle_date AS VARCHAR), '-'), coalesce(CAST(ex_date AS VARCHAR), '-'), coalesce(CAST(conid AS VARCHAR), '-'), coalesce(CAST(symbol AS VARCHAR), '-'), coalesce(CAST(isin AS VARCHAR), '-'), coalesce(CAST(asset_class AS VARCHAR), '-'), coalesce(CAST(description AS VARCHAR), '-'), coalesce(CAST(action_id AS VARCHAR), '-'), coalesce(CAST(event_date AS VARCHAR), '-'))) AS row_hash
            FROM cash_transactions WHERE account_id IN (
                SELECT account_id FROM stage_statement
                UNION SELECT account_id FROM cash_transactions SEMI JOIN (
                    SELECT account_id AS statement_account_id FROM stage_statement) USING (statement_account_id))
        )
    )
) n
WHERE t.rowid = n.id AND t.row_id <> n.row_id;

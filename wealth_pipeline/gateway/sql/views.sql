-- The newest snapshot of each account.
CREATE VIEW live_nav_latest AS
SELECT * FROM live_nav QUALIFY row_number() OVER (PARTITION BY account_id ORDER BY captured_at DESC) = 1;

CREATE VIEW live_cash_latest AS
SELECT c.* FROM live_cash c SEMI JOIN live_nav_latest USING (account_id, captured_at);

CREATE VIEW live_positions_latest AS
SELECT p.* FROM live_positions p SEMI JOIN live_nav_latest USING (account_id, captured_at);

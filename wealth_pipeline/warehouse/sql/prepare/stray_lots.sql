-- Lots that may be of one of the SUMMARY rows of their account and day, and are of none for certain: as positions of
-- their own they would be counted twice. A lot of a contract that has no SUMMARY row is its position.
-- A row may lack an identifier that another one of its contract has: the strongest that both have decides, and the row
-- that lacks one takes it from the other. A lot without a model may be of any.
-- In: stage_open_position, with a level in every row.
-- Out: the same with these identifiers; stray_lots: row.
CREATE OR REPLACE TEMP VIEW summary_rows AS
SELECT * EXCLUDE (level_of_detail) FROM stage_open_position WHERE level_of_detail = 'SUMMARY';

CREATE OR REPLACE TEMP VIEW unmatched_lots AS
SELECT l.* FROM (FROM stage_open_position WHERE level_of_detail = 'LOT') l
SEMI JOIN summary_rows d USING (ordinal, account_id, report_date)
ANTI JOIN summary_rows s
    ON s.ordinal = l.ordinal AND s.account_id = l.account_id AND s.report_date = l.report_date
    AND s.model IS NOT DISTINCT FROM l.model
    AND coalesce(s.conid, s.security_id, s.symbol) = coalesce(l.conid, l.security_id, l.symbol);

-- Where one lot could be of several SUMMARY rows, nothing says of which.
CREATE OR REPLACE TEMP VIEW lots_of_summaries AS
SELECT l.row, s.row AS summary_row, l.conid AS lot_conid, l.security_id AS lot_security_id, s.model, s.conid,
    s.security_id, s.symbol
FROM unmatched_lots l JOIN summary_rows s
    ON s.ordinal = l.ordinal AND s.account_id = l.account_id AND s.report_date = l.report_date
    AND (l.model IS NULL OR s.model = l.model)
    AND CASE WHEN s.conid IS NOT NULL AND l.conid IS NOT NULL THEN s.conid = l.conid
             WHEN s.security_id IS NOT NULL AND l.security_id IS NOT NULL THEN s.security_id = l.security_id
             ELSE s.symbol = l.symbol END
QUALIFY count(*) OVER (PARTITION BY l.row) = 1;

UPDATE stage_open_position p
SET conid = coalesce(p.conid, s.conid), security_id = coalesce(p.security_id, s.security_id)
FROM (
    SELECT summary_row, min(lot_conid) AS conid, min(lot_security_id) AS security_id FROM lots_of_summaries
    GROUP BY summary_row HAVING count(DISTINCT lot_conid) < 2 AND count(DISTINCT lot_security_id) < 2
) s
WHERE p.row = s.summary_row AND (p.conid IS NULL OR p.security_id IS NULL);

UPDATE stage_open_position p SET model = s.model, conid = coalesce(p.conid, s.conid),
    security_id = coalesce(p.security_id, s.security_id), symbol = coalesce(p.symbol, s.symbol)
FROM (FROM lots_of_summaries) s WHERE p.row = s.row;

CREATE OR REPLACE TEMP TABLE stray_lots AS
SELECT l.row FROM unmatched_lots l SEMI JOIN summary_rows s
    ON s.ordinal = l.ordinal AND s.account_id = l.account_id AND s.report_date = l.report_date
    AND coalesce(CASE WHEN s.conid IS NOT NULL AND l.conid IS NOT NULL THEN s.conid = l.conid
        WHEN s.security_id IS NOT NULL AND l.security_id IS NOT NULL THEN s.security_id = l.security_id
        ELSE s.symbol = l.symbol END, true);

-- Years of two digits, in the maturity or expiry of what is held: it has not matured, so the year is the next such one.
-- In: stage_open_position, stage_security_info. Out: both with the years that are meant.
UPDATE stage_open_position SET expiry = expiry + INTERVAL 100 YEAR WHERE expiry < report_date AND quantity <> 0;
UPDATE stage_security_info s SET
    maturity = CASE WHEN s.maturity < h.report_date THEN s.maturity + INTERVAL 100 YEAR ELSE s.maturity END,
    expiry = CASE WHEN s.expiry < h.report_date THEN s.expiry + INTERVAL 100 YEAR ELSE s.expiry END
FROM (
    SELECT ordinal, conid, max(report_date) AS report_date FROM stage_open_position WHERE quantity <> 0 GROUP BY ALL
) h
WHERE h.ordinal = s.ordinal AND h.conid = s.conid AND least(s.maturity, s.expiry) < h.report_date;

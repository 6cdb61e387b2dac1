-- In: periods_asked, periods_made. Out: the stored returns_periods and returns_monthly of these periods.
DELETE FROM returns_periods p USING periods_asked k WHERE k.scope = p.scope AND k.period = p.period;
INSERT INTO returns_periods BY NAME
SELECT * EXCLUDE (days_paid, amounts) FROM periods_made WHERE period NOT LIKE '____-__';
DELETE FROM returns_monthly m USING periods_asked k
WHERE k.scope = m.scope AND k.period = strftime(make_date(m.year, m.month, 1), '%Y-%m');
INSERT INTO returns_monthly BY NAME
SELECT scope, CAST(period[:4] AS INTEGER) AS year, CAST(period[6:] AS INTEGER) AS month, twr_percent, gain,
    net_flows, status
FROM periods_made WHERE period LIKE '____-__';

-- In: household_made, household_span, household_now. Out: the stored household_daily of these days, household_members.
DELETE FROM household_daily d USING household_span s WHERE d.report_date BETWEEN s.first AND s.last;
DELETE FROM household_daily d USING household_made m WHERE d.report_date = m.report_date;
INSERT INTO household_daily BY NAME FROM household_made;
DELETE FROM household_daily
    WHERE report_date < (SELECT min(report_date) FROM household_daily WHERE end_value IS NOT NULL);
DELETE FROM household_members;
INSERT INTO household_members BY NAME FROM household_now;

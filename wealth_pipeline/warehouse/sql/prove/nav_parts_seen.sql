-- A new component of IBKR's is seen to be a part of the total where it is exactly what is lacking: it alone among the
-- others, or all of them together. This is asked of each day by itself, so that it does not matter which came first.
-- In: changed_nav, other_components, left_over.
-- Out: the stored nav_parts_seen of these days, from which the view nav_parts_learned follows; learned_before: what it
--     was before.
CREATE OR REPLACE TEMP TABLE learned_before AS FROM nav_parts_learned;
DELETE FROM nav_parts_seen s USING changed_nav c WHERE c.account_id = s.account_id AND c.report_date = s.report_date;
INSERT INTO nav_parts_seen
SELECT account_id, report_date, component
FROM other_components('changed_nav') JOIN left_over('changed_nav') USING (account_id, report_date)
WHERE abs(lacking) > tolerance AND len(unticked) = 0
WINDOW of_day AS (PARTITION BY account_id, report_date)
QUALIFY CASE count(*) FILTER (abs(lacking - amount) <= tolerance) OVER of_day
    WHEN 1 THEN abs(lacking - amount) <= tolerance
    WHEN 0 THEN abs(lacking - sum(amount) OVER of_day) <= tolerance
    ELSE false END;

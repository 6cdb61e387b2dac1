-- What the verified list leaves of each day's total, and which fields without it need not be nothing are lacking.
-- In: nav_components; days (the name of a relation): account_id, report_date.
-- Out: account_id, report_date, counted (the sum of the list), terms, lacking (the total less that sum), tolerance,
--     unticked (the fields).
CREATE OR REPLACE TEMP MACRO left_over(days) AS TABLE
    SELECT account_id, report_date, sum(amount) FILTER (counted) AS counted, count(*) FILTER (counted) AS terms,
        any_value(amount) FILTER (component = 'total') - sum(amount) FILTER (counted) AS lacking,
        unit_of(max(decimals_of(amount))) * (count(*) FILTER (counted) + 1) AS tolerance,
        list_filter_out(['cash', 'stock', 'options', 'bonds', 'dividendAccruals', 'interestAccruals'],
            list(component)) AS unticked
    FROM nav_components SEMI JOIN (FROM query_table(days)) USING (account_id, report_date) GROUP BY ALL;

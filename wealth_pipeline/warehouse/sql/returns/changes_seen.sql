-- What the statement says of the flows and the return of each period: its Change in NAV, kept whatever others say.
-- In: ready_nav_changes, flow_components. Out: the stored nav_changes_seen.
INSERT INTO nav_changes_seen BY NAME
SELECT account_id, from_date, to_date, known_since AS when_generated, statement_sha256 AS sha256,
    max(amount) FILTER (component = 'startingValue') AS starting_value,
    max(amount) FILTER (component = 'endingValue') AS ending_value, max(amount) FILTER (component = 'twr') AS twr,
    count(*) FILTER (counts = 'always') = 5
        OR sum(CASE component WHEN 'twr' THEN 0 WHEN 'endingValue' THEN -amount ELSE amount END) = 0 AS whole,
    coalesce(list({component: component, kind: kind, amount: amount} ORDER BY component)
        FILTER ((counts = 'always' OR counts IS NULL) AND amount <> 0), []) AS flows
FROM ready_nav_changes LEFT JOIN flow_components USING (component) GROUP BY ALL;

-- The proof of the NAV, for the account-days that this statement touched, and those whose proof rests on them.
-- Every check states what it compared; what cannot be compared is not_evaluable, with the reason.
-- Tolerance: (number of terms + 1) units of the finest decimal in the day's NAV row and in the figures compared; of a sum
-- over more than a day see `tolerance_of`.
-- What does not add up fails, unless the statements themselves say why it need not: fields that the query lacks,
-- a NAV that was restated after the rest was last seen, a rate of another day. That is not_evaluable.

-- Names for people: five, and how many more.
CREATE OR REPLACE TEMP MACRO named(names) AS array_to_string(list_sort(names)[:5], ', ')
    || CASE WHEN len(names) > 5 THEN ' and ' || (len(names) - 5) || ' more' ELSE '' END;

-- The tolerance of a sum of attributes. IBKR: over more than a day each of them is itself a sum of conversions that were
-- rounded to nine decimals, so that the residue grows with the days of the period.
CREATE OR REPLACE TEMP MACRO tolerance_of(decimals, attributes, days) AS CAST(CASE WHEN days > 1
    THEN CAST(0.000000001 AS DECIMAL(18,9)) * attributes * days ELSE unit_of(decimals) * (attributes + 1) END
    AS DECIMAL(38,12));

-- A sum whose rounding could hide half a cent proves nothing.
CREATE OR REPLACE TEMP MACRO too_long(tolerance, days) AS CASE WHEN days > 1 AND tolerance >= 0.005
    THEN 'over ' || days || ' days IBKR''s rounding alone could add up to half a cent' END;

-- The amounts of a NAV row that are not on the verified list, as wholes: a side stands for its whole where that has no
-- value. The ...Component attributes are parts of others.
CREATE OR REPLACE TEMP MACRO other_components(days) AS TABLE
    SELECT account_id, report_date, regexp_replace(component, '(Long|Short)$', '') AS component, sum(amount) AS amount
    FROM nav_components SEMI JOIN (FROM query_table(days)) USING (account_id, report_date)
    WHERE NOT counted AND component NOT IN ('total', 'totalLong', 'totalShort')
        AND NOT regexp_matches(component, 'Component(Long|Short)?$')
    GROUP BY ALL HAVING sum(amount) <> 0;

-- What the verified list leaves of each day's total, and which fields without it need not be nothing are lacking.
CREATE OR REPLACE TEMP MACRO left_over(days) AS TABLE
    SELECT account_id, report_date, sum(amount) FILTER (counted) AS counted, count(*) FILTER (counted) AS terms,
        any_value(amount) FILTER (component = 'total') - sum(amount) FILTER (counted) AS lacking,
        unit_of(max(decimals_of(amount))) * (count(*) FILTER (counted) + 1) AS tolerance,
        list_filter_out(['cash', 'stock', 'options', 'bonds', 'dividendAccruals', 'interestAccruals'],
            list(component)) AS unticked
    FROM nav_components SEMI JOIN (FROM query_table(days)) USING (account_id, report_date) GROUP BY ALL;

-- A new component of IBKR's is seen to be a part of the total where it is exactly what is lacking: it alone among the
-- others, or all of them together. This is asked of each day by itself, so that it does not matter which came first.
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

-- What is learned, or no longer holds, concerns all days of the account that state it.
CREATE OR REPLACE TEMP TABLE touched AS
    FROM changed_nav UNION FROM changed_positions UNION FROM changed_cash UNION FROM changed_dividends
    UNION SELECT account_id, to_date FROM new_nav_changes
    UNION SELECT account_id, to_date FROM new_cash_flows
    UNION FROM aside_days
    UNION
    SELECT n.account_id, n.report_date FROM nav_components n JOIN (
        (FROM nav_parts_learned EXCEPT FROM learned_before) UNION (FROM learned_before EXCEPT FROM nav_parts_learned)
    ) l ON l.account_id = n.account_id AND l.component = regexp_replace(n.component, '(Long|Short)$', '');

CREATE OR REPLACE TEMP TABLE todo AS
    FROM touched
    UNION
    SELECT t.account_id, n.report_date FROM touched t
    ASOF JOIN (SELECT account_id, report_date FROM nav) n
        ON n.account_id = t.account_id AND n.report_date > t.report_date
    UNION
    -- A bridge rests on the newest NAV before its period.
    SELECT t.account_id, c.to_date
    FROM (
        SELECT t.account_id, t.report_date, n.report_date AS next_date FROM touched t
        ASOF LEFT JOIN (SELECT account_id, report_date FROM nav) n
            ON n.account_id = t.account_id AND n.report_date > t.report_date
    ) t JOIN nav_changes c ON c.account_id = t.account_id AND c.from_date > t.report_date
        AND (t.next_date IS NULL OR c.from_date <= t.next_date)
    UNION
    -- Accrued dividends may need a conversion rate.
    SELECT d.account_id, d.report_date FROM dividend_accruals d JOIN bases a USING (account_id) JOIN rate_changes r
        ON r.from_currency = d.currency AND r.to_currency = a.base_currency
        AND d.report_date BETWEEN r.report_date AND r.report_date + 5
    WHERE d.fx_rate_to_base IS NULL
    UNION
    SELECT d.account_id, d.report_date FROM dividend_accruals d SEMI JOIN rebased USING (account_id)
    UNION
    -- Shown again as they were, after the NAV was restated: nothing changed, but they can be compared now.
    SELECT s.account_id, s.report_date FROM (
        SELECT 'positions' AS check_name, account_id, report_date FROM seen_positions
        UNION ALL SELECT 'cash', account_id, report_date FROM seen_cash
        UNION ALL SELECT 'dividends', account_id, report_date FROM seen_dividends
    ) s SEMI JOIN (FROM reconciliation WHERE status = 'not_evaluable') USING (check_name, account_id, report_date);

CREATE OR REPLACE TEMP TABLE todo_nav AS
    SELECT n.* FROM nav n SEMI JOIN todo USING (account_id, report_date);
CREATE OR REPLACE TEMP TABLE todo_components AS
    SELECT n.* FROM nav_components n SEMI JOIN todo USING (account_id, report_date);

CREATE OR REPLACE TEMP TABLE fineness AS
    SELECT account_id, report_date, max(decimals_of(amount)) AS finest FROM todo_components GROUP BY ALL;

-- When a statement last showed each family of tables. Versions fold equal contents: theirs is the time of the first.
CREATE OR REPLACE TEMP TABLE last_seen AS
    SELECT family, account_id, report_date, max(when_generated) AS seen
    FROM observations SEMI JOIN todo USING (account_id, report_date) GROUP BY ALL;

-- Rows that the newest statement which has one of a section, account and day set aside: the others are not all of them.
CREATE OR REPLACE TEMP TABLE newest_aside AS
    SELECT element, account_id, report_date, max(when_generated) AS seen,
        CASE WHEN count(*) = 1 THEN 'a row' ELSE count(*) || ' rows' END || ' of ' || any_value(section)
            || CASE WHEN count(*) = 1 THEN ' was' ELSE ' were' END || ' set aside: ' || min(reason) AS told
    FROM (
        SELECT r.*, f.when_generated
        FROM rows_set_aside r SEMI JOIN todo USING (account_id, report_date)
        JOIN (SELECT sha256, ordinal, when_generated FROM statement_accounts) f USING (sha256, ordinal)
        QUALIFY f.when_generated = max(f.when_generated) OVER (PARTITION BY element, account_id, report_date)
    ) GROUP BY ALL;

-- A rate of up to five days before shows what something is worth, and proves nothing.
CREATE OR REPLACE TEMP TABLE older_rates AS
    SELECT c.account_id, c.report_date, c.currency,
        CASE WHEN c.currency <> c.base_currency AND r.report_date < c.report_date
            THEN c.currency || ' is converted at the rate of ' || r.report_date END AS told
    FROM (
        FROM (
            SELECT account_id, report_date, currency FROM positions WHERE fx_rate_derived
            UNION SELECT account_id, report_date, currency FROM cash_balances
            UNION SELECT account_id, report_date, currency FROM dividend_accruals WHERE fx_rate_to_base IS NULL
        ) SEMI JOIN todo USING (account_id, report_date) JOIN bases USING (account_id)
    ) c
    ASOF JOIN fx_rates r
        ON r.from_currency = c.currency AND r.to_currency = c.base_currency AND r.report_date <= c.report_date;

-- IBKR writes 0 into profits and losses that are not ready.
CREATE OR REPLACE TEMP TABLE unready AS
    SELECT account_id, report_date, 'profit and loss are not ready at IBKR' AS told
    FROM profit_not_ready SEMI JOIN todo USING (account_id, report_date);

-- 1. positions: what they add to the NAV, class by class, is the class's column.
CREATE OR REPLACE TEMP TABLE check_positions AS
WITH held AS (
    SELECT p.account_id, p.report_date, c.component, c.asset_class IS NULL AS unknown_class, p.asset_class,
        p.nav_value_base, p.symbol, c.counts, r.told AS older_rate, p.currency IS NULL AS no_currency
    FROM positions p SEMI JOIN todo USING (account_id, report_date) LEFT JOIN asset_classes c USING (asset_class)
    LEFT JOIN older_rates r ON r.account_id = p.account_id AND r.report_date = p.report_date
        AND r.currency = p.currency AND p.fx_rate_derived
),
unclear AS (
    SELECT account_id, report_date, concat_ws(', ',
        'unknown asset category ' || named(list(DISTINCT coalesce(asset_class, '(none)')) FILTER (unknown_class)),
        'no currency is stated for '
            || named(list(DISTINCT coalesce(symbol, '(no symbol)')) FILTER (NOT unknown_class AND no_currency)),
        'no value or no rate in base currency for '
            || named(list(DISTINCT coalesce(symbol, '(no symbol)')) FILTER (NOT unknown_class AND NOT no_currency))
        ) AS reason
    FROM held WHERE nav_value_base IS NULL GROUP BY ALL
),
actual AS (
    SELECT account_id, report_date, component, sum(nav_value_base) AS actual, count(*) AS terms,
        max(decimals_of(nav_value_base)) AS decimals,
        named(list(DISTINCT older_rate) FILTER (older_rate IS NOT NULL)) AS older_rate
    FROM held WHERE counts <> 'nothing' GROUP BY ALL
),
expected AS (
    SELECT account_id, report_date, component, amount AS expected
    FROM todo_components WHERE component IN (SELECT component FROM asset_classes)
),
classes AS (
    SELECT account_id, report_date, component, expected, coalesce(actual, 0) AS actual,
        unit_of(greatest(coalesce(a.decimals, 0), coalesce(f.finest, 0))) * (coalesce(terms, 0) + 1) AS tolerance,
        older_rate
    FROM expected e FULL JOIN actual a USING (account_id, report_date, component)
    LEFT JOIN fineness f USING (account_id, report_date)
),
days AS (
    SELECT account_id, report_date,
        first(component ORDER BY older_rate IS NOT NULL, abs(expected - actual) - tolerance DESC)
            FILTER (abs(expected - actual) > tolerance) AS wrong,
        string_agg(component, ', ' ORDER BY component) FILTER (expected IS NULL) AS lacking,
        sum(expected) AS expected, sum(actual) AS actual, max(tolerance) AS tolerance
    FROM classes GROUP BY ALL
)
SELECT t.account_id, t.report_date, 'positions' AS check_name,
    coalesce(c.expected, d.expected) AS expected, coalesce(c.actual, d.actual) AS actual,
    coalesce(c.tolerance, d.tolerance) AS tolerance,
    CASE WHEN n.account_id IS NULL THEN 'no NAV row for this day'
         WHEN l.seen IS NULL THEN 'no positions for this day: not broken out by day, or no Open Positions in the query'
         WHEN u.reason IS NOT NULL THEN concat(u.reason, ': ' || y.told)
         WHEN d.lacking IS NOT NULL THEN 'the NAV row lacks ' || d.lacking
         WHEN d.account_id IS NULL THEN 'the NAV row has no class of positions'
         WHEN d.wrong IS NOT NULL AND n.known_since > l.seen
             THEN 'the positions are known only from an older statement than the NAV'
         WHEN d.wrong IS NOT NULL THEN c.older_rate END AS obstacle,
    'class ' || d.wrong AS detail
FROM todo t
LEFT JOIN todo_nav n USING (account_id, report_date)
LEFT JOIN (FROM last_seen WHERE family = 'positions') l USING (account_id, report_date)
LEFT JOIN unclear u USING (account_id, report_date)
LEFT JOIN unready y USING (account_id, report_date)
LEFT JOIN days d USING (account_id, report_date)
LEFT JOIN classes c ON c.account_id = d.account_id AND c.report_date = d.report_date AND c.component = d.wrong;

-- 2. cash: the cash report's total is the NAV's cash, and the currencies at IBKR's conversion rates are that total.
CREATE OR REPLACE TEMP TABLE check_cash AS
WITH currencies AS (
    SELECT account_id, report_date, sum(ending_cash_base) AS total, count(*) AS terms,
        max(decimals_of(ending_cash_base)) AS decimals,
        named(list(DISTINCT told) FILTER (told IS NOT NULL)) AS older_rate,
        concat_ws(', ', 'no ending cash in ' || named(list(currency) FILTER (ending_cash IS NULL)),
            'no conversion rate for '
                || named(list(currency) FILTER (ending_cash IS NOT NULL AND ending_cash_base IS NULL))) AS unrated
    FROM cash_balances SEMI JOIN todo USING (account_id, report_date)
    LEFT JOIN older_rates USING (account_id, report_date, currency) GROUP BY ALL
),
compared AS (
    SELECT t.account_id, t.report_date, n.cash, s.ending_cash, c.*  EXCLUDE (account_id, report_date),
        n.account_id IS NULL AS no_nav, s.account_id IS NULL AS no_cash, s.ending_cash IS NULL AS no_total,
        n.known_since > l.seen AS older,
        unit_of(greatest(f.finest, decimals_of(s.ending_cash))) * 2 AS tolerance,
        unit_of(greatest(f.finest, c.decimals, decimals_of(s.ending_cash))) * (c.terms + 1) AS currencies_tolerance
    FROM todo t LEFT JOIN todo_nav n USING (account_id, report_date)
    LEFT JOIN cash_totals s USING (account_id, report_date)
    LEFT JOIN (FROM last_seen WHERE family = 'cash') l USING (account_id, report_date)
    LEFT JOIN currencies c USING (account_id, report_date)
    LEFT JOIN fineness f USING (account_id, report_date)
)
SELECT account_id, report_date, 'cash' AS check_name,
    CASE WHEN by_currency THEN ending_cash ELSE cash END AS expected,
    CASE WHEN by_currency THEN total ELSE ending_cash END AS actual,
    CASE WHEN by_currency THEN currencies_tolerance ELSE tolerance END AS tolerance,
    CASE WHEN no_nav THEN 'no NAV row for this day'
         WHEN no_cash AND terms IS NOT NULL THEN 'the cash report has no BASE_SUMMARY row'
         WHEN no_cash THEN 'no cash report for this day: not broken out by day, or no Cash Report in the query'
         WHEN no_total THEN 'the cash report has no ending cash'
         WHEN cash IS NULL THEN 'the NAV row has no cash'
         WHEN by_currency THEN older_rate
         WHEN abs(cash - ending_cash) > tolerance AND older
             THEN 'the cash is known only from an older statement than the NAV' END AS obstacle,
    CASE WHEN by_currency THEN 'the currencies at IBKR''s conversion rates'
         WHEN abs(cash - ending_cash) > tolerance THEN 'the cash report''s total'
         WHEN unrated <> '' THEN 'currencies not checked: ' || unrated
         WHEN terms IS NULL THEN 'currencies not checked: no currency breakout' END AS detail
FROM (SELECT *, abs(cash - ending_cash) <= tolerance AND unrated = ''
        AND coalesce(abs(ending_cash - total) > currencies_tolerance, false) AS by_currency FROM compared);

-- 3. dividends: open accruals, net, in base currency, are the NAV's dividend accruals.
CREATE OR REPLACE TEMP TABLE check_dividends AS
WITH rated AS (
    SELECT d.account_id, d.report_date, d.symbol, d.net_amount, o.told AS older_rate,
        -- A product that is too large costs this proof, not the file.
        TRY(in_base(d.net_amount, coalesce(d.fx_rate_to_base,
            CASE WHEN d.currency = d.base_currency THEN CAST(1 AS DECIMAL(18,10))
                 WHEN r.report_date >= d.report_date - 5 THEN r.rate END))) AS amount
    FROM (
        SELECT d.*, a.base_currency FROM dividend_accruals d SEMI JOIN todo USING (account_id, report_date)
        LEFT JOIN bases a USING (account_id)
    ) d
    ASOF LEFT JOIN fx_rates r
        ON r.from_currency = d.currency AND r.to_currency = d.base_currency AND r.report_date <= d.report_date
    LEFT JOIN older_rates o ON o.account_id = d.account_id AND o.report_date = d.report_date
        AND o.currency = d.currency AND d.fx_rate_to_base IS NULL
),
summed AS (
    SELECT account_id, report_date, sum(amount) AS actual, count(*) AS terms, max(decimals_of(amount)) AS decimals,
        named(list(DISTINCT older_rate) FILTER (older_rate IS NOT NULL)) AS older_rate,
        concat_ws(', ', 'no net amount for '
                || named(list(DISTINCT coalesce(symbol, '(no symbol)')) FILTER (net_amount IS NULL)),
            'no rate in base currency for ' || named(list(DISTINCT coalesce(symbol, '(no symbol)'))
                FILTER (net_amount IS NOT NULL AND amount IS NULL))) AS unclear
    FROM rated GROUP BY ALL
),
compared AS (
    SELECT t.account_id, t.report_date, n.account_id IS NULL AS no_nav, n.dividend_accruals AS expected,
        coalesce(s.actual, 0) AS actual, s.unclear, s.older_rate, l.seen, n.known_since > l.seen AS older,
        CASE WHEN x.seen >= l.seen THEN x.told END AS aside,
        unit_of(greatest(coalesce(s.decimals, 0), f.finest)) * (coalesce(s.terms, 0) + 1) AS tolerance
    FROM todo t LEFT JOIN todo_nav n USING (account_id, report_date)
    LEFT JOIN (FROM last_seen WHERE family = 'dividends') l USING (account_id, report_date)
    LEFT JOIN (FROM newest_aside WHERE element = 'OpenDividendAccrual') x USING (account_id, report_date)
    LEFT JOIN summed s USING (account_id, report_date) LEFT JOIN fineness f USING (account_id, report_date)
)
SELECT account_id, report_date, 'dividends' AS check_name, expected, actual, tolerance,
    CASE WHEN no_nav THEN 'no NAV row for this day'
         WHEN seen IS NULL THEN 'no Open Dividend Accruals for this day: not broken out by day, or not in the query'
         WHEN aside IS NOT NULL THEN aside
         WHEN expected IS NULL THEN 'the NAV row has no dividend accruals'
         WHEN unclear <> '' THEN unclear
         WHEN abs(expected - actual) > tolerance AND older
             THEN 'the dividend accruals are known only from an older statement than the NAV'
         WHEN abs(expected - actual) > tolerance THEN older_rate END AS obstacle,
    NULL AS detail
FROM compared;

-- What is counted beside the verified list, because three days showed it to be a part of the total.
CREATE OR REPLACE TEMP TABLE learned_parts AS
    SELECT account_id, report_date, sum(amount) AS amount, count(*) AS terms,
        string_agg(component || ' ' || trim_decimal(amount), ', ' ORDER BY component) AS names
    FROM other_components('todo') SEMI JOIN nav_parts_learned USING (account_id, component) GROUP BY ALL;

-- 4. parts: the components of the verified list add up to the total, and those that were learned; others are named with
-- their amounts. Without the columns that every account has, the rest need not add up to it; nor where one that is not
-- known is exactly what is lacking.
CREATE OR REPLACE TEMP TABLE check_parts AS
WITH others AS (
    SELECT account_id, report_date, list({'component': component, 'amount': amount} ORDER BY component) AS members, sum(amount) AS amount,
        string_agg(component || ' ' || trim_decimal(amount), ', ' ORDER BY component) AS names
    FROM other_components('todo') ANTI JOIN nav_parts_learned USING (account_id, component) GROUP BY ALL
),
compared AS (
    SELECT t.account_id, t.report_date, n.account_id IS NULL AS no_nav, n.total,
        p.counted + coalesce(l.amount, 0) AS actual, p.terms, p.unticked, l.names AS learned, o.names AS others,
        p.tolerance + unit_of(f.finest) * coalesce(l.terms, 0) AS tolerance,
        p.lacking - coalesce(l.amount, 0) AS lacking, o.amount AS others_amount,
        [m.component FOR m IN o.members IF abs(p.lacking - coalesce(l.amount, 0) - m.amount) <= p.tolerance] AS equal
    FROM todo t LEFT JOIN todo_nav n USING (account_id, report_date)
    LEFT JOIN left_over('todo') p USING (account_id, report_date)
    LEFT JOIN learned_parts l USING (account_id, report_date) LEFT JOIN others o USING (account_id, report_date)
    LEFT JOIN fineness f USING (account_id, report_date)
)
SELECT account_id, report_date, 'parts' AS check_name, total AS expected, actual, tolerance,
    CASE WHEN no_nav THEN 'no NAV row for this day'
         WHEN total IS NULL THEN 'the NAV row has no total'
         WHEN coalesce(terms, 0) = 0 THEN 'the NAV row has no components'
         WHEN abs(lacking) <= tolerance THEN NULL
         WHEN len(unticked) > 0 THEN 'the query lacks fields of the NAV: ' || array_to_string(unticked, ', ')
         WHEN len(equal) > 0 OR abs(lacking - others_amount) <= tolerance
             THEN concat('what is lacking is exactly ',
                 CASE WHEN len(equal) > 0 THEN array_to_string(equal, ' or ') ELSE others END,
                 ', not known as a part of the total; seen on three days, it counts as one') END AS obstacle,
    nullif(concat_ws('; ', 'counted as seen on other days: ' || learned, 'other components: ' || others), '') AS detail
FROM compared;

-- 5. bridge: the NAV before the period and what changed it are the NAV after it. The shortest period that ends on
-- the day is taken. A query that ticks only some fields of the Change in NAV cannot show all that changed it.
CREATE OR REPLACE TEMP TABLE check_bridge AS
WITH period AS (
    SELECT account_id, to_date AS report_date, max(from_date) AS from_date FROM nav_changes c
    SEMI JOIN todo t ON t.account_id = c.account_id AND t.report_date = c.to_date GROUP BY ALL
),
summed AS (
    SELECT p.account_id, p.report_date, p.from_date,
        max(amount) FILTER (component = 'startingValue') AS starting,
        max(amount) FILTER (component = 'endingValue') AS ending,
        coalesce(sum(amount) FILTER (component NOT IN ('startingValue', 'endingValue', 'twr')), 0) AS parts,
        count(*) AS terms, max(decimals_of(amount)) FILTER (component <> 'twr') AS decimals,
        bool_or(component = 'mtm' AND amount <> 0)
            AND bool_or(component IN ('realized', 'changeInUnrealized') AND amount <> 0) AS both_ways,
        max(known_since) AS known_since,
        list_filter_out(['depositsWithdrawals', 'dividends', 'withholdingTax', 'interest', 'commissions', 'otherFees',
            'changeInDividendAccruals', 'changeInInterestAccruals'], list(component))
            || CASE WHEN bool_or(component = 'mtm') THEN []
                    WHEN bool_or(component IN ('realized', 'changeInUnrealized'))
                    THEN list_filter_out(['realized', 'changeInUnrealized'], list(component))
                    ELSE ['mtm'] END AS unticked
    FROM period p JOIN nav_changes c ON c.account_id = p.account_id AND c.to_date = p.report_date
        AND c.from_date = p.from_date
    GROUP BY ALL
),
compared AS (
    SELECT t.account_id, t.report_date, n.total, s.* EXCLUDE (account_id, report_date),
        -- The starting value is the NAV of the weekday before, and of no older one.
        CASE WHEN b.report_date >= s.from_date - CASE isodow(s.from_date) WHEN 1 THEN 3 WHEN 7 THEN 2 ELSE 1 END
            THEN b.total END AS previous,
        b.known_since > s.known_since AS previous_newer, n.known_since > s.known_since AS nav_newer,
        n.account_id IS NULL AS no_nav, s.account_id IS NULL AS no_changes, t.report_date - s.from_date + 1 AS days,
        CASE WHEN x.seen >= coalesce(s.known_since, x.seen) THEN x.told END AS aside,
        tolerance_of(greatest(s.decimals, f.finest), s.terms, 1) AS same_tolerance,
        tolerance_of(greatest(s.decimals, f.finest), s.terms, days) AS sum_tolerance, y.told AS unready
    FROM todo t LEFT JOIN unready y USING (account_id, report_date) LEFT JOIN todo_nav n USING (account_id, report_date)
    LEFT JOIN summed s USING (account_id, report_date)
    LEFT JOIN (FROM newest_aside WHERE element = 'ChangeInNAV') x USING (account_id, report_date)
    LEFT JOIN fineness f USING (account_id, report_date)
    ASOF LEFT JOIN nav b ON b.account_id = t.account_id AND b.report_date < s.from_date
),
compared_one_by_one AS (
    SELECT c.*, f.*, coalesce(abs(f.expected - f.actual) > f.tolerance, false) AS wrong
    FROM compared c, LATERAL (VALUES
        (1, previous, starting, same_tolerance, 'starting value against the NAV before ' || from_date, CASE WHEN previous_newer
            THEN 'the changes are known only from an older statement than the NAV before ' || from_date END),
        (2, total, ending, same_tolerance, 'ending value', CASE WHEN nav_newer
            THEN 'the changes are known only from an older statement than the NAV' END),
        (3, CASE WHEN abs(total - ending) > same_tolerance THEN ending ELSE total END, starting + parts, sum_tolerance,
            concat('period from ', from_date,
                CASE WHEN previous IS NULL THEN '; starting value not compared: no NAV for the weekday before' END),
            CASE WHEN unready IS NOT NULL THEN unready WHEN len(unticked) > 0
                THEN 'the query lacks fields of the Change in NAV: ' || array_to_string(unticked, ', ') END)
    ) f(place, expected, actual, tolerance, detail, excuse)
    -- What fails comes first, then what would if it could be evaluated; else the whole of it is told.
    QUALIFY row_number() OVER (PARTITION BY account_id, report_date
        ORDER BY wrong AND excuse IS NULL DESC, wrong DESC, CASE WHEN wrong THEN place ELSE -place END) = 1
)
SELECT account_id, report_date, 'bridge' AS check_name, expected, actual, tolerance,
    CASE WHEN no_nav THEN 'no NAV row for this day'
         WHEN aside IS NOT NULL THEN aside
         WHEN no_changes THEN 'no Change in NAV for a period that ends on this day'
         WHEN starting IS NULL OR ending IS NULL THEN 'the Change in NAV has no starting or ending value'
         WHEN both_ways THEN 'mtm and realized/changeInUnrealized are both filled'
         WHEN NOT wrong THEN too_long(tolerance, days)
         WHEN wrong THEN excuse END AS obstacle,
    detail
FROM compared_one_by_one;

-- 6. cash_flow: starting cash and what moved it are the ending cash, in each currency and in base currency.
-- IBKR: depositWithdrawals is the sum of deposits and withdrawals; averages and slb figures move nothing. A query
-- that ticks only some fields of the Cash Report cannot show all flows.
CREATE OR REPLACE TEMP TABLE check_cash_flow AS
WITH period AS (
    SELECT account_id, to_date AS report_date, max(from_date) AS from_date FROM cash_flows c
    SEMI JOIN todo t ON t.account_id = c.account_id AND t.report_date = c.to_date GROUP BY ALL
),
summed AS (
    SELECT p.account_id, p.report_date, c.currency,
        max(amount) FILTER (component = 'deposits') AS deposits,
        max(amount) FILTER (component = 'withdrawals') AS withdrawals,
        max(amount) FILTER (component = 'depositWithdrawals') AS deposit_withdrawals,
        max(amount) FILTER (component = 'endingCash') AS expected,
        max(amount) FILTER (component = 'startingCash')
            + coalesce(sum(amount) FILTER (component NOT IN ('startingCash', 'endingCash', 'endingSettledCash',
                'deposits', 'withdrawals', 'depositWithdrawals')
                AND NOT component LIKE 'avg%' AND NOT component LIKE 'slb%'), 0)
            + coalesce(deposits + withdrawals, deposit_withdrawals, deposits, withdrawals, 0) AS actual,
        any_value(p.report_date - p.from_date + 1) AS days,
        tolerance_of(greatest(max(decimals_of(amount)), coalesce(max(f.finest), 0)), count(*), days) AS tolerance,
        list_filter_out(['accountTransfers', 'brokerInterest', 'commissions', 'dividends', 'internalTransfers',
            'netTradesPurchases', 'netTradesSales', 'otherFees', 'transactionTax', 'withholdingTax'],
            list(component))
            || CASE WHEN deposit_withdrawals IS NULL
                    THEN list_filter_out(['deposits', 'withdrawals'], list(component)) ELSE [] END AS unticked
    FROM period p JOIN cash_flows c ON c.account_id = p.account_id AND c.to_date = p.report_date
        AND c.from_date = p.from_date
    LEFT JOIN fineness f ON f.account_id = p.account_id AND f.report_date = p.report_date
    GROUP BY ALL
),
worst AS (
    SELECT *, abs(expected - actual) - tolerance AS excess, bool_or(expected IS NULL OR actual IS NULL) OVER (
        PARTITION BY account_id, report_date) AS incomplete
    FROM summed
    QUALIFY row_number() OVER (PARTITION BY account_id, report_date ORDER BY excess DESC NULLS LAST, currency) = 1
)
SELECT t.account_id, t.report_date, 'cash_flow' AS check_name, w.expected, w.actual, w.tolerance,
    CASE WHEN w.account_id IS NULL THEN 'no cash report for a period that ends on this day'
         WHEN w.incomplete THEN 'the cash report has no starting or ending cash'
         WHEN excess > 0 AND len(unticked) > 0
             THEN 'the query lacks fields of the Cash Report: ' || array_to_string(unticked, ', ')
         WHEN coalesce(excess, 0) <= 0 THEN too_long(w.tolerance, w.days) END AS obstacle,
    CASE WHEN excess > 0 THEN 'currency ' || w.currency END AS detail
FROM todo t LEFT JOIN worst w USING (account_id, report_date);

-- 7. lots: the lots of a position add up to it, in quantity, value, cost basis and unrealised result. A position that
-- was made of its lots proves nothing.
CREATE OR REPLACE TEMP TABLE check_lots AS
WITH lots AS (
    SELECT account_id, report_date, model, coalesce(conid, security_id, symbol) AS contract, count(*) AS terms,
        sum(quantity) AS quantity, sum(position_value) AS position_value,
        -- A figure that one of them lacks has no sum.
        CASE WHEN count(cost_basis) = count(*) THEN sum(cost_basis) END AS cost_basis,
        CASE WHEN count(unrealized_pnl) = count(*) THEN sum(unrealized_pnl) END AS unrealized_pnl, bool_or(cost_basis_derived) AS cost_basis_derived,
        max(greatest(decimals_of(quantity), coalesce(decimals_of(position_value), 0),
            coalesce(decimals_of(cost_basis), 0), coalesce(decimals_of(unrealized_pnl), 0))) AS decimals
    FROM position_lots SEMI JOIN todo USING (account_id, report_date) GROUP BY ALL
),
held AS (
    SELECT p.account_id, p.report_date, p.symbol, l.terms, l.decimals, l.contract IS NULL AS lotless,
        p.from_lots, p.quantity, p.position_value, p.unrealized_pnl, l.quantity AS lots_quantity,
        l.position_value AS lots_position_value, l.unrealized_pnl AS lots_unrealized_pnl,
        l.cost_basis AS lots_cost_basis,
        -- A cost basis by price is rounded as the price is.
        CASE WHEN NOT p.cost_basis_derived AND NOT l.cost_basis_derived THEN p.cost_basis END AS cost_basis
    FROM positions p SEMI JOIN todo USING (account_id, report_date)
    LEFT JOIN lots l ON l.account_id = p.account_id AND l.report_date = p.report_date
        AND l.model IS NOT DISTINCT FROM p.model AND l.contract = coalesce(p.conid, p.security_id, p.symbol)
),
counted AS (
    SELECT account_id, report_date, bool_or(from_lots) AS from_lots, CASE WHEN bool_or(lotless)
        THEN count(*) FILTER (lotless) || ' of ' || count(*) || ' positions have no lots' END AS told
    FROM held GROUP BY ALL
),
pairs AS (
    SELECT account_id, report_date, h.symbol, f.figure, f.expected, f.actual,
        unit_of(greatest(h.decimals, decimals_of(f.expected), coalesce(n.finest, 0))) * (h.terms + 1) AS tolerance
    FROM held h LEFT JOIN fineness n USING (account_id, report_date),
    LATERAL (VALUES ('quantity', h.quantity, h.lots_quantity),
        ('position_value', h.position_value, h.lots_position_value),
        ('cost_basis', h.cost_basis, h.lots_cost_basis),
        ('unrealized_pnl', h.unrealized_pnl, h.lots_unrealized_pnl)) f(figure, expected, actual)
    WHERE f.expected IS NOT NULL AND f.actual IS NOT NULL AND NOT h.from_lots
),
worst AS (
    SELECT * FROM pairs QUALIFY row_number() OVER (
        PARTITION BY account_id, report_date ORDER BY abs(expected - actual) - tolerance DESC, symbol, figure) = 1
)
SELECT t.account_id, t.report_date, 'lots' AS check_name, w.expected, w.actual, w.tolerance,
    CASE WHEN x.seen >= l.seen THEN x.told
         WHEN w.account_id IS NULL AND c.from_lots THEN 'the positions are made of the lots'
         WHEN w.account_id IS NULL THEN 'no lots for this day' END AS obstacle,
    nullif(concat_ws('; ', CASE WHEN abs(w.expected - w.actual) > w.tolerance
        THEN w.figure || ' of ' || coalesce(w.symbol, '(no symbol)') END, c.told), '') AS detail
FROM todo t LEFT JOIN worst w USING (account_id, report_date) LEFT JOIN counted c USING (account_id, report_date)
LEFT JOIN (FROM last_seen WHERE family = 'positions') l USING (account_id, report_date)
LEFT JOIN (FROM newest_aside WHERE element = 'OpenPosition') x USING (account_id, report_date);

-- 12. cost: value less cost basis is the unrealised result, in the currency that the statement's rows tell together
-- (cost.sql). One that misses its statement's form fails; bonds, CFDs and futures may follow another rule.
CREATE OR REPLACE TEMP VIEW todo_positions AS
    SELECT p.*, concat_ws('|', p.account_id, p.report_date) AS form_key, r.told AS older_rate
    FROM positions p SEMI JOIN todo USING (account_id, report_date)
    LEFT JOIN older_rates r ON r.account_id = p.account_id AND r.report_date = p.report_date
        AND r.currency = p.currency AND p.fx_rate_derived;
CREATE OR REPLACE TEMP TABLE check_cost AS
WITH compared AS (
    SELECT c.account_id, c.report_date, c.cost_currency, coalesce(c.symbol, '(no symbol)') AS symbol,
        c.cost_and_result AS actual, c.fx_rate_to_base <> 1 AS abroad,
        CASE WHEN c.cost_currency = 'base' THEN c.value_base ELSE c.position_value END AS expected,
        CASE WHEN c.cost_currency = 'base' THEN c.base_tolerance ELSE c.position_tolerance END AS tolerance,
        CASE WHEN c.cost_currency = 'base' THEN c.fits_base ELSE c.fits_position END AS fits,
        CASE WHEN c.cost_currency = 'base' THEN coalesce(a.base_currency, 'base currency') ELSE c.currency END AS currency,
        CASE WHEN c.cost_currency = 'base' AND c.stated_value_base IS NULL THEN c.older_rate END AS excuse,
        of_its_own_rule(c.asset_class) AS own_rule
    FROM cost_rows('todo_positions') c LEFT JOIN bases a USING (account_id)
),
days AS (
    SELECT account_id, report_date, any_value(cost_currency) AS told, count(*) AS positions, count(actual) AS stated,
        count(fits) AS comparable,
        named(list(DISTINCT symbol) FILTER (actual IS NOT NULL AND coalesce(abroad, true))) AS foreigners,
        named(list(DISTINCT symbol) FILTER (NOT fits AND own_rule)) AS own_rule
    FROM compared GROUP BY ALL
),
worst AS (
    SELECT *, NOT fits AND NOT own_rule AS wrong FROM compared WHERE fits IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY account_id, report_date ORDER BY wrong AND excuse IS NULL DESC, wrong DESC,
        fits DESC, CAST(abs(expected - actual) AS DOUBLE) - tolerance DESC, symbol) = 1
)
SELECT t.account_id, t.report_date, 'cost' AS check_name, w.expected, w.actual,
    CAST(w.tolerance AS DECIMAL(38,12)) AS tolerance,
    CASE WHEN l.seen IS NULL THEN 'no positions for this day: not broken out by day, or no Open Positions in the query'
         WHEN d.account_id IS NULL THEN 'no positions'
         WHEN d.stated = 0 AND y.told IS NOT NULL THEN y.told
         WHEN d.stated = 0 THEN 'no position states its cost basis and unrealised result'
         WHEN d.told IS NULL AND d.foreigners IS NULL
             THEN 'every rate is 1, so that nothing tells the currency of the cost, and nothing depends on it'
         WHEN d.told IS NULL THEN 'nothing tells the currency of the cost of ' || d.foreigners
         WHEN w.wrong THEN w.excuse END AS obstacle,
    nullif(concat_ws('; ', CASE WHEN w.wrong THEN w.symbol || ' in ' || w.currency END,
        CASE WHEN d.comparable < d.positions THEN d.positions - d.comparable || ' of ' || d.positions
            || ' positions lack value, cost basis or unrealised result' END,
        'by another rule: ' || d.own_rule), '') AS detail
FROM todo t LEFT JOIN (FROM last_seen WHERE family = 'positions') l USING (account_id, report_date)
LEFT JOIN days d USING (account_id, report_date) LEFT JOIN worst w USING (account_id, report_date)
LEFT JOIN unready y USING (account_id, report_date);

DELETE FROM reconciliation r USING todo t WHERE t.account_id = r.account_id AND t.report_date = r.report_date;
INSERT INTO reconciliation
SELECT account_id, report_date, check_name, expected, actual, expected - actual,
    tolerance,
    CASE WHEN obstacle IS NOT NULL THEN 'not_evaluable'
         WHEN abs(expected - actual) <= tolerance THEN 'passed' ELSE 'failed' END,
    coalesce(obstacle, detail)
FROM (
    FROM check_positions UNION ALL FROM check_cash UNION ALL FROM check_dividends UNION ALL FROM check_parts
    UNION ALL FROM check_bridge UNION ALL FROM check_cash_flow UNION ALL FROM check_lots UNION ALL FROM check_cost
);

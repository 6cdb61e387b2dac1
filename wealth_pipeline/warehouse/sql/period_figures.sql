-- The figures of periods. A withheld day withholds all of them. Drawdown is of the chained returns, with 1.0 as the
-- first peak; Dietz counts a flow at the end of its day. A product of doubles differs in its last digit with the order
-- in which it is made, and a window has its own: the days are listed for it, and the index is a sum of logarithms in
-- decimals; a loss of everything is one that no gain makes up for.
-- In: asked (a list of scope, period, first, last), period_steps.
-- Out: the columns of returns_periods but xirr_percent; start_value, end_value, flows (day, amount; not 0).
CREATE MACRO period_figures(asked) AS TABLE
WITH inside AS MATERIALIZED (FROM period_steps(asked)),
chained AS (
    SELECT number, report_date, factor, sum(CAST(CASE WHEN factor > 0 THEN ln(factor) WHEN factor <= 0 THEN -500 END
        AS DECIMAL(18,15))) OVER (PARTITION BY number ORDER BY report_date) AS height FROM inside
),
peaks AS (
    SELECT *, greatest(0, max(height) OVER (PARTITION BY number ORDER BY report_date)) AS peak FROM chained
),
chains AS (
    SELECT number, list(report_date ORDER BY report_date) AS dates, list(height ORDER BY report_date) AS heights,
        list(factor ORDER BY report_date) AS factors, list_aggregate(factors, 'product') AS grown,
        min({fall: height - peak, day: report_date, peak: peak}) AS low
    FROM peaks GROUP BY number
),
sums AS (
    SELECT number, any_value(scope) AS scope, any_value(period) AS period, any_value(begins) AS begins,
        any_value(cut) AS cut, min(previous_date) AS from_date, max(report_date) AS to_date,
        to_date - from_date AS days, arg_min(start_value, report_date) AS start_value,
        arg_max(end_value, report_date) AS end_value, CASE WHEN count(gain) = count(*) THEN sum(gain) END AS gain,
        sum((end_value - start_value - gain) * (report_date - DATE '2000-01-01')) AS dated_flows,
        list({day: report_date, amount: end_value - start_value - gain} ORDER BY report_date)
            FILTER (end_value - start_value <> gain) AS flows,
        min({percent: -return_percent, day: report_date}) AS best,
        min({percent: return_percent, day: report_date}) AS worst, count(*) FILTER (status = 'ibkr') AS ibkr_days,
        list({day: report_date, reason: reason} ORDER BY report_date) FILTER (status = 'withheld') AS withheld,
        count(*) FILTER (status = 'withheld') AS withheld_days FROM inside GROUP BY number
),
dated AS (
    SELECT *, 100 * (exp(low.fall) - 1) AS drawdown,
        CAST(end_value - start_value - gain AS DECIMAL(38,12)) AS net_flows,
        CAST(start_value AS DOUBLE) + ((to_date - DATE '2000-01-01') * net_flows - dated_flows) / days AS invested
    FROM sums JOIN chains USING (number)
),
shown AS (
    SELECT *, CASE WHEN withheld_days = 0 THEN {twr_percent: 100 * (grown - 1),
        annualised_percent: CASE WHEN days >= 365 AND grown >= 0 THEN 100 * (pow(grown, 365 / days) - 1) END,
        modified_dietz_percent: CASE WHEN invested > 0 THEN 100 * CAST(gain AS DOUBLE) / invested END,
        gain: gain, net_flows: net_flows, max_drawdown_percent: drawdown,
        drawdown_from: CASE WHEN drawdown < 0 AND low.peak > 0 THEN dates[list_position(heights, low.peak)]
            WHEN drawdown < 0 THEN from_date END, drawdown_to: CASE WHEN drawdown < 0 THEN low.day END,
        volatility_percent: 100 * sqrt(252) * list_aggregate(factors, 'stddev_samp'), best_percent: -best.percent,
        best_day: best.day, worst_percent: worst.percent, worst_day: worst.day} END AS figures
    FROM dated
)
SELECT scope, period, from_date, to_date, unnest(figures), days, withheld_days, ibkr_days,
    CASE WHEN withheld_days > 0 THEN 'withheld' WHEN cut OR begins IS NOT NULL THEN 'partial' ELSE 'shown'
    END AS status,
    CASE WHEN withheld_days > 0 THEN 'withheld: ' || withheld[1].day || ' (' || withheld[1].reason || ')'
            || array_to_string([', ' || w.day FOR w IN withheld[2:5]], '')
            || CASE WHEN withheld_days > 5 THEN ' and ' || (withheld_days - 5) || ' more' ELSE '' END
         ELSE nullif(concat_ws('; ', 'begins on ' || begins.day || ': ' || coalesce(begins.reason, 'no return'),
            CASE WHEN cut THEN 'ends on ' || to_date || ': no NAV is known of a weekday after it' END), '')
         END AS reason, start_value, end_value, coalesce(flows, []) AS flows FROM shown

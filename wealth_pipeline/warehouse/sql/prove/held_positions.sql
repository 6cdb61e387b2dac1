-- The positions of the days to prove, with the component of the NAV that each belongs to (asset_classes).
-- In: positions, asset_classes, older_rates, days_to_prove.
-- Out: account_id, report_date, component, unknown_class, asset_class, nav_value_base, symbol, counts, rate_reason (why
--     its rate proves nothing), no_currency.
CREATE OR REPLACE TEMP VIEW held_positions AS
    SELECT p.account_id, p.report_date, c.component, c.asset_class IS NULL AS unknown_class, p.asset_class,
        p.nav_value_base, p.symbol, c.counts, r.reason AS rate_reason, p.currency IS NULL AS no_currency
    FROM positions p SEMI JOIN days_to_prove USING (account_id, report_date)
    LEFT JOIN asset_classes c USING (asset_class)
    LEFT JOIN older_rates r ON r.account_id = p.account_id AND r.report_date = p.report_date
        AND r.currency = p.currency AND p.fx_rate_derived;

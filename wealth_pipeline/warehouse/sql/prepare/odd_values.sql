-- Values that are odd, and stay: they are noted.
-- In: stage_equity_summary_by_report_date_in_base, stage_open_position, asset_classes. Out: dropped.

-- IBKR: no NAV of a Saturday or Sunday was seen.
INSERT INTO dropped
    SELECT 'weekend_row', 'EquitySummaryByReportDateInBase.reportDate', count(*)
    FROM stage_equity_summary_by_report_date_in_base WHERE isodow(report_date) > 5 HAVING count(*) > 0;

-- What a position without its currency is worth in base currency is unknown; its quantity is not.
INSERT INTO dropped
    SELECT 'no_currency', 'OpenPosition.currency', count(*) FROM stage_open_position
    WHERE currency IS NULL HAVING count(*) > 0;

INSERT INTO dropped
    SELECT 'unknown_value', 'OpenPosition.assetCategory=' || shown_value(p.asset_class), count(*)
    FROM stage_open_position p ANTI JOIN asset_classes c USING (asset_class)
    WHERE p.asset_class IS NOT NULL GROUP BY p.asset_class;

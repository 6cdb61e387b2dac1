-- Bonds, CFDs and futures need not follow either form: they are looked at last, and never fail.
CREATE OR REPLACE TEMP MACRO of_its_own_rule(asset_class) AS
    coalesce(asset_class IN ('BOND', 'BILL', 'CFD', 'FXCFD', 'FUT'), false);

-- What household_pairs makes where no transfer is near: nothing.
-- In: nothing. Out: the columns of household_pairs.
CREATE OR REPLACE TEMP TABLE household_pairs (
    account_id VARCHAR, report_date DATE, kind VARCHAR, currency VARCHAR, amount DECIMAL(28,12),
    amount_base DECIMAL(28,12), partner VARCHAR, verdict VARCHAR, other_date DATE
);

-- What household_pairs and household_transit make where no transfer is near: nothing.
-- In: nothing. Out: the columns of household_pairs, of household_transit.
CREATE OR REPLACE TEMP TABLE household_pairs (
    account_id VARCHAR, report_date DATE, kind VARCHAR, currency VARCHAR, amount DECIMAL(28,12),
    amount_base DECIMAL(28,12), partner VARCHAR, awaited BOOLEAN, verdict VARCHAR, other_date DATE
);
CREATE OR REPLACE TEMP TABLE household_transit (report_date DATE, amount DECIMAL(38,12), unrated VARCHAR[]);

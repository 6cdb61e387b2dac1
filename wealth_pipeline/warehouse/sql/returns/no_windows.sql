-- What agreed_windows makes where every step has its own Change in NAV, and window_trials and failed_windows where no
-- Change in NAV of several days is near: nothing.
-- In: nothing. Out: the columns of agreed_windows, of window_trials, of failed_windows.
CREATE OR REPLACE TEMP TABLE agreed_windows (
    account_id VARCHAR, report_date DATE, sees_positions BOOLEAN, undecided VARCHAR
);
CREATE OR REPLACE TEMP TABLE window_trials (
    account_id VARCHAR, from_date DATE, to_date DATE, twr DECIMAL(28,12), undecided BOOLEAN, timing VARCHAR,
    last_day DATE, flow_out DECIMAL(38,12), own_percent DECIMAL(28,12), tolerance DECIMAL(38,12), lacking VARCHAR,
    fits BOOLEAN
);
CREATE OR REPLACE TEMP TABLE failed_windows (
    account_id VARCHAR, from_date DATE, to_date DATE, last_day DATE, twr DECIMAL(28,12), own_percent DECIMAL(28,12),
    fits BOOLEAN
);

-- Why our own figure of a step is not known, before it is compared with IBKR's.
-- In: return_steps, day_flows, return_asides. Out: the columns of reasons_of.
CREATE OR REPLACE TEMP TABLE return_reasons AS FROM reasons_of('return_steps', 'day_flows', 'return_asides');

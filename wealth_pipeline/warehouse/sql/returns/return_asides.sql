-- The steps of which a row was set aside that a flow could stand in.
-- In: return_steps, rows_set_aside, statement_accounts. Out: the columns of asides_of.
CREATE OR REPLACE TEMP TABLE return_asides AS FROM asides_of('return_steps', TIMESTAMP 'infinity');

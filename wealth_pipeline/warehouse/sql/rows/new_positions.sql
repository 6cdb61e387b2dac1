-- The positions that are stated as such.
-- In: stage_open_position. Out: new_positions: ordinal, row, the stated columns of positions, from_lots.
CREATE OR REPLACE TEMP TABLE new_positions AS
SELECT * EXCLUDE (level_of_detail), false AS from_lots FROM stage_open_position WHERE level_of_detail = 'SUMMARY';

-- The lots. A view: it is read a few times, and copying half a hundred columns costs more.
-- In: stage_open_position. Out: ordinal, row, the stated columns of position_lots.
CREATE OR REPLACE TEMP VIEW new_position_lots AS
SELECT * EXCLUDE (level_of_detail) FROM stage_open_position WHERE level_of_detail = 'LOT';

-- The versions of `positions` that held at the time `t`.
-- In: positions_versions (every column).
-- Out: the columns of positions but known_since, and known_from, known_to.

SELECT * EXCLUDE (content) FROM positions_versions
    WHERE known_from <= CAST(t AS TIMESTAMP) AND (known_to IS NULL OR known_to > CAST(t AS TIMESTAMP))

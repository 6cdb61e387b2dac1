-- The versions of `nav` that held at the time `t`.
-- In: nav_versions (every column).
-- Out: the columns of nav but known_since, and known_from, known_to.

SELECT * EXCLUDE (content) FROM nav_versions
    WHERE known_from <= CAST(t AS TIMESTAMP) AND (known_to IS NULL OR known_to > CAST(t AS TIMESTAMP))

-- What is left out, or is not as it should be: the file's notes follow from it.
-- Out: dropped: kind, name, count.
CREATE OR REPLACE TEMP TABLE dropped (kind VARCHAR, name VARCHAR, count BIGINT);

-- A value as it may be shown: a shifted attribute could bring a name or an address.
CREATE OR REPLACE TEMP MACRO shown_value(value) AS
    CASE WHEN regexp_full_match(value, '[A-Za-z0-9_.;&/-]{0,20}|[A-Za-z()&/ ]{1,30}') THEN value ELSE '(a text)' END;

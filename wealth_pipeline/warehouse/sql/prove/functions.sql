-- What the proofs share: names and tolerances. (Of one account and day `unit_of` and `decimals_of` come with the
-- schema.) Tolerance: (number of terms + 1) units of the finest decimal in the day's NAV row and in the figures
-- compared.

-- Names for people: five, and how many more.
CREATE OR REPLACE TEMP MACRO named(names) AS array_to_string(list_sort(names)[:5], ', ')
    || CASE WHEN len(names) > 5 THEN ' and ' || (len(names) - 5) || ' more' ELSE '' END;

-- The tolerance of a sum of attributes. IBKR: over more than a day each of them is itself a sum of conversions that
-- were rounded to nine decimals, so that the residue grows with the days of the period.
CREATE OR REPLACE TEMP MACRO tolerance_of(decimals, attributes, days) AS CAST(CASE WHEN days > 1
    THEN CAST(0.000000001 AS DECIMAL(18,9)) * attributes * days ELSE unit_of(decimals) * (attributes + 1) END
    AS DECIMAL(38,12));

-- A sum whose rounding could hide half a cent proves nothing.
CREATE OR REPLACE TEMP MACRO too_long(tolerance, days) AS CASE WHEN days > 1 AND tolerance >= 0.005
    THEN 'over ' || days || ' days IBKR''s rounding alone could add up to half a cent' END;

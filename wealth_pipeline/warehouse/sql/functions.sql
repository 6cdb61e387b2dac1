-- The functions that the warehouse's views and rules share. They stay in the published database, as its views use them.
-- `nav_by_part`, which names every part of the NAV, is made from the declarations in ddl.py.

-- An amount in base currency: rounded half away from zero to 12 decimals.
CREATE MACRO in_base(amount, rate) AS CAST(round(amount * rate, 12) AS DECIMAL(28,12));

-- One hash of many lines (each by its md5_number), whatever their order: a sum needs no memory, however many they are.
CREATE MACRO hash_of_all(line) AS md5(concat_ws(' ', count(*),
    sum(CAST(line >> 64 AS UBIGINT)), sum(CAST(line & 18446744073709551615 AS UBIGINT))));

-- How many decimals a figure has.
CREATE MACRO decimals_of(amount) AS length(rtrim(split_part(CAST(amount AS VARCHAR), '.', 2), '0'));

-- One unit of the last of so many decimals: 0.000001 for 6. IBKR writes nine at most, so that a product of a value and
-- a rate, which has up to twelve, cannot agree more closely. And it trims zeros: figures that happen to be whole are no
-- less exact, and a difference of 1 between them is no rounding.
CREATE MACRO unit_of(decimals) AS CAST(pow(10, -greatest(6, least(decimals, 9))) AS DECIMAL(38,12));

-- Cost basis by price, where the statement states no money. IBKR: a bond's price is in percent of its face value.
CREATE MACRO priced_cost(asset_class, price, quantity, multiplier) AS CAST(round(
    CAST(round(price * quantity, 12) AS DECIMAL(28,12))
    * CASE WHEN asset_class IN ('BOND', 'BILL') THEN CAST(0.01 AS DECIMAL(28,12))
           ELSE coalesce(multiplier, CAST(1 AS DECIMAL(28,12))) END, 12) AS DECIMAL(28,12));

-- The members of one list that are not in another.
CREATE MACRO list_filter_out(wanted, present) AS
    [name FOR name IN wanted IF NOT list_contains(present, name)];

-- A figure for people: without trailing zeros.
CREATE MACRO trim_decimal(amount) AS CASE WHEN CAST(amount AS VARCHAR) LIKE '%.%'
    THEN rtrim(rtrim(CAST(amount AS VARCHAR), '0'), '.') ELSE CAST(amount AS VARCHAR) END;

-- The number of a weekday, counted from long ago; a Saturday's and a Sunday's is their Friday's. A difference of two is
-- how many weekdays lie after the one up to the other. (datediff('week') counts whole spans of seven days.)
CREATE MACRO weekday_number(day) AS 5 * ((day - DATE '0001-01-01') // 7) + least((day - DATE '0001-01-01') % 7 + 1, 5);

-- Which component of the Cash Report a cash transaction of income, or of the tax withheld from it, belongs to; NULL for
-- any other type. IBKR: a payment in lieu is what the borrower of lent shares pays instead of the dividend.
CREATE MACRO income_component(type) AS CASE lower(type) WHEN 'dividends' THEN 'dividends'
    WHEN 'payment in lieu of dividends' THEN 'paymentInLieu' WHEN 'withholding tax' THEN 'withholdingTax'
    WHEN '871(m) withholding' THEN 'withholding871m' END;

-- Whether such a component is income or tax.
CREATE MACRO income_kind(component) AS CASE WHEN component IN ('dividends', 'paymentInLieu') THEN 'income'
    WHEN component IN ('withholdingTax', 'withholding871m') THEN 'tax' END;

-- A sum of which every part is known: NULL if one is not.
CREATE MACRO sum_of_all(amount) AS CASE WHEN count(amount) = count(*) THEN sum(amount) END;

-- An amount of what need not be there: 0 where it is not and all that could be is known, NULL where that is not known.
CREATE MACRO amount_of(known, there, amount) AS
    CASE WHEN known AND there IS NOT NULL THEN amount WHEN known THEN 0 END;

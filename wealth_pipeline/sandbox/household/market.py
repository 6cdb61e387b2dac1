"""Prices and exchange rates of the simulated world: random walks in whole ticks, from a seed.

A price is the same whoever asks, whenever, and in whatever order. Nothing here is rounded to a float.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from math import isqrt
from random import Random
from threading import Lock

from wealth_pipeline.sandbox.household.currencies import USD_VALUE
from wealth_pipeline.sandbox.household.days import is_trading_day
from wealth_pipeline.sandbox.household.instruments import Instrument

#: The tick of a rate's walk, in USD.
_WALK_UNIT = Decimal("0.0000000001")


class _Walk:
    """A random walk over consecutive days, in whole ticks, extended when a later day is asked for.

    Args:
        seed: of its random numbers.
        start: the ticks of the first day.
        volatility: largest daily move, in hundredths of a percent.
        drift: mean daily move, in hundredths of a percent.
        pull: how strongly it is drawn back to its start.
        moves: whether it moves on a day, by the day's index; None: on every day.

    """

    def __init__(
        self, seed: str, *, start: int, volatility: int, drift: int, pull: int, moves: list[bool] | None
    ) -> None:
        self._random = Random(seed)
        self._start = start
        self._volatility = volatility
        self._drift = drift
        self._pull = pull
        self._moves = moves
        self._ticks = [start]

    def at(self, index: int) -> int:
        ticks = self._ticks
        while len(ticks) <= index:
            now = ticks[-1]
            move = self._random.randrange(-self._volatility, self._volatility + 1) + self._drift
            if self._pull:
                # Rates and bonds stay near where they began, so that ten years don't end in nonsense.
                move += (self._start - now) * self._pull // self._start
            if self._moves is not None and not self._moves[len(ticks)]:
                move = 0
            ticks.append(max(1, now + (now * move + 5000) // 10000))
        return ticks[index]


class Market:
    """Prices (per weekday) and exchange rates (Sunday to Friday) from `first_day` on.

    Args:
        seed: the same seed gives the same world.
        first_day: a weekday; prices exist from it on, exchange rates from the Sunday a week before.

    """

    def __init__(self, seed: int, first_day: date) -> None:
        self._seed = seed
        self._monday = first_day - timedelta(days=first_day.weekday() + 7)
        self._price_walks: dict[str, _Walk] = {}
        self._rate_walks: dict[str, _Walk] = {}
        self._open_days: list[bool] = []
        self._prices: dict[tuple[Instrument, date], Decimal] = {}
        self._rates: dict[tuple[str, str, date], Decimal] = {}
        # Statements are rendered in several threads, and a walk must be extended by one at a time.
        self._lock = Lock()

    def price(self, instrument: Instrument, day: date) -> Decimal:
        """The closing price: in percent of par for bonds and bills, else per share or unit, in its currency."""
        found = self._prices.get((instrument, day))
        if found is None:
            with self._lock:
                found = self._prices[instrument, day] = self._new_price(instrument, day)
        return found

    def rate(self, currency: str, base: str, day: date) -> Decimal:
        """How many units of `base` one unit of `currency` is worth at the close of the day, at most 9 decimals.

        A Saturday has Friday's rate.
        """
        found = self._rates.get((currency, base, day))
        if found is None:
            with self._lock:
                found = self._rates[currency, base, day] = self._new_rate(currency, base, day)
        return found

    def _new_price(self, instrument: Instrument, day: date) -> Decimal:
        if instrument.asset_category == "OPT":
            return self._option_price(instrument, day)
        if instrument.asset_category == "BILL":
            assert instrument.expiry is not None
            return 100 - (instrument.expiry - day).days * Decimal("0.0115")
        if instrument.underlying is not None:
            return self._new_price(instrument.underlying, day)
        return self._ticks(instrument, day) * instrument.tick

    def _ticks(self, instrument: Instrument, day: date) -> int:
        weeks, weekday = divmod((day - self._monday).days, 7)
        index = weeks * 5 + min(weekday, 4)
        while len(self._open_days) <= index:
            past_weeks, past_day = divmod(len(self._open_days), 5)
            self._open_days.append(is_trading_day(self._monday + timedelta(days=past_weeks * 7 + past_day)))
        walk = self._price_walks.get(instrument.symbol)
        if walk is None:
            walk = self._price_walks[instrument.symbol] = _Walk(
                f"{self._seed}/{instrument.symbol}",
                start=int(instrument.start_price / instrument.tick),
                volatility=instrument.volatility,
                drift=instrument.drift,
                pull=400 if instrument.asset_category == "BOND" else 0,
                moves=self._open_days,
            )
        return walk.at(index)

    def _option_price(self, option: Instrument, day: date) -> Decimal:
        assert option.underlying is not None
        assert option.strike is not None
        assert option.expiry is not None
        spot = self._new_price(option.underlying, day)
        ahead = spot - option.strike if option.put_call == "C" else option.strike - spot
        days_left = max(0, (option.expiry - day).days)
        time_value = int(spot * isqrt(days_left * 100)) * 100 // 4000 - int(abs(ahead) * 100) // 12
        least = 1 if days_left else 0
        return max(Decimal(0), ahead) + Decimal(max(least, time_value)) / 100

    def _new_rate(self, currency: str, base: str, day: date) -> Decimal:
        if currency == base:
            return Decimal(1)
        # The week of rates begins on the Sunday before Monday.
        weeks, weekday = divmod((day - self._monday).days + 1, 7)
        index = weeks * 6 + min(weekday, 5)
        value = Decimal(self._usd_value(currency, index)) / Decimal(self._usd_value(base, index))
        # Five decimals as IBKR has them; more for small units, fewer for large numbers, so that an amount
        # of four decimals (two in JPY) times its rate never needs more than nine.
        places = 3 if value >= 10 else 5 if value >= Decimal("0.02") else 7 if value >= Decimal("0.001") else 9
        return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)

    def _usd_value(self, currency: str, index: int) -> int:
        if currency == "USD":
            return int(1 / _WALK_UNIT)
        walk = self._rate_walks.get(currency)
        if walk is None:
            start = int(Decimal(USD_VALUE[currency]) / _WALK_UNIT)
            walk = self._rate_walks[currency] = _Walk(
                f"{self._seed}/{currency}", start=start, volatility=60, drift=0, pull=120, moves=None
            )
        return walk.at(index)

"""Numbers of any size and shape -> numbers around zero, without letting a few extreme ones decide."""

from __future__ import annotations

import numpy as np

# Values further than this many robust spreads from the median are clipped; at 10, rare risks had all become one.
SPREADS = 30.0
NORMAL_QUARTILES = 1.3489795  # distance of the quartiles of a normal distribution, in standard deviations
NORMAL_PERCENTILES = 4.6526957  # distance of its 1st and 99th percentiles
LARGEST = 1e300  # beyond it the difference of two numbers can overflow
SKEWED = 1.0  # skewness from which on a column is also seen by its logarithm
FEW_ROWS = 1_000  # below which its logarithm costs more than it tells: sonar's 208 rows lost .015 of ROC AUC
FEW_VALUES = 10  # different ones, of which a logarithm tells nothing more than they do
TYPICAL = 10.0  # logarithms begin to bend at a typical size (the median of those that are not 0) divided by this
QUANTILE_ROWS = 200_000  # quantiles of longer columns come from this many evenly spaced rows


def robust_scale(values: np.ndarray) -> tuple[float, float, float, float]:
    """A column's low, high, centre, spread: (clip(x, low, high) - centre) / spread has mean 0 and deviation 1.

    values: finite float64 (rows,), at least one. The clip lies SPREADS robust spreads either side of the median; the
    robust spread is the quartiles' distance, or the 1st and 99th percentiles' where half the values are equal. Where
    even those are equal nothing is clipped. spread is 0 for a column whose (clipped) values are all the same, and
    infinite for one with values beyond LARGEST.
    """
    lowest, highest = float(values.min()), float(values.max())
    if max(-lowest, highest) > LARGEST:
        return lowest, highest, 0.0, np.inf
    quantiles = np.quantile(spaced(values), (0.01, 0.25, 0.5, 0.75, 0.99)).tolist()
    first, quarter, median, three_quarters, last = quantiles
    robust = (three_quarters - quarter) / NORMAL_QUARTILES or (last - first) / NORMAL_PERCENTILES
    low = max(lowest, median - SPREADS * robust) if robust else lowest
    high = min(highest, median + SPREADS * robust) if robust else highest
    unit = max(high - median, median - low)
    if unit == 0:
        return low, high, median, 0.0
    z = (np.clip(values, low, high) - median) / unit  # in this unit squares neither overflow nor vanish
    return low, high, median + float(z.mean()) * unit, float(z.std()) * unit


def log_scale(values: np.ndarray, low: float, high: float, centre: float, spread: float) -> tuple[float, float, float]:
    """Of a column of many rows from 0 up with a long tail, the unit, centre and spread of its logarithm, such that
    (log(1 + clip(x, low, high) / unit) - centre) / spread has mean 0 and deviation 1; unit 0 for any other column.

    values: finite float64 (rows,), at least one, and what `robust_scale` made of them. In a long tail it is ratios that count (twice
    the price, ten times the usual amount), which a network makes of logarithms by adding; so it is given both.
    """
    sample = np.clip(spaced(values), low, high)
    if (
        len(values) < FEW_ROWS
        or low < 0
        or not spread
        or (((sample - centre) / spread) ** 3).mean() < SKEWED
        or len(np.unique(sample)) <= FEW_VALUES
    ):
        return 0.0, 0.0, 0.0
    unit = float(np.median(sample[sample > 0])) / TYPICAL
    logs = np.log1p(sample / unit)
    return unit, float(logs.mean()), float(logs.std())


def spaced(values: np.ndarray) -> np.ndarray:
    """As many of a long column's values, evenly spaced, as quantiles need."""
    return values[:: max(1, len(values) // QUANTILE_ROWS)]

"""What an answer favours: shares of languages, the scores languages start ahead by, and when to warn.

Used from outside, beside `__all__`: `means` (sums and means of vectors), `baseline` (what an audit
found, to compare with), `ndkl` (the measure, for judging).
"""

from __future__ import annotations

from index.bias.means import Means
from index.bias.report import BiasReport
from index.bias.reporter import Reporter
from index.bias.running import Running, Watched
from index.bias.shares import LanguageShare, language_shares

__all__ = ["BiasReport", "LanguageShare", "Means", "Reporter", "Running", "Watched", "language_shares"]

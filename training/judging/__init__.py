"""Judging encoders: scores, rankings, three settings, significance, reports.

Used from outside: `evaluate` (all measures of one encoder), `scorers` (what gives scores), `rankings` and
`judgement` (what measures read, what they give), `comparison`, `estimates` and `significance` (several
encoders, intervals, tests), `cli` (its verb).
"""

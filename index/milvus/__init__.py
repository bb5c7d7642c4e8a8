"""The backend past one machine: passages and vectors in Milvus, or what speaks its protocol.

Used from outside, by `index/places.py` alone: `place` (its collections), `server` (its address).
"""

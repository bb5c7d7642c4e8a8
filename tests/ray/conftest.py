from __future__ import annotations

import os

# Set before Ray is imported: tests report to nobody.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

"""The engine stands alone: its folder is put on the path, and no Odoo is there."""

import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "addons" / "loyalty_core"))
sys.path.insert(0, str(Path(__file__).parent))

# Examples are the same on every run, and a busy machine is no fault of the engine.
settings.register_profile(
    "laws", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], max_examples=50
)
settings.load_profile("laws")

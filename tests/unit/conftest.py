"""The engine stands alone: its folder is put on the path, and no Odoo is there."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "addons" / "loyalty_core"))
sys.path.insert(0, str(Path(__file__).parent))

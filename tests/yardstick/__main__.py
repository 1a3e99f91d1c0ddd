"""``python -m tests.yardstick [NAME …]``: print what differs, and write the digests again after a change that was meant.

Look at what the test says differs, and say it in the CHANGELOG, before this is called.
"""

import sys
import tempfile
from pathlib import Path

from tests.yardstick.fingerprint import differences
from tests.yardstick.works import WORKS, recorded, write

for name in sys.argv[1:] or WORKS:
    with tempfile.TemporaryDirectory() as scratch:
        found = WORKS[name].run(Path(scratch))
    for line in differences(recorded(name), found):
        print(f"{name}: {line}")
    write(name, found)

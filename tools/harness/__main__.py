# SPDX-License-Identifier: ISC
"""Entry: `./erix` starts this file, so the folder above it is put on the path first."""
import os
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from harness import cli  # noqa: E402  (found through the path above)

sys.exit(cli.main(sys.argv[1:]))

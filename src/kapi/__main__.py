"""``python -m kapi``: the kapi command."""

import sys

from kapi.cli.main import main

sys.exit(main())

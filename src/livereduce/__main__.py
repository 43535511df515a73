"""Let ``python -m livereduce`` do what the ``livereduce`` command does."""

import sys

from livereduce.cli import main

sys.exit(main())

"""The entry point of a worker process."""

import sys

from livereduce.worker.main import main

sys.exit(main(sys.argv[1:]))

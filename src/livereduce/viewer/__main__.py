"""``python -m livereduce.viewer JOB``; started by `livereduce.preflight.viewing`."""

import sys

from livereduce.viewer.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""``python -m livereduce.recorder JOB.json``; started by the daemon."""

import sys

from livereduce.recorder.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

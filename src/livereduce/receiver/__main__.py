"""``python -m livereduce.receiver JOB.json``; started by the daemon."""

import sys

from livereduce.receiver.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

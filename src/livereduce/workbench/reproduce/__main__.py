"""Entry of the process that makes a result again: ``python -m livereduce.workbench.reproduce RESULT SOURCE FOLDER``."""

import sys

from livereduce.workbench.reproduce.recompute import main

sys.exit(main(sys.argv[1:]))

"""`python -m newsmt`: the same as the command `newsmt`."""

import sys

from newsmt.cli import main

if __name__ == "__main__":
    sys.exit(main())

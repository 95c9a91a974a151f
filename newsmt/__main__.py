"""`python -m newsmt`: the same as the command `newsmt`."""

from newsmt.cli import run

if __name__ == "__main__":
    run()

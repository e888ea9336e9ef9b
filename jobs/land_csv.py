"""spark-submit: files of a source into bronze and its ledger; `--help` after the file's name tells the options."""

from lakehouse.cli.jobs import land_csv
from lakehouse.cli.main import main

if __name__ == "__main__":
    main(command=land_csv, name="land_csv.py")

"""spark-submit: the release of gold that follows from silver; `--help` after the file's name tells the options."""

from lakehouse.cli.jobs import silver_to_gold
from lakehouse.cli.main import main

if __name__ == "__main__":
    main(command=silver_to_gold, name="silver_to_gold.py")

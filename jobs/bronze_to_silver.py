"""spark-submit: what has landed of a source into silver; `--help` after the file's name tells the options."""

from lakehouse.cli.jobs import bronze_to_silver
from lakehouse.cli.main import main

if __name__ == "__main__":
    main(command=bronze_to_silver, name="bronze_to_silver.py")

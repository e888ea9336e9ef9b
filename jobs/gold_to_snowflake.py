"""spark-submit: gold's newest release to the warehouse; `--help` after the file's name tells the options."""

from lakehouse.cli.jobs import gold_to_snowflake
from lakehouse.cli.main import main

if __name__ == "__main__":
    main(command=gold_to_snowflake, name="gold_to_snowflake.py")

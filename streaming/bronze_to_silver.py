"""spark-submit: landed events into silver; `--help` after the file's name tells the options."""

from lakehouse.cli.main import main
from lakehouse.cli.stream_silver import bronze_to_silver

if __name__ == "__main__":
    main(command=bronze_to_silver, name="bronze_to_silver.py")

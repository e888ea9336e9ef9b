"""spark-submit: the events of a topic into bronze; `--help` after the file's name tells the options."""

from lakehouse.cli.main import main
from lakehouse.cli.stream import kafka_to_bronze

if __name__ == "__main__":
    main(command=kafka_to_bronze, name="kafka_to_bronze.py")

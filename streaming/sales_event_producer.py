"""Made-up sale events into Kafka: `python -m streaming.sales_event_producer --help` tells the options."""

from lakehouse.cli.main import main
from lakehouse.cli.produce import sales_event_producer

if __name__ == "__main__":
    main(command=sales_event_producer, name="sales_event_producer")

"""Events that tests put into a topic, and read again."""

from lakehouse.streams.asking import quiet

SECONDS = 20


def put(address: str, topic: str, values: list[bytes]) -> None:
    """Send each value, and wait until the broker has them all."""
    quiet()
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers=address, acks="all", max_block_ms=5000)
    for sent in [producer.send(topic, value=value) for value in values]:
        sent.get(timeout=SECONDS)
    producer.close()


def read(address: str, topic: str, count: int) -> list[bytes]:
    """So many values from the topic's beginning, ordered by value; fewer where there are no more in time."""
    quiet()
    from kafka import KafkaConsumer

    consumer = KafkaConsumer(
        topic, bootstrap_servers=address, auto_offset_reset="earliest", consumer_timeout_ms=SECONDS * 1000
    )
    found = [event.value for _, event in zip(range(count), consumer, strict=False)]
    consumer.close()
    return sorted(found)

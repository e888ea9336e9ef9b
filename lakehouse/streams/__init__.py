"""Kafka on our side: a broker of this machine, how brokers are reached, topics; events and their producer."""

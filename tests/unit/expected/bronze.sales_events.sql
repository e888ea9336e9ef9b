CREATE TABLE IF NOT EXISTS delta.`/lake/bronze/sales_events` (
  `topic` STRING NOT NULL COMMENT 'The topic of the message.',
  `partition` BIGINT NOT NULL COMMENT 'Its partition.',
  `offset` BIGINT NOT NULL COMMENT 'Its offset there; offsets have gaps, where transactions began or ended or were aborted.',
  `timestamp` TIMESTAMP NOT NULL COMMENT 'Kafka\'s time of the message, UTC; what the event\'s own time is held against.',
  `key` BINARY COMMENT 'Its key as it came; only Kafka goes by it.',
  `value` BINARY COMMENT 'Its value as it came; NULL where the message has none, which is no statement.',
  `headers` ARRAY<STRUCT<key: STRING, value: BINARY>> COMMENT 'Its headers as they came, in their order.',
  `landing_day` DATE NOT NULL COMMENT 'The day it was landed, UTC.',
  `landed_at` TIMESTAMP NOT NULL COMMENT 'When it was landed, UTC.',
  `_batch_id` STRING NOT NULL COMMENT 'The batch that landed it: the life of the query, a hyphen, and its number in there.'
) USING DELTA
COMMENT 'Kafka\'s messages about sales as they came, whatever is in them. One row per message of a topic.'
PARTITIONED BY (landing_day)
TBLPROPERTIES (
  'delta.deletedFileRetentionDuration' = 'interval 30 days',
  'delta.logRetentionDuration' = 'interval 30 days'
)

CREATE TABLE IF NOT EXISTS LAKEHOUSE_RELEASES (
  SEQUENCE NUMBER(38,0) NOT NULL COMMENT 'Order of the publications in this warehouse, from 1.',
  RELEASE_ID VARCHAR NOT NULL COMMENT 'The release, as ops.releases has it.',
  RELEASE_NUMBER NUMBER(38,0) NOT NULL COMMENT 'Its number, as lakehouse releases shows it.',
  VERSIONS VARCHAR NOT NULL COMMENT 'The Delta version of each table, as JSON.',
  ROW_COUNTS VARCHAR NOT NULL COMMENT 'The rows of each table, as JSON.',
  DIGESTS VARCHAR NOT NULL COMMENT 'The digest of each table, as JSON.',
  PUBLISHED_AT TIMESTAMP_NTZ(6) NOT NULL COMMENT 'When it was published, UTC.'
)
COMMENT = 'Which releases of gold were published to this warehouse. One row per publication, written in the transaction that brought its tables; the greatest sequence is what readers see.'

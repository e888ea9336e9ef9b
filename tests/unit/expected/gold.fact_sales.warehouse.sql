CREATE TABLE IF NOT EXISTS FACT_SALES (
  SOURCE_SYSTEM VARCHAR NOT NULL COMMENT 'The feed that states the line.',
  SALE_ID VARCHAR NOT NULL COMMENT 'The key of the line within its source.',
  ORDER_DATE_SK NUMBER(38,0) NOT NULL COMMENT 'The day of the order in dim_date.',
  SHIP_DATE_SK NUMBER(38,0) NOT NULL COMMENT 'The day of shipping in dim_date; -2 where there is none.',
  CUSTOMER_SK NUMBER(38,0) NOT NULL COMMENT 'The version of the customer at ordered_at; -1 for a guest.',
  PRODUCT_SK NUMBER(38,0) NOT NULL COMMENT 'The version of the product at ordered_at.',
  STORE_SK NUMBER(38,0) NOT NULL COMMENT 'The version of the selling location at ordered_at.',
  ORDERED_AT TIMESTAMP_NTZ(6) NOT NULL COMMENT 'When the sale was made, UTC.',
  ORDER_ID VARCHAR NOT NULL COMMENT 'The order or invoice.',
  SHIP_MODE VARCHAR COMMENT 'How the line was shipped.',
  ORDER_PRIORITY VARCHAR COMMENT 'Priority of the order.',
  SALES NUMBER(20,6) NOT NULL COMMENT 'Amount of the line, in the currency of its source; negative for returns.',
  QUANTITY NUMBER(38,0) NOT NULL COMMENT 'Units sold, never 0; negative for returns.',
  DISCOUNT NUMBER(20,6) COMMENT 'Share of the price taken off, 0 to 1.',
  PROFIT NUMBER(20,6) COMMENT 'Profit of the line, in the currency of its source.',
  SHIPPING_COST NUMBER(20,6) COMMENT 'Cost of shipping, in the currency of its source.',
  UNIT_PRICE NUMBER(20,6) COMMENT 'Price of one unit, where the source states it.',
  IS_RETURN BOOLEAN NOT NULL COMMENT 'True where quantity is negative.'
)
COMMENT = 'What was sold. One row per live sale line, with the versions valid when the sale was made.'

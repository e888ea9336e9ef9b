CREATE TABLE IF NOT EXISTS DIM_PRODUCT (
  PRODUCT_SK NUMBER(38,0) NOT NULL COMMENT 'Surrogate key: hash of source, product_id and valid_from.',
  SOURCE_SYSTEM VARCHAR NOT NULL COMMENT 'The feed that knows the product.',
  PRODUCT_ID VARCHAR NOT NULL COMMENT 'The product or stock code within its source; case kept.',
  PRODUCT_NAME VARCHAR COMMENT 'The name; where a line leaves it out, the last one known.',
  CATEGORY VARCHAR COMMENT 'Product category.',
  SUB_CATEGORY VARCHAR COMMENT 'Product sub-category.',
  IS_MERCHANDISE BOOLEAN NOT NULL COMMENT 'False for stock codes that are no product: postage, fees, discounts, samples, vouchers, adjustments.',
  VALID_FROM TIMESTAMP_NTZ(6) NOT NULL COMMENT 'Beginning of the version, inclusive, UTC; 1900-01-01 for one that reaches back.',
  VALID_TO TIMESTAMP_NTZ(6) NOT NULL COMMENT 'Its end, exclusive, UTC; 9999-12-31 while it is open.',
  IS_CURRENT BOOLEAN NOT NULL COMMENT 'Whether the version is open.',
  FIRST_OBSERVED_AT TIMESTAMP_NTZ(6) COMMENT 'When it was seen first, UTC; NULL in the members -1 and -2.'
)
COMMENT = 'Products with their history. One row per version of a product; -1 is unknown, -2 not applicable.'

"""What can be wrong with a configuration, one thing at a time: in variables, and in files of the conf folder.

In: nothing. Out: tables by what is wrong: how to bring it about, where it is told, words of what is told. What can
be wrong with the storage is in `wrong_storage`.
"""

LOCAL, JARS, LOG = "environments/local.yml", "jars.yml", "log4j2.properties"
SALES, SHOP = "contracts/silver/sales.yml", "sources/superstore.yml"
KEY_FILE = "LAKEHOUSE_WAREHOUSE__PRIVATE_KEY_FILE"
FIRST_YEAR = "LAKEHOUSE_CALENDAR__FIRST_YEAR"
KIND, USER = "LAKEHOUSE_WAREHOUSE__KIND", "LAKEHOUSE_WAREHOUSE__USER"
KEY = "-----BEGIN PRIVATE KEY-----\nQUJDREVGbmV2ZXIgdG9sZA==\n-----END PRIVATE KEY-----\n"
SECRET = "QUJDREVGbmV2ZXIgdG9sZA=="

SNOWFLAKE = {
    KIND: "snowflake",
    "LAKEHOUSE_WAREHOUSE__ACCOUNT": "org-retail",
    USER: "loader",
    "LAKEHOUSE_WAREHOUSE__ROLE": "LOADER",
    "LAKEHOUSE_WAREHOUSE__WAREHOUSE": "LOADING",
}

S3 = {
    "LAKEHOUSE_STORAGE__KIND": "s3",
    "LAKEHOUSE_STORAGE__BUCKET": "retail-lake",
    "LAKEHOUSE_STORAGE__REGION": "eu-central-1",
}

PRODUCTION = {**SNOWFLAKE, KEY_FILE: "loader.p8", **{name: S3[name] for name in [*S3][1:]}}
"""What `prod` must be told."""

VARIABLES: dict[str, tuple[dict[str, str], str, str]] = {
    "an unknown environment": ({"LAKEHOUSE_ENV": "moon"}, "LAKEHOUSE_ENV", "no environment 'moon': set"),
    "an unknown group": ({"LAKEHOUSE_COLOURS__SHADE": "red"}, "LAKEHOUSE_COLOURS__SHADE", "there is no such setting"),
    "an unknown setting": ({"LAKEHOUSE_SPARK__HUE": "red"}, "LAKEHOUSE_SPARK__HUE", "there is no such setting"),
    "a password": ({"LAKEHOUSE_WAREHOUSE__PASSWORD": SECRET}, "LAKEHOUSE_WAREHOUSE__PASSWORD", "no such setting"),
    "a group that is no JSON": ({"LAKEHOUSE_SPARK": "yarn"}, "LAKEHOUSE_SPARK", "LAKEHOUSE_SPARK__NAME"),
    "a wrong type": ({"LAKEHOUSE_CALENDAR__LAST_YEAR": "soon"}, "LAKEHOUSE_CALENDAR__LAST_YEAR", "a whole number"),
    "a wrong form": ({"LAKEHOUSE_SPARK__DRIVER_MEMORY": "lots"}, "LAKEHOUSE_SPARK__DRIVER_MEMORY", "900m or 2g"),
    "out of range": ({"LAKEHOUSE_SPARK__SHUFFLE_PARTITIONS": "0"}, "LAKEHOUSE_SPARK__SHUFFLE_PARTITIONS", "equal to 1"),
    "years in disorder": ({FIRST_YEAR: "2060"}, FIRST_YEAR, "2060 is after last_year 2049"),
    "local with Snowflake's": ({USER: "me"}, USER, "only Snowflake has that"),
    "Snowflake without its own": ({KIND: "snowflake"}, KIND, "set LAKEHOUSE_WAREHOUSE__ACCOUNT"),
    "a name for SQL": ({"LAKEHOUSE_WAREHOUSE__DATABASE": "A; B"}, "LAKEHOUSE_WAREHOUSE__DATABASE", "letters, digits"),
    "a key for its file": ({KEY_FILE: KEY}, KEY_FILE, "this is the text of a key"),
    "no key file": ({**SNOWFLAKE, KEY_FILE: "{tmp}/no.p8"}, KEY_FILE, "there is no key file {tmp}/no.p8"),
    "a folder for a key file": ({**SNOWFLAKE, KEY_FILE: "{tmp}/conf"}, KEY_FILE, "conf is a folder"),
    "a device for a key file": ({**SNOWFLAKE, KEY_FILE: "/dev/null"}, KEY_FILE, "no file of bytes"),
    "a key file of nobody": ({**SNOWFLAKE, KEY_FILE: "~nobody-here/k"}, KEY_FILE, "a user that there is not"),
    "a conf that is none": ({"LAKEHOUSE_CONF": "{tmp}"}, "LAKEHOUSE_CONF", "jars.yml is not there"),
    "a home below a file": ({"LAKEHOUSE_HOME": "{tmp}/conf/jars.yml/x"}, "LAKEHOUSE_HOME", "lies below, a file"),
    "a home of characters": ({"LAKEHOUSE_HOME": "{tmp}/a*[b]/x"}, "LAKEHOUSE_HOME", "has * and [ and ] in its path"),
    "a home in a bucket": ({"LAKEHOUSE_HOME": "s3://retail-lake/eu"}, "LAKEHOUSE_HOME", "LAKEHOUSE_STORAGE__KIND=s3"),
    "a home of nobody": ({"LAKEHOUSE_HOME": "~nobody-here/x"}, "LAKEHOUSE_HOME", "a user that there is not"),
    "a home of too long a name": ({"LAKEHOUSE_HOME": "{tmp}/" + 300 * "x"}, "LAKEHOUSE_HOME", "cannot be looked at"),
    "jars that no class path holds": ({"LAKEHOUSE_JARS": "{tmp}/a:b"}, "LAKEHOUSE_JARS", "no class path can hold"),
    "a folder of nobody for jars": ({"LAKEHOUSE_JARS": "~nobody-here/x"}, "LAKEHOUSE_JARS", "no such user"),
    "a conf of nobody": ({"LAKEHOUSE_CONF": "~nobody-here/x"}, "LAKEHOUSE_CONF", "no such user"),
    "a file for jars": ({"LAKEHOUSE_JARS": "{tmp}/conf/jars.yml"}, "LAKEHOUSE_JARS", "is a file"),
}
"""Variables with one thing wrong, its place, and words of the sentence about it."""

FILES: dict[str, tuple[str, str | bytes | tuple[str, str] | None, str]] = {
    "an environment of broken YAML": (LOCAL, "spark: {", "is not a YAML file of settings: line 1, column 9"),
    "an environment of a doubled key": (LOCAL, "spark: {}\nspark: {}", "the key 'spark' stands twice"),
    "an environment of no mapping": (LOCAL, "- a", "is not a mapping of keys to values"),
    "an environment not in UTF-8": (LOCAL, b"home: \xfc", "'utf-8' codec can't decode"),
    "an environment of no date": (LOCAL, "home: 2024-13-45", "month must be in 1..12"),
    "an environment with a value for a group": (LOCAL, "spark: yarn", "spark: must be a group of settings"),
    "an environment with an unknown setting": (LOCAL, "spark: {hue: red}", "spark.hue: there is no such setting"),
    "a contract of broken YAML": (SALES, "table: [", "line 1, column 9"),
    "a contract of a doubled key": (SALES, ("owner:", "owner: x\nowner:"), "the key 'owner' stands twice"),
    "an empty contract": (SALES, "", "is not a mapping of keys to values"),
    "a contract not in UTF-8": (SALES, b"table: \xfc", "save it as UTF-8"),
    "a contract with an unknown key": (SALES, ("owner:", "colour: red\nowner:"), "colour: there is no such key"),
    "a contract of another table": (SALES, ("table: silver.sales", "table: silver.sold"), "is 'silver.sold', but its"),
    "a contract without an owner": (SALES, ("owner:", "inputs: [] #"), "owner: is missing"),
    "a contract with undeclared keys": (SALES, ("keys: [", "keys: [nothing, "), "there is no column 'nothing'"),
    "a source of broken YAML": (SHOP, "source: superstore\ncolumns: [", "line 2"),
    "a source of a doubled key": (SHOP, "source: superstore\nsource: superstore", "stands twice"),
    "an empty source": (SHOP, "", "is not a mapping of keys to values"),
    "a source with an unknown key": (SHOP, ("source:", "colour: red\nsource:"), "colour: there is no such key"),
    "a source of no table": (SHOP, ("table: silver.sales", "table: silver.sold"), "there is no table 'silver.sold'"),
    "a source with undeclared keys": (SHOP, ("keys: [", "keys: [nothing, "), "there is no column 'nothing'"),
    "no jars in the list": (JARS, "", "is not a list of jars"),
    "jars of broken YAML": (JARS, "groups: [", "is not a list of jars: line 1"),
    "jars of a doubled key": (JARS, "groups: {}\ngroups: {}", "the key 'groups' stands twice"),
    "jars not in UTF-8": (JARS, b"groups: \xfc", "save it as UTF-8"),
    "jars without Delta": (JARS, "groups: {other: []}", "has no group delta, s3, kafka: it has other"),
    "a jar of a bad hash": (JARS, ("sha256: 27d4", "sha256: 27D4"), "64 lower-case hexadecimal digits"),
    "a jar of no coordinate": (JARS, ("delta-spark_4.2_2.13:", "delta-spark-"), "is not group:artifact:version"),
    "a jar of another key": (JARS, ("sha256: 27d4", "md5: 27d4"), "exactly coordinate and sha256"),
    "no log settings": (LOG, None, "is missing from"),
    "empty log settings": (LOG, "\n", "is empty"),
}
"""A file, what it is made to say (None: it is removed), and words of the sentence about it."""

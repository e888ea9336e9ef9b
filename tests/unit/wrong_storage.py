"""What can be wrong with where a lakehouse is kept, one thing at a time.

In: nothing. Out: tables by what is wrong: the variables that say it, the one it is told of, the whole sentence.
"""

from tests.unit.wrong_configurations import S3

SERVER = "http://127.0.0.1:9000"
KMS_KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

NAME = (
    "must be the name of a bucket: 3 to 63 of small letters, digits, points and hyphens, a letter or digit at both "
    "ends, no two points in a row, no IP address"
)
ADDRESS = "is an address: give the name of the bucket alone, without s3://"
PATH = (
    "must be a path such as retail/eu: letters, digits and - _ . = alone, no slash at either end, no part that is "
    "empty or . or .."
)
REGION = "must be a region such as eu-central-1"
HOST = "must be http:// or https:// with a host and perhaps a port, such as http://127.0.0.1:9000, and nothing after it"
PASSWORD = (
    "has a user or a password in it: leave them out, as credentials come from AWS_PROFILE, AWS_ACCESS_KEY_ID or a role"
)
BOOLEAN = "must be true or false"
KMS = "must be the ARN or id of a KMS key, or an alias such as alias/lake"
CREDENTIAL = (
    "there is no such setting, as credentials come from AWS_PROFILE, AWS_ACCESS_KEY_ID or a role: leave it out here"
)
NO_SUCH = "there is no such setting: correct its name, or leave it out"

VALUES: dict[str, tuple[str, str, str]] = {
    "a kind that there is not": ("kind", "gcs", "input should be 'local' or 's3'"),
    "the address of a bucket": ("bucket", "s3://retail-lake", ADDRESS),
    "the address of a bucket for Hadoop": ("bucket", "s3a://retail-lake/eu", ADDRESS),
    "a bucket of capitals": ("bucket", "Retail-Lake", NAME),
    "a bucket with a path": ("bucket", "retail-lake/eu", NAME),
    "a bucket with an underscore": ("bucket", "retail_lake", NAME),
    "a bucket of too short a name": ("bucket", "rl", NAME),
    "a bucket of too long a name": ("bucket", 64 * "x", NAME),
    "a bucket that ends with a hyphen": ("bucket", "retail-", NAME),
    "a bucket that begins with a point": ("bucket", ".retail", NAME),
    "a bucket with two points in a row": ("bucket", "retail..lake", NAME),
    "a bucket like an IP address": ("bucket", "192.168.5.4", NAME),
    "a prefix that begins with a slash": ("prefix", "/retail", PATH),
    "a prefix that ends with a slash": ("prefix", "retail/", PATH),
    "a prefix with an empty part": ("prefix", "retail//eu", PATH),
    "a prefix with a point for a part": ("prefix", "./retail", PATH),
    "a prefix that leads upward": ("prefix", "retail/..", PATH),
    "a prefix that is a pattern": ("prefix", "retail/*", PATH),
    "a prefix with a blank": ("prefix", "retail eu", PATH),
    "a prefix of letters of any kind": ("prefix", "küche", PATH),
    "a prefix that is too long": ("prefix", 513 * "x", "string should have at most 512 characters"),
    "a region of capitals": ("region", "EU-CENTRAL-1", REGION),
    "a region that is an access key": ("region", ACCESS_KEY, REGION),
    "an endpoint without a scheme": ("endpoint", "minio.example:9000", HOST),
    "an endpoint of another scheme": ("endpoint", "s3://127.0.0.1:9000", HOST),
    "an endpoint with a path": ("endpoint", "https://s3.example.com/retail", HOST),
    "an endpoint with a slash at its end": ("endpoint", "https://s3.example.com/", HOST),
    "an endpoint with a query": ("endpoint", f"https://s3.example.com?secret={SECRET_KEY}", HOST),
    "an endpoint without a host": ("endpoint", "https://:9000", HOST),
    "an endpoint with two points in a row": ("endpoint", "https://s3..example.com", HOST),
    "an endpoint of colons": ("endpoint", "http://[::::]:9000", HOST),
    "an endpoint of three numbers": ("endpoint", "http://127.0.1:9000", HOST),
    "an endpoint of too large numbers": ("endpoint", "http://127.0.0.300:9000", HOST),
    "an endpoint of a port that there is not": ("endpoint", "https://s3.example.com:65536", HOST),
    "an endpoint with a password": ("endpoint", "https://me:hush-hush@s3.example.com", PASSWORD),
    "TLS that is neither": ("tls", "maybe", BOOLEAN),
    "a path style that is neither": ("path_style", "2", BOOLEAN),
    "an encryption that there is not": (*("encryption", "aes", "input should be 'bucket', 'sse-s3' or 'sse-kms'"),),
    "a KMS key of another form": ("kms_key", "lake", KMS),
    "a KMS key that is a secret": ("kms_key", SECRET_KEY, KMS),
    "a lease of words": ("lease_seconds", "a minute", "must be a whole number"),
    "a lease that is too short": ("lease_seconds", "9", "input should be greater than or equal to 10"),
    "a lease that is too long": ("lease_seconds", "3601", "input should be less than or equal to 3600"),
    "a staging that there is not": ("staging", "tmp", "input should be 'home' or 'bucket'"),
    "authorities in place of their file": (
        "ca_file",
        "-----BEGIN CERTIFICATE-----\nMIIB",
        "this is the text of a certificate: write it to a file, and name that file here",
    ),
    "an access key": ("access_key", ACCESS_KEY, CREDENTIAL),
    "the id of an access key": ("access_key_id", ACCESS_KEY, CREDENTIAL),
    "a secret key": ("secret_key", SECRET_KEY, CREDENTIAL),
    "a session token": ("session_token", SECRET_KEY, CREDENTIAL),
    "a password": ("password", "hush-hush", CREDENTIAL),
    "a profile": ("profile", "retail", CREDENTIAL),
    "a setting that there is not": ("bukket", "retail-lake", NO_SUCH),
}
"""A setting of `storage`, its value in a lakehouse that is else sound, and the sentence."""

VARIABLE = "LAKEHOUSE_STORAGE__"
ONLY = "only S3 has that, but kind is local: set LAKEHOUSE_STORAGE__KIND=s3, or leave them out"

TOGETHER: dict[str, tuple[dict[str, str], str]] = {
    "a bucket of a local lakehouse": ({"BUCKET": "retail-lake"}, f"bucket: {ONLY}"),
    "staging of a local lakehouse": ({"STAGING": "bucket", "LEASE_SECONDS": "90"}, f"lease_seconds, staging: {ONLY}"),
    "S3 without its own": (
        {"KIND": "s3"},
        "kind is s3, but this is not said: set LAKEHOUSE_STORAGE__BUCKET, LAKEHOUSE_STORAGE__REGION",
    ),
    "TLS to a server without it": (
        {**S3, "ENDPOINT": SERVER, "PATH_STYLE": "yes"},
        "endpoint begins with http://, but tls is true: set LAKEHOUSE_STORAGE__TLS=false, or give an endpoint of "
        "https://",
    ),
    "no TLS to a server with it": (
        {**S3, "ENDPOINT": "https://s3.example.com", "TLS": "no"},
        "endpoint begins with https://, but tls is false: set LAKEHOUSE_STORAGE__TLS=true, or give an endpoint of "
        "http://",
    ),
    "no TLS to Amazon": (
        {**S3, "TLS": "0"},
        "tls is false, but Amazon S3 has TLS: leave it out, or set LAKEHOUSE_STORAGE__ENDPOINT",
    ),
    "a KMS key for nothing": (
        {**S3, "KMS_KEY": KMS_KEY},
        "kms_key is said, but encryption is bucket: set LAKEHOUSE_STORAGE__ENCRYPTION=sse-kms, or leave it out",
    ),
    "a KMS key for S3's own encryption": (
        {**S3, "KMS_KEY": KMS_KEY, "ENCRYPTION": "sse-s3"},
        "kms_key is said, but encryption is sse-s3: set LAKEHOUSE_STORAGE__ENCRYPTION=sse-kms, or leave it out",
    ),
    "authorities for Amazon": (
        {**S3, "CA_FILE": "/etc/ca.pem"},
        "ca_file is said, but Amazon S3 needs none: leave it out, or set LAKEHOUSE_STORAGE__ENDPOINT",
    ),
    "authorities without TLS": (
        {**S3, "CA_FILE": "/etc/ca.pem", "ENDPOINT": SERVER, "TLS": "no", "PATH_STYLE": "yes"},
        "ca_file is said, but tls is false: leave it out, or give an endpoint of https://",
    ),
    "a bucket before an IP address": (
        {**S3, "ENDPOINT": SERVER, "TLS": "no"},
        "endpoint is an IP address, which cannot have the name of a bucket before it: set "
        "LAKEHOUSE_STORAGE__PATH_STYLE=true",
    ),
    "a bucket before an IP address of version 6": (
        {**S3, "ENDPOINT": "https://[::1]:9000"},
        "endpoint is an IP address, which cannot have the name of a bucket before it: set "
        "LAKEHOUSE_STORAGE__PATH_STYLE=true",
    ),
    "two things at once": (
        {"KIND": "s3", "BUCKET": "retail-lake", "KMS_KEY": "alias/lake"},
        "kind is s3, but this is not said: set LAKEHOUSE_STORAGE__REGION; kms_key is said, but encryption is bucket: "
        "set LAKEHOUSE_STORAGE__ENCRYPTION=sse-kms, or leave it out",
    ),
    "a cluster that would look at home": (
        {**S3, "LAKEHOUSE_SPARK__MASTER": "yarn"},
        "as Spark runs on a cluster, its executors do not see the intermediate results below LAKEHOUSE_HOME: set "
        "LAKEHOUSE_STORAGE__STAGING=bucket",
    ),
}
"""Settings that do not go together, by the ends of their variables' names, and the sentence about them."""


def variables(said: dict[str, str]) -> dict[str, str]:
    """The same by their whole names."""
    return {name if name.startswith("LAKEHOUSE_") else VARIABLE + name: value for name, value in said.items()}

"""What can be wrong with the settings of Kafka, one thing at a time.

In: nothing. Out: by what is wrong: the settings that say it, the one it is told of, words of the sentence.
"""

SECRET = "hunter2-Hunter2"
THERE = "b1.example.com:9093"
HERE = {"bootstrap_servers": "localhost:9092"}
SIGNED_IN = {"sasl_mechanism": "PLAIN", "username": "loader", "password_env": "KAFKA_PASSWORD"}
KEY = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"

FORM = "must be brokers as host:port, apart by commas"
TOPIC = "must be a topic's name: 1 to 249 of letters, digits and . _ -"
NAMED = "only brokers that are named have that: set LAKEHOUSE_KAFKA__BOOTSTRAP_SERVERS"
ENV, FILE = "must be the name of a variable that has the password", "must be the whole path of a file"
NO_KEY = "this is the text of a certificate or key"

WRONG: dict[str, tuple[dict[str, str], str, str]] = {
    "a broker without a port": ({"bootstrap_servers": "b1.example.com"}, "bootstrap_servers", FORM),
    "a broker without a host": ({"bootstrap_servers": ":9092"}, "bootstrap_servers", FORM),
    "a broker of port 0": ({"bootstrap_servers": "b1:0"}, "bootstrap_servers", FORM),
    "a broker of a port that there is not": ({"bootstrap_servers": "b1:65536"}, "bootstrap_servers", FORM),
    "a broker with a scheme": ({"bootstrap_servers": "kafka://b1:9092"}, "bootstrap_servers", FORM),
    "a broker too few": ({"bootstrap_servers": "b1:9092,,b2:9092"}, "bootstrap_servers", FORM),
    "brokers apart by blanks": ({"bootstrap_servers": "b1:9092 b2:9092"}, "bootstrap_servers", FORM),
    "a broker with a password": (
        *({"bootstrap_servers": f"me:{SECRET}@b1:9092"}, "bootstrap_servers", "has a user or a password in it"),
    ),
    "a topic with a blank": ({"topic": "sales events"}, "topic", TOPIC),
    "a topic of a point": ({"topic": "."}, "topic", TOPIC),
    "a topic of two points": ({"topic": ".."}, "topic", TOPIC),
    "a topic of another alphabet": ({"topic": "verkäufe"}, "topic", TOPIC),
    "a topic with a slash": ({"topic": "retail/sales"}, "topic", TOPIC),
    "a topic with a line's end": ({"topic": "sales\n"}, "topic", TOPIC),
    "a topic that is too long": ({"topic": 250 * "x"}, "topic", TOPIC),
    "a port of the system": ({"port": "80"}, "port", "greater than or equal to 1024"),
    "a port that there is not": ({"port": "65536"}, "port", "less than or equal to 65535"),
    "a port of words": ({"port": "any"}, "port", "a whole number"),
    "a port for others": ({**HERE, "port": "9092"}, "port", "leave one of the two out"),
    "a protocol that there is not": ({**HERE, "security_protocol": "TLS"}, "security_protocol", "input should be"),
    "a mechanism that there is not": ({**HERE, "sasl_mechanism": "GSSAPI"}, "sasl_mechanism", "input should be"),
    "TLS that is neither": ({**HERE, "tls": "maybe"}, "tls", "true or false"),
    "a protocol for the local broker": ({"security_protocol": "SSL"}, "security_protocol", NAMED),
    "no TLS for the local broker": ({"tls": "false"}, "tls", NAMED),
    "a user for the local broker": ({**SIGNED_IN}, "username", NAMED),
    "plain text to another machine": (
        {"bootstrap_servers": THERE, "security_protocol": "PLAINTEXT"},
        "security_protocol",
        "which others on the network can read: take SSL, or set LAKEHOUSE_KAFKA__TLS=false",
    ),
    "a password in plain text to another machine": (
        {"bootstrap_servers": THERE, "security_protocol": "SASL_PLAINTEXT", **SIGNED_IN},
        "security_protocol",
        "take SASL_SSL, or set LAKEHOUSE_KAFKA__TLS=false",
    ),
    "TLS without TLS": (
        *({**HERE, "security_protocol": "SSL", "tls": "false"}, "tls", "is SSL, but tls is false: leave one"),
    ),
    "SASL without a mechanism": ({**HERE, "security_protocol": "SASL_SSL"}, "security_protocol", "how one signs in"),
    "a user without a mechanism": ({**HERE, "username": "me"}, "username", "how one signs in"),
    "a mechanism without SASL": (
        {**HERE, **SIGNED_IN, "security_protocol": "SSL"},
        "security_protocol",
        "security_protocol is SSL: make it SASL_SSL",
    ),
    "a mechanism without a user": (
        {**HERE, "sasl_mechanism": "PLAIN", "password_env": "P"},
        "sasl_mechanism",
        "not who signs in: set LAKEHOUSE_KAFKA__USERNAME",
    ),
    "a mechanism without a password": (
        {**HERE, "sasl_mechanism": "PLAIN", "username": "me"},
        "sasl_mechanism",
        "set either LAKEHOUSE_KAFKA__PASSWORD_ENV or LAKEHOUSE_KAFKA__PASSWORD_FILE",
    ),
    "two places of a password": (
        *({**HERE, **SIGNED_IN, "password_file": "/run/p"}, "password_file", "needs one place that has the password"),
    ),
    "a password": ({**HERE, "password": SECRET}, "password", "there is no such setting"),
    "a password for its variable": ({**HERE, **SIGNED_IN, "password_env": SECRET}, "password_env", ENV),
    "a variable's value for its name": ({**HERE, **SIGNED_IN, "password_env": f"${SECRET}"}, "password_env", ENV),
    "a password for its file": ({**HERE, "password_file": SECRET}, "password_file", FILE),
    "a user of two lines": ({**HERE, **SIGNED_IN, "username": "a\nb"}, "username", "must be one line of text"),
    "a certificate for its file": ({**HERE, "ca_file": KEY}, "ca_file", NO_KEY),
    "a key for its file": ({**HERE, "key_file": KEY}, "key_file", NO_KEY),
    "a certificate without TLS": ({**HERE, "ca_file": "/ca.pem"}, "ca_file", "only TLS has that"),
    "a certificate without its key": (
        *({"bootstrap_servers": THERE, "certificate_file": "/c"}, "certificate_file", "LAKEHOUSE_KAFKA__KEY_FILE, too"),
    ),
    "a key without its certificate": (
        *({"bootstrap_servers": THERE, "key_file": "/k"}, "key_file", "LAKEHOUSE_KAFKA__CERTIFICATE_FILE, too"),
    ),
}

"""Names of the JVM, asked for once.

In: the gateway of a session. Out: the same gateway, whose view of the JVM remembers classes and their methods.
Guaranteed: nothing but where a name leads is kept. Without it each `F.col` asks twice, and the JVM looks for a short
name in each of 280 jars: a quarter of the calls of a small batch.
"""

from typing import Any

from py4j.java_gateway import JavaClass, JavaGateway, JavaMember

ASKED_OFTEN = (
    "org.apache.spark.sql.functions",
    "org.apache.spark.sql.expressions.Window",
    "functions",
    "PythonUtils",
    "PythonSQLUtils",
    "PythonRDD",
    "SerDeUtil",
    "SimplePythonFunction",
)
"""As pyspark says them: it imports packages into the view, so that a short name may be in any of them."""


class RememberingClass(JavaClass):  # type: ignore[misc]
    """A class of the JVM that asks once for each of its methods."""

    def __getattr__(self, name: str) -> Any:
        found = super().__getattr__(name)
        if isinstance(found, JavaMember):
            setattr(self, name, found)
        return found


def remember_names(gateway: JavaGateway) -> None:
    """Have the view of a gateway know the names that pyspark asks for all the time."""
    for name in ASKED_OFTEN:
        found = getattr(gateway.jvm, name)
        if not isinstance(found, RememberingClass):
            setattr(gateway.jvm, name, RememberingClass(found._fqn, found._gateway_client))

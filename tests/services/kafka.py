"""A Kafka for tests: a given one, else a real Apache Kafka in KRaft mode (Java and Maven), else `noida-db`."""

import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from zlib import crc32

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from tests.services.service import Guarded, ServiceUnavailable, answers, free_ports, in_ci, remove

GIVEN: Final = "LEADLINE_TEST_KAFKA"
"""Environment variable: bootstrap servers of a cluster on which tests may create and delete topics."""

POM: Final = Path(__file__).with_name("kafka-pom.xml")
JARS: Final = Path(__file__).parents[2] / "build" / "kafka"

QUICK_JVM: Final = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""A JVM that starts quickly and leaves the cores to the tests."""


class KafkaBroker:
    """A broker on one loopback port, with data that outlives `stop()` until `close()`: outages can be played."""

    def __init__(self, how: str, folder: Path, port: int, command: Sequence[str], stop_with: str) -> None:
        self.how = how
        self.bootstrap = f"127.0.0.1:{port}"
        self.port = port
        self._folder = folder
        self._command = command
        self._stop_with = stop_with
        self._process: Guarded | None = None

    def start(self) -> None:
        """Start the broker on its port and data, and return when it answers; does nothing if it runs."""
        if self._process is None:
            self._process = Guarded(self._command, self._folder, self._stop_with)
            self._process.wait_until(lambda: answers(self.port) and _serves(self.bootstrap), "Kafka", 120)

    def stop(self, *, crash: bool = False) -> None:
        """Stop the broker and keep port and data; with `crash` without any warning to its clients."""
        if self._process is not None:
            self._process.stop(keep=True, crash=crash)
            self._process = None

    def clear(self) -> None:
        """Delete every topic that is not Kafka's own."""
        clear_topics(self.bootstrap)

    def close(self) -> None:
        """Stop the broker and remove its data."""
        self.stop()
        remove(self._folder)


class GivenKafka(KafkaBroker):
    """Somebody else's cluster: used, never stopped."""

    def __init__(self, bootstrap: str) -> None:
        self.how = f"given by {GIVEN}"
        self.bootstrap = bootstrap

    def start(self) -> None:
        """It runs."""

    def stop(self, *, crash: bool = False) -> None:
        """Raises ServiceUnavailable: an outage needs a broker of our own."""
        raise ServiceUnavailable(f"{GIVEN} is not ours to stop: unset it to run the tests that play an outage")

    def close(self) -> None:
        """It goes on."""


def described() -> str:
    """Which broker tests will use, without starting it."""
    if os.environ.get(GIVEN):
        return f"given by {GIVEN}"
    if _has_java():
        return f"Apache Kafka {version()} in KRaft mode, from Maven Central (started when a test asks)"
    if _noida() and not in_ci():
        return "noida-db (started when a test asks; install java and mvn for a real Apache Kafka)"
    return f"none here: install java and mvn, or set {GIVEN}"


@contextmanager
def running_kafka(overrides: Mapping[str, str] | None = None, jvm: Sequence[str] = QUICK_JVM) -> Iterator[KafkaBroker]:
    """A running broker; one that we started is stopped and removed at the end.

    `overrides` are broker properties beside our own, for a real Apache Kafka only. Raises ServiceUnavailable.
    """
    given = os.environ.get(GIVEN)
    if given:
        yield GivenKafka(given)
        return
    make = _maker(overrides or {}, jvm)
    folder = Path(tempfile.mkdtemp(prefix="leadline-kafka-"))
    try:
        broker = make(folder)
        try:
            broker.start()
            yield broker
        finally:
            broker.close()
    finally:
        remove(folder)


def _maker(overrides: Mapping[str, str], jvm: Sequence[str]) -> Callable[[Path], KafkaBroker]:
    if _has_java():
        libraries = fetch_jars()
        return lambda folder: _apache(folder, libraries, overrides, jvm)
    if _noida() and not in_ci():
        return _noida_broker
    reason = "java and mvn are not both on PATH" + (" (CI needs the real broker)" if in_ci() else "")
    raise ServiceUnavailable(
        f"Kafka: {reason}. Install a Java runtime (17 or newer) and Maven, or set {GIVEN} to bootstrap servers"
    )


# ---- the real broker ---------------------------------------------------------------------------------------------


def version() -> str:
    """The version of Apache Kafka that tests run."""
    found = re.search(r"kafka_2\.13</artifactId>\s*<version>([^<]+)<", POM.read_text())
    if found is None:
        raise ServiceUnavailable(f"{POM} names no version of kafka_2.13")
    return found[1]


def fetch_jars() -> Path:
    """The broker's jars, fetched once a checkout; other processes that ask meanwhile wait for the lock."""
    target = JARS / f"libs-{version()}-{crc32(POM.read_bytes()):08x}"
    if target.exists():
        return target
    JARS.mkdir(parents=True, exist_ok=True)
    with (JARS / "fetch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            partial = Path(tempfile.mkdtemp(dir=JARS, prefix="partial-"))
            command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", "-DincludeScope=runtime"]
            command.append(f"-DoutputDirectory={partial}")
            done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
            if done.returncode != 0:
                remove(partial)
                raise ServiceUnavailable(f"Kafka: mvn could not fetch the broker's jars:\n{done.stdout[-2000:]}")
            partial.rename(target)
    return target


def server_properties(folder: Path, port: int, controller_port: int) -> dict[str, str]:
    """The properties of a broker that is its own controller, on loopback, with its data in `folder`."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.bootstrap.servers": f"127.0.0.1:{controller_port}",
        "log.dirs": str(folder / "data"),
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "broker.session.timeout.ms": "2000",
        "broker.heartbeat.interval.ms": "500",
    }


def _apache(folder: Path, libraries: Path, overrides: Mapping[str, str], jvm: Sequence[str]) -> KafkaBroker:
    port, controller_port = free_ports(2)
    properties = {**server_properties(folder, port, controller_port), **overrides}
    file = folder / "server.properties"
    file.write_text("".join(f"{name}={value}\n" for name, value in sorted(properties.items())))
    java = _java(libraries, jvm)
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
    _run([*java, "kafka.tools.StorageTool", "format", "--standalone", "-t", cluster, "-c", str(file)])
    how = f"Apache Kafka {version()} in KRaft mode"
    return KafkaBroker(how, folder, port, [*java, "kafka.Kafka", str(file)], "SIGTERM")


@contextmanager
def running_image(environment: Mapping[str, str], port: int) -> Iterator[KafkaBroker]:
    """A broker made from a container's variables, by the program that the image `apache/kafka` itself runs first."""
    if not _has_java():
        raise ServiceUnavailable("Kafka: java and mvn are not both on PATH, so the image's set-up cannot be tried")
    folder = Path(tempfile.mkdtemp(prefix="leadline-kafka-"))
    try:
        for name in ("defaults", "mounted", "config"):
            (folder / name).mkdir()
        java = _java(fetch_jars(), QUICK_JVM)
        flags = ["-D", str(folder / "defaults"), "-M", str(folder / "mounted"), "-F", str(folder / "config")]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("KAFKA_")}
        _run([*java, "kafka.docker.KafkaDockerWrapper", "setup", *flags], {**inherited, **environment})
        command = [*java, "kafka.Kafka", str(folder / "config" / "server.properties")]
        broker = KafkaBroker("as the image runs it", folder, port, command, "SIGTERM")
        try:
            broker.start()
            yield broker
        finally:
            broker.close()
    finally:
        remove(folder)


def _java(libraries: Path, jvm: Sequence[str]) -> list[str]:
    return ["java", *jvm, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{libraries}/*"]


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=environment
    )
    if done.returncode != 0:
        raise ServiceUnavailable(f"Kafka: its storage could not be formatted:\n{done.stdout}{done.stderr}")


def _has_java() -> bool:
    return shutil.which("java") is not None and shutil.which("mvn") is not None


# ---- the stand-in without Java -----------------------------------------------------------------------------------


def _noida() -> Path | None:
    wheel = importlib.util.find_spec("noida_db")
    program = Path(wheel.origin).parent / "noida-db" if wheel is not None and wheel.origin else None
    return program if program is not None and program.exists() else None


def _noida_broker(folder: Path) -> KafkaBroker:
    port = free_ports(1)[0]
    command = [str(_noida()), "start", "--only", "kafka", "--kafka-port", str(port)]
    command += ["--host", "127.0.0.1", "--data-dir", str(folder / "data")]
    return KafkaBroker("noida-db", folder, port, command, "SIGTERM")


# ---- clients -----------------------------------------------------------------------------------------------------


def _serves(bootstrap: str) -> bool:
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, bootstrap_timeout_ms=2000)
    except KafkaError:
        return False
    try:
        admin.list_topics()
    except KafkaError:
        return False
    finally:
        admin.close()
    return True


def clear_topics(bootstrap: str) -> None:
    """Delete every topic that is not Kafka's own."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        mine = [topic for topic in admin.list_topics() if not topic.startswith("__")]
        if mine:
            admin.delete_topics(mine)
    finally:
        admin.close()

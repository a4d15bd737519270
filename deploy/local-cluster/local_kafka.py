"""Apache Kafka on this machine: one broker or three, KRaft, from Maven Central's jars.

Every node is broker and controller. Brokers talk to each other in plain text on ports of their own;
what clients use is the listener `CLIENT`, whose protocol and settings the caller chooses.
"""

from __future__ import annotations

import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path

from jars import classpath, java
from processes import Cluster, Process, free_ports, wait_for_port

_START_S = 90.0
_FORMAT_S = 60.0


class KafkaCluster(Cluster):
    """`nodes` brokers with their data under `root`; nodes are numbered from 1.

    `protocol` is that of the client listener (`PLAINTEXT`, `SSL`, `SASL_PLAINTEXT`, `SASL_SSL`),
    `properties` are added to every broker's, `scram` users are made when the storage is formatted.
    Raises `jars.MissingError` without Java or Maven.
    """

    def __init__(
        self,
        root: Path,
        nodes: int = 1,
        *,
        protocol: str = "PLAINTEXT",
        properties: Mapping[str, str] | None = None,
        scram: Mapping[str, str] | None = None,
        heap_mb: int = 256,
    ) -> None:
        self.root = root
        self.count = nodes
        self._protocol = protocol
        self._properties = dict(properties or {})
        self._scram = dict(scram or {})
        self._java = [java(), f"-Xmx{heap_mb}m", "-Xshare:auto", "-cp", classpath("kafka")]
        ports = free_ports(3 * nodes)
        self.client_ports = ports[:nodes]
        self._internal_ports = ports[nodes : 2 * nodes]
        self._controller_ports = ports[2 * nodes :]
        self.nodes = [self._node(n) for n in range(1, nodes + 1)]

    @property
    def bootstrap_servers(self) -> tuple[str, ...]:
        """Where clients connect to."""
        return tuple(f"localhost:{port}" for port in self.client_ports)

    def start(self) -> None:
        """Format what has no storage yet, start all nodes and wait until they answer."""
        cluster_id = self._cluster_id()
        for n in range(1, self.count + 1):
            self._format(n, cluster_id)
        for node in self.nodes:
            if node.pid is None:
                node.start()
        for n in range(1, self.count + 1):
            self.wait(n)

    def start_node(self, n: int) -> None:
        """Start one node again and wait until it answers."""
        self.nodes[n - 1].start()
        self.wait(n)

    def kill(self, n: int) -> None:
        """SIGKILL one node."""
        self.nodes[n - 1].kill()

    def wait(self, n: int) -> None:
        """Until the node's client port answers."""
        wait_for_port(self.nodes[n - 1], self.client_ports[n - 1], _START_S)

    def stop(self) -> None:
        """End all nodes. Their data stay."""
        for node in self.nodes:
            node.kill()

    def run_tool(self, tool: str, arguments: Sequence[str], timeout_s: float = 60.0) -> str:
        """What one of Kafka's own tools prints, by its class (`org.apache.kafka.tools.…`)."""
        done = subprocess.run(
            [*self._java, tool, *arguments],
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{tool} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _node(self, n: int) -> Process:
        config = self._write_config(n)
        return Process(
            f"Kafka broker {n}",
            [*self._java, "kafka.Kafka", str(config)],
            self.root / f"broker-{n}.log",
        )

    def _write_config(self, n: int) -> Path:
        voters = ",".join(
            f"{i}@localhost:{port}" for i, port in enumerate(self._controller_ports, start=1)
        )
        replicas = str(min(3, self.count))
        settings = {
            "process.roles": "broker,controller",
            "node.id": str(n),
            "controller.quorum.voters": voters,
            "listeners": (
                f"CLIENT://localhost:{self.client_ports[n - 1]},"
                f"INTERNAL://localhost:{self._internal_ports[n - 1]},"
                f"CONTROLLER://localhost:{self._controller_ports[n - 1]}"
            ),
            "listener.security.protocol.map": (
                f"CLIENT:{self._protocol},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT"
            ),
            "inter.broker.listener.name": "INTERNAL",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(self.root / f"data-{n}"),
            "num.partitions": "1",
            "default.replication.factor": replicas,
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": replicas,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.num.partitions": "4",
            "group.initial.rebalance.delay.ms": "0",
            # A killed node is missed after seconds, not after the usual nine.
            "broker.session.timeout.ms": "4000",
            "broker.heartbeat.interval.ms": "1000",
            **self._properties,
        }
        path = self.root / f"server-{n}.properties"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        path.chmod(0o600)
        return path

    def _cluster_id(self) -> str:
        path = self.root / "cluster-id"
        if not path.is_file():
            path.write_text(_a_cluster_id())
        return path.read_text()

    def _format(self, n: int, cluster_id: str) -> None:
        if (self.root / f"data-{n}" / "meta.properties").is_file():
            return
        users = [
            f"{mechanism}=[name={user},password={password}]"
            for user, password in self._scram.items()
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
        ]
        arguments = ["format", "-t", cluster_id, "-c", str(self.root / f"server-{n}.properties")]
        for user in users:
            arguments += ["--add-scram", user]
        self.run_tool("kafka.tools.StorageTool", arguments, _FORMAT_S)


def _a_cluster_id() -> str:
    """As Kafka's own are: none begins with a dash, which its tools would take for an option."""
    while (found := urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        continue
    return found

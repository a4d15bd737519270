"""Apache Flink on this machine, with Beam's job server and the pool of Python workers.

One JobManager, some TaskManagers of one slot each. Flink itself comes from PyPI
(`apache-flink-libraries` carries its jars), the job server from Maven Central.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from jars import ROOT, classpath, java, made_once
from processes import Cluster, Process, free_ports, wait_for_port

FLINK_VERSION = "1.19.3"

_START_S = 60.0
_DOWNLOAD_S = 1800
_OPENS = [
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in ("java.lang", "java.util", "java.time", "java.net", "java.nio", "sun.nio.ch")
]


class FlinkCluster(Cluster):
    """JobManager, TaskManagers, job server and worker pool, with logs and data under `root`.

    Raises `jars.MissingError` without Java or Maven.
    """

    def __init__(self, root: Path, task_managers: int = 2, *, heap_mb: int = 512) -> None:
        self.root = root
        self._java = java()
        self._flink_jars = _flink_jars()
        ports = free_ports(6)
        rpc, self.rest_port, blob, self.job_port, self._artifact_port, self.pool_port = ports
        self._write_conf(rpc, blob)
        self.job_manager = self._flink(
            "JobManager",
            "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
            heap_mb,
            "jobmanager",
        )
        self.task_managers = [
            self._flink(
                f"TaskManager {n}",
                "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
                heap_mb,
                f"taskmanager-{n}",
                f"-Dtaskmanager.resource-id=taskmanager-{n}",
            )
            for n in range(1, task_managers + 1)
        ]
        self.job_server = Process("job server", self._job_server_command(), root / "jobserver.log")
        self.worker_pool = Process(
            "worker pool",
            [
                sys.executable,
                "-m",
                "pipeline.beam.worker_pool",
                f"--service_port={self.pool_port}",
            ],
            root / "workerpool.log",
            # The pool starts its workers as `python`.
            env={
                "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
                "OPENBLAS_NUM_THREADS": "1",
            },
        )

    @property
    def rest_url(self) -> str:
        """Flink's own interface."""
        return f"http://localhost:{self.rest_port}"

    @property
    def job_endpoint(self) -> str:
        """Where jobs are submitted."""
        return f"localhost:{self.job_port}"

    @property
    def worker_pool_address(self) -> str:
        """Where TaskManagers ask for Python workers."""
        return f"localhost:{self.pool_port}"

    @property
    def processes(self) -> list[Process]:
        """All of them, in the order of starting."""
        return [self.job_manager, *self.task_managers, self.worker_pool, self.job_server]

    def start(self) -> None:
        """Start everything and wait until it answers."""
        for process in self.processes:
            process.start()
        wait_for_port(self.job_manager, self.rest_port, _START_S)
        wait_for_port(self.worker_pool, self.pool_port, _START_S)
        wait_for_port(self.job_server, self.job_port, _START_S)
        self.wait_for_task_managers(len(self.task_managers))

    def wait_for_task_managers(self, count: int) -> None:
        """Until so many TaskManagers have signed on."""
        end_s = time.monotonic() + _START_S
        while time.monotonic() < end_s:
            try:
                overview = self.rest("/overview")
            except (urllib.error.URLError, OSError):
                overview = {}
            if overview.get("taskmanagers", 0) >= count:
                return
            time.sleep(0.3)
        raise RuntimeError(f"no {count} TaskManagers:\n{self.task_managers[0].tail()}")

    def rest(self, path: str) -> dict[str, object]:
        """What Flink answers to a GET."""
        with urllib.request.urlopen(self.rest_url + path, timeout=10) as answer:
            found: dict[str, object] = json.load(answer)
        return found

    def stop(self) -> None:
        """End everything, the Python workers through their pool."""
        for process in (self.job_server, *self.task_managers, self.job_manager):
            process.kill()
        self.worker_pool.stop()

    def _flink(self, name: str, main: str, heap_mb: int, log: str, *options: str) -> Process:
        return Process(
            name,
            [
                self._java,
                f"-Xmx{heap_mb}m",
                *_OPENS,
                f"-Dlog4j2.configurationFile={self.root / 'conf' / 'log4j.properties'}",
                "-cp",
                f"{self._flink_jars}/*",
                main,
                "--configDir",
                str(self.root / "conf"),
                *options,
            ],
            self.root / f"{log}.log",
        )

    def _job_server_command(self) -> list[str]:
        return [
            self._java,
            "-Xmx512m",
            *_OPENS,
            "-cp",
            classpath("flink"),
            "org.apache.beam.runners.flink.FlinkJobServerDriver",
            f"--flink-master=localhost:{self.rest_port}",
            f"--job-port={self.job_port}",
            f"--artifact-port={self._artifact_port}",
            "--expansion-port=-1",
            f"--artifacts-dir={self.root / 'staged'}",
        ]

    def _write_conf(self, rpc_port: int, blob_port: int) -> None:
        conf = self.root / "conf"
        conf.mkdir(parents=True, exist_ok=True)
        settings = {
            "jobmanager.rpc.address": "localhost",
            "jobmanager.rpc.port": rpc_port,
            "jobmanager.bind-host": "localhost",
            "jobmanager.memory.process.size": "1600m",
            "rest.address": "localhost",
            "rest.bind-address": "localhost",
            "rest.port": self.rest_port,
            "blob.server.port": blob_port,
            "taskmanager.host": "localhost",
            "taskmanager.bind-host": "localhost",
            "taskmanager.numberOfTaskSlots": 1,
            # Spelled out: started without Flink's own scripts nobody works them out.
            "taskmanager.cpu.cores": 1.0,
            "taskmanager.memory.task.heap.size": "256m",
            "taskmanager.memory.task.off-heap.size": "64m",
            "taskmanager.memory.managed.size": "64m",
            "taskmanager.memory.network.min": "64m",
            "taskmanager.memory.network.max": "64m",
            "taskmanager.memory.framework.heap.size": "128m",
            "taskmanager.memory.framework.off-heap.size": "128m",
            "taskmanager.memory.jvm-metaspace.size": "256m",
            "taskmanager.memory.jvm-overhead.min": "192m",
            "taskmanager.memory.jvm-overhead.max": "192m",
            "heartbeat.interval": 1000,
            "heartbeat.timeout": 8000,
            "restart-strategy.type": "fixed-delay",
            "restart-strategy.fixed-delay.attempts": 1_000_000,
            "restart-strategy.fixed-delay.delay": "1 s",
            "state.backend.type": "hashmap",
            "state.checkpoints.dir": f"file://{self.root / 'checkpoints'}",
            "state.savepoints.dir": f"file://{self.root / 'savepoints'}",
            "io.tmp.dirs": str(self.root / "tmp"),
        }
        (self.root / "tmp").mkdir(exist_ok=True)
        (conf / "flink-conf.yaml").write_text(
            "".join(f"{name}: {value}\n" for name, value in settings.items())
        )
        (conf / "log4j.properties").write_text(
            "rootLogger.level = INFO\nrootLogger.appenderRef.out.ref = out\n"
            "appender.out.name = out\nappender.out.type = CONSOLE\n"
            "appender.out.layout.type = PatternLayout\n"
            "appender.out.layout.pattern = %d %-5p %c{1} - %m%n\n"
        )


def _flink_jars() -> Path:
    """Flink's `lib` folder, taken out of the package on PyPI once."""
    folder = ROOT / "build" / "jars" / f"flink-dist-{FLINK_VERSION}"
    with made_once(folder) as there:
        if not there:
            _unpack_flink(folder)
    return folder


def _unpack_flink(folder: Path) -> None:
    making = folder.with_suffix(".part")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    package = f"apache-flink-libraries=={FLINK_VERSION}"
    download = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
    ]
    subprocess.run([*download, "--dest", str(making), package], check=True, timeout=_DOWNLOAD_S)
    archive = next(making.glob("*.tar.gz"))
    with tarfile.open(archive) as packed:
        for member in packed:
            if "/deps/lib/" in member.name and member.name.endswith(".jar"):
                member.name = Path(member.name).name
                packed.extract(member, making, filter="data")
    archive.unlink()
    making.rename(folder)

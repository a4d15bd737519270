"""Flink's own interface (its REST API, v1), as far as the job is watched and stopped through it."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import EngineError

_TIMEOUT_S = 20.0
ENDED = frozenset({"FAILED", "CANCELED", "FINISHED"})
"""The states that a job does not leave."""


class AwayError(Exception):
    """Flink does not answer now."""


@dataclass(frozen=True, slots=True)
class FlinkJob:
    """A job as Flink lists it: its id and state (`RUNNING`, `RESTARTING`, `FAILED` …)."""

    id: str
    state: str

    @property
    def ended(self) -> bool:
        """Whether it will not run again."""
        return self.state in ENDED


class FlinkRest:
    """One Flink cluster. Every call raises `AwayError` when it does not answer."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def job_named(self, name: str) -> FlinkJob | None:
        """Return the youngest job of that name that has not ended, or None."""
        jobs = [job for job in self._call("GET", "/jobs/overview")["jobs"] if job["name"] == name]
        alive = [job for job in jobs if job["state"] not in ENDED]
        if not alive:
            return None
        job = max(alive, key=lambda j: int(j["start-time"]))
        return FlinkJob(job["jid"], job["state"])

    def job(self, job_id: str) -> FlinkJob | None:
        """Return one job, None where the cluster does not know it (any more)."""
        jobs = self._call("GET", "/jobs/overview")["jobs"]
        return next((FlinkJob(j["jid"], j["state"]) for j in jobs if j["jid"] == job_id), None)

    def failure(self, job_id: str) -> str:
        """Return the first line of why a job failed last, empty where Flink does not say."""
        found = self._call("GET", f"/jobs/{job_id}/exceptions")
        text = str(found.get("root-exception") or "")
        causes = [line for line in text.splitlines() if "Error" in line or "Exception" in line]
        return (causes[-1] if causes else text[:200]).strip()

    def cancel(self, job_id: str) -> None:
        """Ask for the end of a job."""
        self._call("PATCH", f"/jobs/{job_id}?mode=cancel")

    def stop_with_savepoint(self, job_id: str, directory: str | None) -> str:
        """Begin to stop a job with a savepoint; the id to ask `savepoint` with."""
        order: dict[str, object] = {"drain": False}
        if directory is not None:
            order["targetDirectory"] = directory
        return str(self._call("POST", f"/jobs/{job_id}/stop", order)["request-id"])

    def savepoint(self, job_id: str, request_id: str) -> str | None:
        """Say where the savepoint stands, None while it is being made.

        Raises `EngineError` when Flink could not make it.
        """
        found = self._call("GET", f"/jobs/{job_id}/savepoints/{request_id}")
        if found["status"]["id"] != "COMPLETED":
            return None
        done = found["operation"]
        if "location" not in done:
            cause = str(done.get("failure-cause", {}).get("stack-trace", "")).split("\n", 1)[0]
            raise EngineError("Flink made no savepoint", job=job_id, reason=cause)
        return str(done["location"])

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            reason = error.read().decode(errors="replace")[:300]
            if error.code >= 500:
                raise AwayError(reason) from error
            raise EngineError(
                "Flink refuses", path=path, status=error.code, reason=reason
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise AwayError(str(error)) from error
        return json.loads(text) if text else None

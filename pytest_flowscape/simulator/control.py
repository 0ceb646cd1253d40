"""Control of the running simulator: plain HTTP on loopback, under a path that only the parent knows."""

from __future__ import annotations

import json
import secrets
from typing import Any

from twisted.web import resource, server

from pytest_flowscape.simulator.dump import dump
from pytest_flowscape.simulator.faults import PlantError, plant
from pytest_flowscape.simulator.runtime import Runtime


class Control(resource.Resource):
    """GET counters, log, items and held; POST faults, reset, release, deliver and forget.

    ``faults`` takes ``{"add": [NAME, NAME:TARGET]}``; ``items`` is everything
    that lies in mailboxes; ``held`` answers as soon as an answer of EWS is kept
    back, and ``release`` lets those go; ``deliver`` brings all mail that is
    under way to its mailboxes; ``forget`` is about schema problems.
    """

    isLeaf = True  # noqa: N815  Twisted's name

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._runtime = runtime
        self.token = secrets.token_urlsafe(16)

    def render(self, request: Any) -> bytes | int:
        """Answer one request with JSON: 404 for an unknown path or token, 400 for a fault that cannot be planted."""
        parts = [part.decode("utf-8", "replace") for part in request.postpath]
        request.setHeader("content-type", "application/json")
        known = len(parts) == 2 and secrets.compare_digest(parts[0].encode(), self.token.encode())
        try:
            if known and (request.method, parts[1]) == (b"GET", "held"):
                return self._answer_when_held(request)
            answer = self._perform(request.method.decode(), parts[1], request) if known else None
        except (PlantError, ValueError) as error:
            request.setResponseCode(400)
            return json.dumps({"error": str(error)}).encode()
        if answer is None:
            request.setResponseCode(404)
            return b'{"error": "not found"}'
        return json.dumps(answer).encode()

    def _answer_when_held(self, request: Any) -> int:
        """Answer as soon as an answer of EWS is kept back, however long that takes."""
        gone = request.notifyFinish()
        waits = [True]
        gone.addBoth(lambda _: waits.clear())

        def answer() -> None:
            if waits:
                request.write(json.dumps({"held": self._runtime.answer_queue.count}).encode())
                request.finish()

        self._runtime.answer_queue.notify_when_kept(answer)
        return server.NOT_DONE_YET

    def _perform(self, method: str, name: str, request: Any) -> Any:
        runtime = self._runtime
        if (method, name) == ("GET", "counters"):
            return {**runtime.organisation.counters, "schema_problems": runtime.schema.problems}
        if (method, name) == ("GET", "log"):
            return runtime.organisation.log
        if (method, name) == ("POST", "faults"):
            body = json.loads(request.content.read() if request.content is not None else b"{}")
            names = body.get("add", [])
            for fault in names:
                plant(runtime, str(fault))
            return {"planted": names}
        if (method, name) == ("POST", "reset"):
            runtime.reset()
            for condition in runtime.scenario.conditions:
                plant(runtime, condition)
            return {"reset": True}
        if (method, name) == ("GET", "items"):
            return dump(runtime.organisation)
        if (method, name) == ("POST", "deliver"):
            return {"delivered": runtime.post.deliver_all()}
        if (method, name) == ("POST", "release"):
            return {"released": runtime.answer_queue.release()}
        if (method, name) == ("POST", "forget"):
            return {"forgotten": runtime.schema.forget()}
        return None

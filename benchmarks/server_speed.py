"""How many requests a second the simulator itself can answer over TLS: what the other numbers must be read against.

    python -m benchmarks.server_speed URL CA USER ROOM SECONDS < password

Runs in a process of its own; eight connections that send one request after
another, with nothing done to the answers.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import sys
import threading
import time
from urllib.parse import urlsplit

from pytest_flowscape.probes.ews import get_folder
from pytest_flowscape.probes.ews.request import DistinguishedFolder

CONNECTIONS = 8
FOLDERS = ("msgfolderroot", "inbox", "calendar", "sentitems", "deleteditems")


def main() -> None:
    url, ca, user, room, seconds = sys.argv[1:]
    password = sys.stdin.read()
    wanted = [DistinguishedFolder(name, room) for name in FOLDERS]
    body = get_folder.request(wanted, impersonate=room, rights=True, permissions=True)
    basic = base64.b64encode(f"{user}:{password}".encode()).decode()
    headers = {"Content-Type": "text/xml; charset=utf-8", "Authorization": f"Basic {basic}"}
    split = urlsplit(url)
    context = ssl.create_default_context(cafile=ca)
    counts = [0] * CONNECTIONS
    until = time.monotonic() + float(seconds)

    def ask(number: int) -> None:
        assert split.hostname
        connection = http.client.HTTPSConnection(split.hostname, split.port, context=context)
        while time.monotonic() < until:
            connection.request("POST", split.path, body, headers)
            answer = connection.getresponse()
            assert b"NoError" in answer.read()
            counts[number] += 1
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CONNECTIONS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"requests": sum(counts), "seconds": time.monotonic() - began}))


if __name__ == "__main__":
    main()

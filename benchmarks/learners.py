"""Learners who don't exist, at a hub that does: they log in, run notebooks, save and log out.

They speak to it as a browser does, through its proxy, by requests and by the kernels' websockets.
"""

import asyncio
import json
import os
import re
import time
import uuid
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import nbformat
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

PATIENCE = 900  # seconds for a cell


class Failed(Exception):
    """What a learner can't go on after: what happened, in a sentence."""


class Learner:
    """One who works at a hub, for an `async with` statement.

    Args:
        url: The hub's address.
        name: Who it is.
        password: Of all.
    """

    def __init__(self, url, name, password):
        self.url, self.name, self._password = url, name, password
        self._client = httpx.AsyncClient(follow_redirects=True, timeout=120, trust_env=False)
        self._home = f"{url}/user/{name}"

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self._client.aclose()

    async def log_in(self):
        """Logs in and waits for the server; returns the seconds until it answered."""
        start = time.perf_counter()
        await self._client.get(f"{self.url}/hub/login")
        form = {"username": self.name, "password": self._password, "_xsrf": self._xsrf("/hub/")}
        answer = await self._client.post(f"{self.url}/hub/login", data=form)
        if answer.status_code != 200:
            raise Failed(f"log-in answered {answer.status_code}")
        while f"/user/{self.name}/" not in str(answer.url):
            if time.perf_counter() - start > PATIENCE:
                raise Failed("the server didn't start")
            await asyncio.sleep(0.5)
            answer = await self._client.get(f"{self.url}/hub/spawn")
        return time.perf_counter() - start

    def _xsrf(self, path):
        found = [c.value for c in self._client.cookies.jar if c.name == "_xsrf" and c.path == path]
        return found[0] if found else ""

    async def _api(self, method, place, **body):
        answer = await self._client.request(
            method,
            f"{self._home}/api/{place}",
            headers={"X-XSRFToken": self._xsrf(f"/user/{self.name}/")},
            json=body or None,
        )
        if answer.status_code >= 400:
            raise Failed(f"{method} {place} answered {answer.status_code}")
        return answer.json() if answer.content else None

    @asynccontextmanager
    async def notebook(self, path):
        """Opens a notebook with a kernel of its own, which is shut down at the end."""
        session = await self._api(
            "POST", "sessions", path=path, name="", type="notebook", kernel={"name": "python3"}
        )
        kernel = session["kernel"]["id"]
        try:
            opened = Opened(self, path, await self._api("GET", f"contents/{path}"))
            await opened.connect(kernel)
            yield opened
            opened.close()
        finally:
            try:
                await self._api("DELETE", f"sessions/{session['id']}")
            except (Failed, httpx.HTTPError):
                pass  # the kernel is dead, or its server

    async def save(self, path, content):
        await self._api("PUT", f"contents/{path}", type="notebook", content=content)

    async def stored(self, path):
        """Returns a notebook as it lies on the server."""
        return (await self._api("GET", f"contents/{path}"))["content"]

    async def log_out(self):
        await self._client.get(f"{self.url}/hub/logout")

    def socket(self, kernel):
        """Returns the request for a kernel's websocket, with the cookies for its address."""
        address = f"{self._home}/api/kernels/{kernel}/channels"
        cookies = self._client.build_request("GET", address).headers.get("cookie", "")
        headers = {"Cookie": cookies, "Origin": self.url}
        return HTTPRequest(
            address.replace("http", "ws", 1),
            headers=headers,
            connect_timeout=120,
            request_timeout=120,
        )


class Opened:
    """A notebook that is open, with its kernel.

    Attributes:
        content: The notebook.
        sliders: By a widget's number, by which it is spoken to, the code that it has shown.
    """

    def __init__(self, learner, path, model):
        self.learner, self.path = learner, path
        self.content = model["content"]
        self.sliders = {}
        self._session = uuid.uuid4().hex

    async def connect(self, kernel):
        self._socket = await websocket_connect(
            self.learner.socket(kernel), max_message_size=200 * 2**20
        )

    def close(self):
        self._socket.close()

    def _message(self, kind, content):
        number = uuid.uuid4().hex
        header = {"msg_id": number, "msg_type": kind, "session": self._session, "version": "5.3"}
        header |= {"username": self.learner.name, "date": "2026-01-01T00:00:00Z"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        return number, json.dumps({**message, "channel": "shell", "buffers": []})

    async def run(self, code, patience=PATIENCE):
        """Executes code; returns what came to the standard output, or raises `Failed`."""
        number, message = self._message(
            "execute_request",
            {"code": code, "silent": False, "store_history": True, "allow_stdin": False},
        )
        await self._socket.write_message(message)
        said, reply, idle = [], None, False
        while not (reply and idle):
            try:
                answer = await asyncio.wait_for(self._socket.read_message(), patience)
            except TimeoutError:
                raise Failed(f"a cell took more than {patience} seconds") from None
            if answer is None:
                raise Failed("the connection to the kernel was cut")
            if isinstance(answer, bytes):  # widgets with their weights; the JSON stands first
                answer = _json_of(answer)
            answer = json.loads(answer)
            kind, content = answer["header"]["msg_type"], answer["content"]
            if kind == "status" and content["execution_state"] in ("restarting", "dead"):
                raise Failed("the kernel was killed")
            if kind == "comm_open" and "z" in content["data"].get("state", {}):
                self.sliders[content["comm_id"]] = content["data"]["state"]["z"]
            if answer["parent_header"].get("msg_id") != number:
                continue
            if kind == "stream":
                said.append(content["text"])
            elif kind == "execute_reply":
                reply = content
            elif kind == "status":
                idle = content["execution_state"] == "idle"
        if reply["status"] != "ok":
            raise Failed(f"{reply.get('ename')}: {reply.get('evalue')}"[:300])
        return "".join(said)

    async def move(self):
        """Moves the first slider of the first widget and waits until Python has heard of it."""
        if not self.sliders:
            raise Failed("there is no slider")
        number, (_, *rest) = next(iter(self.sliders.items()))
        data = {"method": "update", "state": {"z": [1.5, *rest]}, "buffer_paths": []}
        _, message = self._message("comm_msg", {"comm_id": number, "data": data})
        await self._socket.write_message(message)
        while True:
            try:
                answer = await asyncio.wait_for(self._socket.read_message(), 60)
            except TimeoutError:
                raise Failed("Python hasn't heard of a slider for 60 seconds") from None
            if answer is None:
                raise Failed("the connection to the kernel was cut")
            said = json.loads(_json_of(answer) if isinstance(answer, bytes) else answer)
            if said["header"]["msg_type"] == "comm_msg" and said["content"]["comm_id"] == number:
                if said["content"]["data"]["state"].get("z", [0])[0] == 1.5:
                    return

    async def run_all(self, until=None):
        """Runs all code cells, or those up to the first with the words `until`.

        Returns:
            The seconds that each took, and the sources.
        """
        took = []
        for cell in self.content["cells"]:
            if cell["cell_type"] == "code":
                start = time.perf_counter()
                await self.run(cell["source"])
                took.append((time.perf_counter() - start, cell["source"]))
                if until and until in cell["source"]:
                    break
        return took

    async def save(self, note):
        """Adds a cell with a note and saves."""
        cell = nbformat.v4.new_markdown_cell(note)
        self.content["cells"].append(cell)
        await self.learner.save(self.path, self.content)


def _json_of(message):
    """Returns the JSON of a binary message of the kernels' websocket."""
    parts = int.from_bytes(message[:4], "big")
    starts = [int.from_bytes(message[4 * i : 4 * i + 4], "big") for i in range(1, parts + 1)]
    return message[starts[0] : starts[1] if parts > 1 else None]


class Process(NamedTuple):
    """What one process of a learner uses: the server, or a kernel.

    Attributes:
        name: The learner.
        pid: The process id.
        is_server: Whether it is the server.
        memory: Bytes (PSS: a page that several processes share is counted in parts).
        own: Of these, bytes that are of no file and hence of nobody else.
        files: Bytes of files, such as TensorFlow's code, whoever else has them.
        seconds: Of a core's time, since it began.
    """

    name: str
    pid: int
    is_server: bool
    memory: int
    own: int
    files: int
    seconds: float


def processes():
    """Returns a `Process` for each that a learner's server is or has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            given = (path / "environ").read_bytes().split(b"\0")
            names = [each[16:] for each in given if each.startswith(b"JUPYTERHUB_USER=")]
            if not any(names):  # services have the variable, too, with nothing in it
                continue
            is_server = b"jupyterhub.singleuser" in (path / "cmdline").read_bytes()
            text = (path / "smaps_rollup").read_text()
            memory, everything, own = (
                1024 * int(re.search(rf"^{key}: +(\d+)", text, re.M)[1])
                for key in ("Pss", "Rss", "Anonymous")
            )
            # After the name in brackets, which may hold spaces: user and system time, in ticks.
            ticks = (path / "stat").read_text().rpartition(")")[2].split()[11:13]
            seconds = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
            found.append(
                Process(
                    name=names[0].decode(),
                    pid=int(path.name),
                    is_server=is_server,
                    memory=memory,
                    own=own,
                    files=everything - own,
                    seconds=seconds,
                )
            )
        except (OSError, ValueError, TypeError):
            continue  # it has ended
    return found

"""Starts MiniStack (pinned in requirements.txt) with the corrections that were measured or seen to be needed.

Each correction names what it mends. Where one replaces code inside MiniStack it checks that the code is still as it
was read in version 1.5.33 and stops with a sentence when it is not: an upgrade must not lose one silently.
Run by `local/cloud.py` as `python -m local.emulator`; all settings come by environment variables.
"""

from __future__ import annotations

import inspect
import os
import re
import socket
import sys
import threading
from importlib import metadata
from pathlib import Path

VERSION = "1.5.33"


def correct_runtime_server() -> None:
    """Answers of the Lambda Runtime API go out in one packet and at once (else Nagle and delayed ACKs cost 45 ms)."""
    import http.server

    handler = http.server.BaseHTTPRequestHandler
    handler.disable_nagle_algorithm = True
    # Head and body together: the handler's flush after each request sends one segment instead of two.
    handler.wbufsize = -1
    quick_ack = getattr(socket, "TCP_QUICKACK", None)
    if quick_ack is None:
        return
    handle_one_request = handler.handle_one_request

    def handle_with_quick_ack(self) -> None:  # type: ignore[no-untyped-def]
        # Linux forgets the option after a while: it is set again for each request.
        self.connection.setsockopt(socket.IPPROTO_TCP, quick_ack, 1)
        handle_one_request(self)

    handler.handle_one_request = handle_with_quick_ack


def correct_logs(directory: Path) -> None:
    """Function logs go to one file per function as they are written, and no call waits up to 50 ms for a log line."""
    from ministack.core import lambda_runtime

    worker = lambda_runtime.ProvidedWorker
    bounded = worker._drain_stderr_bounded
    pump = worker._pump_output
    lock = threading.Lock()

    def drain(self, **waits) -> str:  # type: ignore[no-untyped-def]
        # Only a failing init asks with a wait of its own: there the log is the answer.
        return bounded(self, **waits) if waits else self._drain_stderr()

    class Tee:
        """Gives the pump each line that it also writes to the function's file."""

        def __init__(self, stream, path: Path) -> None:  # type: ignore[no-untyped-def]
            self.stream, self.path = stream, path

        def readline(self) -> bytes:
            line = self.stream.readline()
            if line:
                with lock, self.path.open("ab") as out:
                    out.write(line if line.endswith(b"\n") else line + b"\n")
            return line

        def close(self) -> None:
            self.stream.close()

    def pump_and_keep(self, stream, log_queue) -> None:  # type: ignore[no-untyped-def]
        pump(self, Tee(stream, directory / f"{self.func_name}.log"), log_queue)

    worker._drain_stderr_bounded = drain
    worker._pump_output = pump_and_keep


def correct_gateway() -> None:
    """The HTTP API hands OPTIONS to the function when it has no CORS configuration, and hides a handler's error.

    AWS does both: without `CorsConfiguration` the route ANY gets the preflight, and a failed integration is a bare 500.
    """
    from ministack.services import apigateway, lambda_svc

    replace_in(apigateway, "_handle_execute_in_scope", 'if method == "OPTIONS":', 'if method == "OPTIONS" and cors_cfg:')
    respond = lambda_svc.lambda_execute_result_to_api_proxy_response

    def respond_like_aws(result: dict):  # type: ignore[no-untyped-def]
        failed = result.get("error") and not result.get("throttle")
        if failed:
            answer = {"statusCode": 500, "headers": {"content-type": "application/json"}, "body": '{"message":"Internal Server Error"}'}
            return answer, None
        return respond(result)

    lambda_svc.lambda_execute_result_to_api_proxy_response = respond_like_aws


def correct_batch_actions() -> None:
    """AWS authorises SQS batch calls under the single action; the emulator asks for actions that IAM does not have."""
    from ministack.core import iam_actions

    extract = iam_actions.extract_iam_action
    singles = {f"sqs:{name}Batch": f"sqs:{name}" for name in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")}

    def extract_like_aws(*arguments, **named):  # type: ignore[no-untyped-def]
        action = extract(*arguments, **named)
        return singles.get(action, action)

    iam_actions.extract_iam_action = extract_like_aws


def correct_restart() -> None:
    """After a restart stream positions are not restored, and messages in hand are free again.

    With the positions, stream mappings would skip records. And whoever had a message in hand is gone: it would only
    come back after its visibility timeout, which is half an hour for `sync`.
    """
    from ministack.services import lambda_svc, sqs

    lambda_svc._restore_esm_positions = lambda store, positions: None
    load = sqs.load_persisted_state

    def load_and_free(data) -> None:  # type: ignore[no-untyped-def]
        load(data)
        for queue in sqs._queues._data.values():
            for message in queue["messages"]:
                if message.get("receive_count"):
                    message["visible_at"] = 0.0

    sqs.load_persisted_state = load_and_free


def correct_banner() -> None:
    """No `Server` header, as behind API Gateway."""
    from hypercorn.config import Config

    Config.include_server_header = False


def replace_in(module, function: str, old: str, new: str) -> None:  # type: ignore[no-untyped-def]
    """Compiles one function of MiniStack again with one fragment replaced; stops when the fragment is not there once."""
    source = inspect.getsource(getattr(module, function))
    if source.count(old) != 1:
        raise SystemExit(f"local/emulator.py: MiniStack's {module.__name__}.{function} is not as in {VERSION}; read it again.")
    # The text is MiniStack's own, from the pinned and hash-checked package, with a constant replaced.
    exec(compile(source.replace(old, new), str(module.__file__), "exec"), module.__dict__)


def main() -> None:
    """Applies the corrections and hands over to MiniStack, which stops on SIGTERM and saves its state."""
    if metadata.version("ministack") != VERSION:
        raise SystemExit(f"local/emulator.py is written for ministack {VERSION}, not {metadata.version('ministack')}.")
    logs = Path(os.environ["BABYSHIELD_FUNCTION_LOGS"])
    logs.mkdir(parents=True, exist_ok=True)
    Path(os.environ["TMPDIR"]).mkdir(parents=True, exist_ok=True)
    correct_runtime_server()
    correct_logs(logs)
    correct_gateway()
    correct_batch_actions()
    correct_restart()
    correct_banner()
    sys.argv = [re.sub(r"\.py$", "", sys.argv[0])]
    from ministack.app import main as ministack

    ministack()


if __name__ == "__main__":
    main()

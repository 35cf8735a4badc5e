"""Brokers of this machine: RabbitMQ, and SQS as moto's server speaks it; it tests nothing.

Each test has a queue of its own, which goes with it.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import amqp
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

RABBIT_PORT = 5672
KEYS = {"aws_access_key_id": "AKIAINVENTED", "aws_secret_access_key": "invented"}
START_S = 60.0


def is_there(port: int) -> bool:
    """Whether somebody listens at that port of the loopback."""
    try:
        with socket.create_connection(("127.0.0.1", port), 2):
            return True
    except OSError:
        return False


def _name() -> str:
    return f"mtdata-test-{secrets.token_hex(6)}"


class Rabbit:
    """A queue of RabbitMQ; `port` may be that of a cable to it."""

    most_listeners = 99

    def __init__(self, port: int = RABBIT_PORT) -> None:
        self.queue = _name()
        self.url = f"amqp://guest:guest@127.0.0.1:{port}//?queue={self.queue}"

    def _channel(self) -> amqp.Connection:
        connection = amqp.Connection(
            host=f"127.0.0.1:{RABBIT_PORT}", userid="guest", password="guest", virtual_host="/"
        )
        connection.connect()
        return connection

    def waiting(self) -> int:
        """How many rings wait there."""
        with self._channel() as connection:
            return int(connection.channel().queue_declare(self.queue, passive=True).message_count)

    def listeners(self) -> int:
        """How many ears listen there."""
        with self._channel() as connection, suppress(amqp.NotFound):
            found = connection.channel().queue_declare(self.queue, passive=True)
            return int(found.consumer_count)
        return 0

    def stand(self, **arguments: Any) -> None:
        """Make the queue with other arguments than a runner does."""
        with self._channel() as connection:
            connection.channel().queue_declare(
                self.queue, durable=True, auto_delete=False, arguments=arguments
            )

    def is_quorum(self) -> bool:
        """Whether it is the quorum queue that a runner makes: others are refused to who asks."""
        ours = {"x-queue-type": "quorum", "x-max-length": 1000, "x-message-ttl": 3_600_000}
        with suppress(amqp.PreconditionFailed):
            self.stand(**ours)
            return True
        return False

    def has_exchange(self, name: str) -> bool:
        """Whether somebody made such an exchange."""
        with self._channel() as connection, suppress(amqp.NotFound):
            connection.channel().exchange_declare(name, "topic", passive=True)
            return True
        return False

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another connection has the queue for itself."""
        with self._channel() as connection:
            connection.channel().queue_declare(self.queue, exclusive=True)
            yield

    def purge(self) -> None:
        """Lose every ring that waits."""
        with self._channel() as connection:
            connection.channel().queue_purge(self.queue)

    def put(self, *messages: Any) -> None:
        """Put messages there that no doorbell sends."""
        with self._channel() as connection:
            for message in messages:
                whole = message if isinstance(message, amqp.Message) else amqp.Message(message)
                connection.channel(1).basic_publish(whole, routing_key=self.queue)

    def remove(self) -> None:
        """Take the queue away."""
        with self._channel() as connection:
            connection.channel().queue_delete(self.queue)


class OwnRabbit:
    """A RabbitMQ of one test alone, as a process in `folder`, to be killed and begun again."""

    PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")

    def __init__(self, folder: Path) -> None:
        with (
            socket.create_server(("127.0.0.1", 0)) as one,
            socket.create_server(("127.0.0.1", 0)) as other,
        ):
            self.port, distribution = one.getsockname()[1], other.getsockname()[1]
        (folder / "plugins").write_text("[].")
        self._env = os.environ | {
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"{_name().replace('-', '_')}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        }
        self._folder, self._queue = folder, _name()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//?queue={self._queue}"
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin it, and wait until it answers."""
        self._server = subprocess.Popen(
            [str(self.PROGRAM)],
            env=self._env,
            cwd=self._folder,  # killed at the wrong moment it leaves a dump where it began
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + START_S
        while not is_there(self.port):
            assert time.monotonic() < until, "RabbitMQ does not start"
            time.sleep(0.1)

    def raise_alarm(self) -> None:
        """Let it find that it uses more memory than it may."""
        name = self._env["RABBITMQ_NODENAME"]
        words = ["set_vm_memory_high_watermark", "absolute", "1MB"]
        program = self.PROGRAM.with_name("rabbitmqctl")
        subprocess.run(
            [str(program), "-n", name, *words], env=self._env, check=True, capture_output=True
        )

    def has_kept_its_queue(self) -> bool:
        """Whether a quorum queue would be there after a kill."""
        kept = self._folder.glob("data/*/quorum/*/names.dets")
        return any(self._queue.encode() in names.read_bytes() for names in kept)

    def kill(self) -> None:
        """End it and all of its session, at once."""
        if self._server is not None:
            os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait()
            self._server = None


class Moto:
    """moto's server as a process, which can be killed and begun again; its queues die with it."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._server: subprocess.Popen[bytes] | None = None

    def start(self, unguarded: int | None = None) -> None:
        """Begin it, and wait until it answers; after so many calls it asks for rights."""
        guard = {} if unguarded is None else {"INITIAL_NO_AUTH_ACTION_COUNT": str(unguarded)}
        words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._server = subprocess.Popen(words, env=os.environ | guard, **silent)
        until = time.monotonic() + START_S
        while not is_there(self.port):
            assert time.monotonic() < until, "moto does not start"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it, with all it knows."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()


class Sqs:
    """A queue of SQS."""

    most_listeners = 1  # more are not told apart

    def __init__(self, port: int) -> None:
        self.queue = _name()
        self.url = f"sqs://{'invented:invented'}@127.0.0.1:{port}?queue={self.queue}"
        self._client = boto3.client(
            "sqs",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            config=Config(proxies={}),
            **KEYS,
        )

    def _place(self) -> str:
        return str(self._client.get_queue_url(QueueName=self.queue)["QueueUrl"])

    def waiting(self) -> int:
        """How many rings wait there."""
        names = ["ApproximateNumberOfMessages"]
        found = self._client.get_queue_attributes(QueueUrl=self._place(), AttributeNames=names)
        return int(found["Attributes"][names[0]])

    def listeners(self) -> int:
        """Whether the queue is there: SQS does not know who listens."""
        with suppress(ClientError):
            return bool(self._place())
        return 0

    def purge(self) -> None:
        """Lose every ring that waits."""
        self._client.purge_queue(QueueUrl=self._place())

    def put(self, *messages: Any) -> None:
        """Put messages there that no doorbell sends."""
        for message in messages:
            self._client.send_message(QueueUrl=self._place(), MessageBody=message)

    def remove(self) -> None:
        """Take the queue away."""
        with suppress(ClientError):
            self._client.delete_queue(QueueUrl=self._place())
        self._client.close()

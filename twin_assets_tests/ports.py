"""Ports for servers that start later: of a range from which the system gives none to anybody else meanwhile."""

import random
import socket

CHOICE = range(20_000, 30_000)
"""Linux gives 32768 and above to who asks for any port, or connects; and other tests run beside this one."""


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on; held together, so that they differ."""
    probes: list[socket.socket] = []
    try:
        while len(probes) < count:
            probe = socket.socket()
            try:
                probe.bind(("127.0.0.1", random.SystemRandom().choice(CHOICE)))
            except OSError:
                probe.close()
            else:
                probes.append(probe)
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()

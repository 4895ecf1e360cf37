"""The address of a running Ray cluster, as far as it can be checked before Ray spends minutes on it."""

from __future__ import annotations

import socket

from ablate.errors import AblateError, UsageError

PATIENCE_SECONDS = 5.0  # for a head that is far away; one that is not there is mostly known at once


def check_address(address: str) -> None:
    """See that something listens at `host:port`; other forms are left to Ray.

    Raises:
        UsageError: it is the address of a Ray Client server, through which trials cannot be scheduled.
        AblateError: nothing listens there.
    """
    if address.startswith("ray://"):
        raise UsageError(
            f"--address {address}: that is for Ray Client; run this on a machine of the cluster with --address auto, "
            "or through `ray job submit`"
        )
    host, _, port = address.rpartition(":")
    if not (host and port.isdigit()):
        return
    try:
        socket.create_connection((host, int(port)), PATIENCE_SECONDS).close()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise AblateError(f"no Ray cluster at {address}: {reason}; start one there with `ray start --head`") from error

"""The plugin's process: prints the port on which it answers the engine, and runs until the engine ends it.

An engine that is killed ends nobody: then it ends with whoever the cloud belongs to.
"""

import sys
import time
from concurrent import futures

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from tests.cloud.plugin.cloud import FOLDER, Cloud
from tests.cloud.plugin.owner import is_wanted
from tests.cloud.plugin.provider import Provider

_LARGEST = 400 * 2**20  # bytes of a message, as in Pulumi's own plugins


def main() -> None:
    """Serve."""
    try:
        cloud = Cloud.open()
    except KeyError:
        sys.exit(f"this is a test double of the AWS plugin; {FOLDER} must name the folder of its cloud")
    limits = [("grpc.max_receive_message_length", _LARGEST), ("grpc.max_send_message_length", _LARGEST)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), options=limits)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(cloud), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    while is_wanted(cloud.folder):
        time.sleep(1)


if __name__ == "__main__":
    main()

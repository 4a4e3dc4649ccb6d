"""Prints the records of .wandb files, read by the official reader: a line of JSON for each file, a list of them.

As `wandb sync` does, it ends at what is cut off in the last block.
"""

import json
import sys

from google.protobuf.json_format import MessageToDict
from wandb.proto import wandb_internal_pb2
from wandb.sdk.internal.datastore import DataStore


def records(path):
    store = DataStore()
    store.open_for_scan(path)
    while (data := next_of(store)) is not None:
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        yield MessageToDict(record, preserving_proto_field_name=True)


def next_of(store):
    try:
        return store.scan_data()
    except AssertionError:
        if not store.in_last_block():
            raise
        return None


for path in sys.argv[1:]:
    print(json.dumps(list(records(path))))

"""Prints the records of a .wandb file, read by the official reader, as JSON lines."""

import json
import sys

from google.protobuf.json_format import MessageToDict
from wandb.proto import wandb_internal_pb2
from wandb.sdk.internal.datastore import DataStore

store = DataStore()
store.open_for_scan(sys.argv[1])
while (data := store.scan_data()) is not None:
    record = wandb_internal_pb2.Record()
    record.ParseFromString(data)
    print(json.dumps(MessageToDict(record, preserving_proto_field_name=True)))

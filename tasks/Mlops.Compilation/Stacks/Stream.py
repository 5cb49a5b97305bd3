"""Sends the records of a stream through the endpoint, and each answer to another stream, under its record's key.

A record that the model refuses is told to a queue or topic, and the next goes on. Where the record is not what is wrong (the
endpoint is being replaced, too much is asked, the other stream is full), Lambda comes again with that record: none is left out, and
one may be predicted twice. Answers go out in the order of their records, but for those that the other stream does not take at first.
"""
import base64
import functools
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

AT_ONCE = 8
# A chunk takes at most as long as its slowest request; one that is begun with so much left ends in time.
ENOUGH_MILLISECONDS = 100_000
PUT_ATTEMPTS = 5
# A record of a stream with its key, and a message (quotas of Kinesis, SQS and SNS).
MOST_RECORD_BYTES = 1_048_576
MOST_MESSAGE_BYTES = 200_000
# What stands for a model that is not up, or has too much to do: not the record's fault.
BUSY = (429, 502, 503, 504)

# Lambda's own tries are the only ones: they keep the order.
endpoint = boto3.client("sagemaker-runtime", config=Config(connect_timeout=5, read_timeout=65, retries={"total_max_attempts": 1}))
quick = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
destination, told = os.environ["DESTINATION"], os.environ["FAILURES"]
kinesis = boto3.client("kinesis", region_name=destination.split(":")[3], config=quick)
_, _, teller, told_region, told_account, told_name = told.split(":", 5)
telling = boto3.client(teller, region_name=told_region, config=quick)


def handler(event, context):
    records = event["Records"]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for start in range(0, len(records), AT_ONCE):
            chunk = records[start : start + AT_ONCE]
            if start and context.get_remaining_time_in_millis() < ENOUGH_MILLISECONDS:
                return again_from(chunk[0], "there was no time left")
            answers = list(pool.map(ask, chunk))
            answered = next((i for i, (kind, _) in enumerate(answers) if kind == "later"), len(chunk))
            late = put([(r, a) for r, (kind, a) in zip(chunk[:answered], answers) if kind == "predicted"])
            end = answered if late is None else chunk.index(late)
            for record, (kind, told) in zip(chunk[:end], answers):
                if kind == "refused":
                    tell(record, *told)
            if end < len(chunk):
                return again_from(chunk[end], "the destination did not take it" if late else answers[end][1])
    return {"batchItemFailures": []}


def again_from(record, why):
    """Lambda goes on with this record ("Configuring partial batch response with Kinesis Data Streams and Lambda")."""
    number = record["kinesis"]["sequenceNumber"]
    print(json.dumps({"later": number, "because": str(why)}))
    return {"batchItemFailures": [{"itemIdentifier": number}]}


def ask(record):
    """The answer to a record; whether the model refused it, with its status and reason; or that it is to be asked later, and why."""
    try:
        answer = endpoint.invoke_endpoint(
            EndpointName=os.environ["ENDPOINT"],
            ContentType=os.environ["CONTENT_TYPE"],
            Accept=os.environ["ACCEPT"],
            Body=base64.b64decode(record["kinesis"]["data"]),
        )
        body = answer["Body"].read()
    except ClientError as e:
        code, status = e.response["Error"]["Code"], e.response.get("OriginalStatusCode") or 0
        if code == "ModelError" and status not in BUSY:
            # Without a status the model gave no answer in time, or ended over this record.
            return "refused", (status or 500, e.response.get("OriginalMessage") or str(e))
        if code == "ValidationError" and "not found" not in str(e):
            # SageMaker's own word on the request: too large, of a type that it does not take.
            return "refused", (e.response["ResponseMetadata"]["HTTPStatusCode"], str(e))
        return "later", e
    except BotoCoreError as e:
        return "later", e
    if len(body) + len(record["kinesis"]["partitionKey"].encode()) > MOST_RECORD_BYTES:
        return "refused", (413, f"The answer has {len(body)} bytes: a record of a stream may have {MOST_RECORD_BYTES}, its key included.")
    return "predicted", body


def put(predictions):
    """Writes predictions; gives the first record whose prediction was not taken, if there is one."""
    left = predictions
    for attempt in range(PUT_ATTEMPTS):
        if not left:
            return None
        time.sleep(0.1 * 2**attempt if attempt else 0)
        # A call may have 5 MiB, which few answers exceed together.
        refused = []
        for some in calls(left):
            entries = [{"Data": answer, "PartitionKey": record["kinesis"]["partitionKey"]} for record, answer in some]
            results = kinesis.put_records(StreamARN=destination, Records=entries)["Records"]
            refused += [pair for pair, result in zip(some, results) if result.get("ErrorCode")]
        left = refused
    return left[0][0] if left else None


def calls(predictions, most=4 * 1024 * 1024):
    some, size = [], 0
    for record, answer in predictions:
        if some and size + len(answer) > most:
            yield some
            some, size = [], 0
        some.append((record, answer))
        size += len(answer)
    yield some


def tell(record, status, reason):
    """Keeps a record that the model refused, with the reason, as the command 'mlops stream' keeps it in a file."""
    own = record["kinesis"]
    failure = {"status": status, "error": reason[:4096], "stream": record["eventSourceARN"], "sequenceNumber": own["sequenceNumber"], "partitionKey": own["partitionKey"]}
    message = json.dumps(failure)
    for whole in ({"record": text(own["data"])}, {"recordBase64": own["data"]}):
        longer = json.dumps({**failure, **whole})
        if list(whole.values()) != [None] and len(longer) <= MOST_MESSAGE_BYTES:
            message = longer
            break
    if teller == "sns":
        telling.publish(TopicArn=told, Message=message)
    else:
        telling.send_message(QueueUrl=queue_url(), MessageBody=message)


def text(data):
    try:
        return base64.b64decode(data).decode()
    except UnicodeDecodeError:
        return None


@functools.cache
def queue_url():
    return telling.get_queue_url(QueueName=told_name, QueueOwnerAWSAccountId=told_account)["QueueUrl"]

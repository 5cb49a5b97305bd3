"""Starts the pipeline, unless a run was started within the cooldown: the table holds when that was, and is written under a condition."""
import json
import os
import time

import boto3
from botocore.exceptions import ClientError


def handler(event, context):
    # One message at a time; one that comes again has the same id, and goes on where it failed.
    message = event["Records"][0]
    request, reason = message["messageId"], reason_of(message["body"])
    slot = take(request, int(time.time()))
    if slot is None:
        print(json.dumps({"started": False, "because": "cooldown", "reason": reason}))
        return
    try:
        execution = boto3.client("sagemaker").start_pipeline_execution(
            PipelineName=os.environ["PIPELINE"],
            ClientRequestToken=request,
            PipelineExecutionDescription="Retraining: " + reason,
            PipelineParameters=json.loads(os.environ["PARAMETERS"]) + data_version(request),
            **parallelism(),
        )
    except Exception:
        # Nothing was started: the cooldown is that of the run before, so that the next reason is not turned away for this one.
        give_back(request, slot)
        raise
    print(json.dumps({"started": True, "execution": execution["PipelineExecutionArn"], "reason": reason}))


def data_version(request):
    """Another one for each retraining: what read the data before it changed is not taken from the cache."""
    name = os.environ.get("DATA_VERSION")
    return [{"Name": name, "Value": "retraining-" + request}] if name else []


def parallelism():
    """As many steps at once as a run by hand has."""
    most = os.environ.get("PARALLEL_STEPS")
    return {"ParallelismConfiguration": {"MaxParallelExecutionSteps": int(most)}} if most else {}


def take(request, now):
    """What the table held before, or None where a run was started within the cooldown."""
    try:
        return boto3.client("dynamodb").update_item(
            TableName=os.environ["TABLE"],
            Key={"Pipeline": {"S": os.environ["PIPELINE"]}},
            UpdateExpression="SET StartedAt = :now, StartedBy = :request",
            ConditionExpression="attribute_not_exists(StartedAt) OR StartedAt <= :before OR StartedBy = :request",
            ExpressionAttributeValues={
                ":now": {"N": str(now)},
                ":before": {"N": str(now - int(os.environ["COOLDOWN"]))},
                ":request": {"S": request},
            },
            ReturnValues="UPDATED_OLD",
        ).get("Attributes", {})
    except ClientError as e:
        if e.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return None


def give_back(request, before):
    """Puts back what was there, unless another request has taken the slot since."""
    if before.get("StartedBy") == {"S": request}:
        # An earlier try of this message was cut off, and may have started the run.
        return
    boto3.client("dynamodb").update_item(
        TableName=os.environ["TABLE"],
        Key={"Pipeline": {"S": os.environ["PIPELINE"]}},
        UpdateExpression="SET StartedAt = :at, StartedBy = :by",
        ConditionExpression="StartedBy = :request",
        ExpressionAttributeValues={
            ":at": before.get("StartedAt", {"N": "0"}),
            ":by": before.get("StartedBy", {"S": "none"}),
            ":request": {"S": request},
        },
    )


def reason_of(body):
    try:
        return str(json.loads(body).get("detail-type", "schedule"))
    except (ValueError, AttributeError):
        return "schedule"

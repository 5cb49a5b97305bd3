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
    now = int(time.time())
    try:
        boto3.client("dynamodb").update_item(
            TableName=os.environ["TABLE"],
            Key={"Pipeline": {"S": os.environ["PIPELINE"]}},
            UpdateExpression="SET StartedAt = :now, StartedBy = :request",
            ConditionExpression="attribute_not_exists(StartedAt) OR StartedAt <= :before OR StartedBy = :request",
            ExpressionAttributeValues={
                ":now": {"N": str(now)},
                ":before": {"N": str(now - int(os.environ["COOLDOWN"]))},
                ":request": {"S": request},
            },
        )
    except ClientError as e:
        if e.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        print(json.dumps({"started": False, "because": "cooldown", "reason": reason}))
        return
    execution = boto3.client("sagemaker").start_pipeline_execution(
        PipelineName=os.environ["PIPELINE"],
        ClientRequestToken=request,
        PipelineExecutionDescription="Retraining: " + reason,
        PipelineParameters=json.loads(os.environ["PARAMETERS"]),
    )
    print(json.dumps({"started": True, "execution": execution["PipelineExecutionArn"], "reason": reason}))


def reason_of(body):
    try:
        return str(json.loads(body).get("detail-type", "schedule"))
    except (ValueError, AttributeError):
        return "schedule"

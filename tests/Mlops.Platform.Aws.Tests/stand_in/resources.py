"""The resources of stacks: their names, attributes and which changes make a new one."""
import random
import string

from moto.cloudformation.parsing import resource_name_property_from_type

# Changes to these make a new resource. "*" stands for every property but the tags.
REPLACING = {
    "AWS::SageMaker::Model": {"*"},
    "AWS::SageMaker::EndpointConfig": {"*"},
    "AWS::SageMaker::ModelPackageGroup": {"ModelPackageGroupName", "ModelPackageGroupDescription"},
    "AWS::ApplicationAutoScaling::ScalableTarget": {"ResourceId", "ScalableDimension", "ServiceNamespace"},
    "AWS::SNS::Subscription": {"Endpoint", "Protocol", "TopicArn"},
    "AWS::DynamoDB::Table": {"TableName", "KeySchema"},
    "AWS::S3::BucketPolicy": {"Bucket"},
}
# The names that moto's table of resources has wrong or lacks.
NAMES = {
    "AWS::SageMaker::Endpoint": "EndpointName",
    "AWS::SageMaker::EndpointConfig": "EndpointConfigName",
    "AWS::SageMaker::Model": "ModelName",
    "AWS::SageMaker::ModelPackageGroup": "ModelPackageGroupName",
    "AWS::SageMaker::Pipeline": "PipelineName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "PolicyName",
}
# Types whose primary identifier nobody can write: the group's is its ARN.
READ_ONLY_IDENTIFIER = {"AWS::SageMaker::ModelPackageGroup"}
PRIMARY_IDENTIFIER = {"AWS::SageMaker::ModelPackageGroup": "ModelPackageGroupArn", "AWS::S3::Bucket": "BucketName"}


class Failed(Exception):
    """A resource that could not be made; the text is the event's reason."""


class Made:
    """A resource of a stack."""

    def __init__(self, kind: str, physical_id: str, attributes: dict | None = None, model=None):
        self.kind, self.physical_id, self.model = kind, physical_id, model
        self.attributes = attributes or {}
        self.properties: dict = {}
        self.definition: dict = {}

    def attribute(self, name: str):
        if name in self.attributes:
            return self.attributes[name]
        if self.model is not None and hasattr(self.model, "get_cfn_attribute"):
            try:
                return self.model.get_cfn_attribute(name)
            except Exception:
                pass
        if name == "Arn":
            return f"arn:aws:{self.kind.split('::')[1].lower()}:::{self.physical_id}"
        return f"{self.physical_id}.{name}"


def name_property(kind: str) -> str | None:
    return NAMES.get(kind) or resource_name_property_from_type(kind) or None


def changed(old: dict, new: dict) -> list[str]:
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def replaces(kind: str, names: list[str]) -> list[str]:
    rule = REPLACING.get(kind, set())
    own = name_property(kind)
    return [n for n in names if n in rule or n == own or ("*" in rule and n != "Tags")]


def generated(stack_name: str, kind: str, logical: str) -> str:
    suffix = "".join(random.choices(string.ascii_letters + string.digits, k=12))
    if kind.startswith("AWS::SageMaker::"):
        return f"{logical[:50]}-{suffix}"
    if kind == "AWS::S3::Bucket":
        return f"{stack_name[:24]}-{logical[:24]}-{suffix}".lower()
    return f"{stack_name[:24]}-{logical[:24]}-{suffix}"

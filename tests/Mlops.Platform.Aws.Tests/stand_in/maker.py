"""Makes the resources of stacks: in moto's backends where moto has them, else they are only kept in the stack."""
import copy

from moto.cloudformation.parsing import get_model_map
from moto.s3.models import s3_backends
from moto.sagemaker.models import sagemaker_backends

import handlers
import judge
import scenario
import shapes
import steps
from resources import Failed, Made, generated, name_property

# Of the same table as moto's, but moto would enforce the policy without its conditions.
ONLY_KEPT = ("AWS::S3::BucketPolicy",)


class Maker:
    """Makes, changes and deletes resources in one account and region."""

    def __init__(self, place: steps.Place, stack_id: str, stack_name: str, tags: dict):
        self.place, self.stack_id, self.stack_name, self.tags = place, stack_id, stack_name, tags

    def create(self, logical: str, kind: str, properties: dict) -> Made:
        name = properties.get(name_property(kind) or "") or generated(self.stack_name, kind, logical)
        maker = handlers.CREATE.get(kind)
        if maker:
            made = maker(self, logical, str(name), properties)
        elif kind in get_model_map() and kind not in ONLY_KEPT:
            made = self._create_in_moto(logical, kind, str(name), properties)
        else:
            made = Made(kind, str(name), {"Arn": self._arn(kind, str(name))})
        made.properties = properties
        return made

    def existing(self, kind: str, properties: dict) -> str | None:
        """The name of a bucket or registry of this account that is there already, as a change set could adopt it."""
        name = str(properties.get(name_property(kind) or "", ""))
        known = {
            "AWS::S3::Bucket": lambda: s3_backends[self.place.account][self.place.partition].buckets,
            "AWS::SageMaker::ModelPackageGroup": lambda: sagemaker_backends[self.place.account][self.place.region].model_package_groups,
        }.get(kind)
        return name if known and name in known() else None

    def _arn(self, kind: str, name: str) -> str:
        _, service, resource = kind.split("::")
        return f"arn:{self.place.partition}:{service.lower()}:{self.place.region}:{self.place.account}:{resource.lower()}/{name}"

    def _create_in_moto(self, logical: str, kind: str, name: str, properties: dict) -> Made:
        document = {"Type": kind, "Properties": copy.deepcopy(properties)}
        own = {"LogicalId": logical, "StackId": self.stack_id, "ResourceType": kind}
        model = get_model_map()[kind].create_from_cloudformation_json(
            name, document, self.place.account, self.place.region, **own
        )
        if kind == "AWS::S3::Bucket":
            self._configure_bucket(name, properties)
        return Made(kind, str(model.physical_resource_id), model=model)

    def _configure_bucket(self, name: str, properties: dict) -> None:
        """What moto passes over when a stack makes a bucket."""
        backend = s3_backends[self.place.account][self.place.partition]
        status = properties.get("VersioningConfiguration", {}).get("Status")
        if status:
            backend.put_bucket_versioning(name, status)

    def update(self, made: Made, properties: dict) -> None:
        updater = handlers.UPDATE.get(made.kind)
        if updater:
            updater(self, made, properties)
        elif made.model is not None and made.kind in get_model_map() and made.kind != "AWS::S3::Bucket":
            self._update_in_moto(made, properties)
        elif made.kind == "AWS::S3::Bucket":
            self._configure_bucket(made.physical_id, properties)
        made.properties = properties

    def _update_in_moto(self, made: Made, properties: dict) -> None:
        document = {"Type": made.kind, "Properties": copy.deepcopy(properties)}
        cls = get_model_map()[made.kind]
        name = getattr(made.model, "name", made.physical_id)
        try:
            updated = cls.update_from_cloudformation_json(
                original_resource=made.model,
                new_resource_name=name,
                cloudformation_json=document,
                account_id=self.place.account,
                region_name=self.place.region,
            )
        except NotImplementedError:
            updated = None
        # moto has no update for many types: those keep what they were made with.
        if updated is not None:
            made.model = updated

    def delete(self, made: Made) -> None:
        deleter = handlers.DELETE.get(made.kind)
        if deleter:
            deleter(self, made)
        elif made.model is not None and made.kind in get_model_map():
            document = {"Type": made.kind, "Properties": copy.deepcopy(made.properties)}
            try:
                made.model.delete(self.place.account, self.place.region)
            except (TypeError, AttributeError):
                get_model_map()[made.kind].delete_from_cloudformation_json(
                    made.physical_id, document, self.place.account, self.place.region
                )

    def tag_list(self, properties: dict) -> list[dict]:
        own = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        named = {tag["Key"] for tag in properties.get("Tags", [])}
        return [*properties.get("Tags", []), *(tag for tag in own if tag["Key"] not in named)]

    def checked(self, operation: str, request: dict, kind: str) -> dict:
        """CloudFormation converts by the schema; what the API would refuse then fails the resource."""
        shape = judge.model_of("sagemaker").operation_model(operation).input_shape
        request = coerced(request, shape)
        faults: list[str] = []
        faults += shapes.faults_of(shapes.from_json(request, shape, "", faults), shape)
        if faults:
            scenario.record_invalid("cloudformation", kind, f"properties of a resource of stack '{self.stack_name}'", faults)
            raise Failed(f"Properties validation failed for resource: {'; '.join(faults)}")
        return request


def coerced(value, shape):
    if shape.type_name == "structure" and isinstance(value, dict):
        return {k: coerced(v, shape.members[k]) if k in shape.members else v for k, v in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [coerced(item, shape.member) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: coerced(item, shape.value) for key, item in value.items()}
    if isinstance(value, str):
        try:
            if shape.type_name in ("integer", "long"):
                return int(value)
            if shape.type_name in ("float", "double"):
                return float(value)
            if shape.type_name == "boolean":
                return {"true": True, "false": False}[value]
        except (ValueError, KeyError):
            return value
    if shape.type_name == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value

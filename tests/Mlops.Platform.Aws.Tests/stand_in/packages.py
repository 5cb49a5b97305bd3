"""Model packages: moto keeps them, but drops much of what a package was made with and reuses freed version numbers."""
from moto.core.utils import utcnow
from moto.sagemaker import models as sagemaker
from moto.sagemaker.exceptions import AWSValidationException, ConflictException

# Members that the description shows as they were given and that moto does not keep.
KEPT = ("SkipModelValidation", "SourceUri", "ModelCard", "ModelLifeCycle", "SecurityConfig", "ModelPackageRegistrationType")


def allow_new_instance_types() -> None:
    """moto refuses every instance type that its old lists do not name."""
    sagemaker.ModelPackage.validate_supported_transform_instance_types = staticmethod(lambda types: None)
    sagemaker.ModelPackage.validate_supported_realtime_inference_instance_types = staticmethod(lambda types: None)
    sagemaker.FakeEndpointConfig.validate_production_variants = lambda self, variants: None


def register(backend, request: dict, creator: dict, made_by: str | None = None):
    group_name = request.get("ModelPackageGroupName", "").split("/")[-1] or None
    if bool(group_name) == bool(request.get("ModelPackageName")):
        raise AWSValidationException("Exactly one of ModelPackageName and ModelPackageGroupName must be given.")
    token = request.get("ClientToken")
    for known in backend.model_packages.values():
        if token and known.client_token == token:
            return known
    version = _next_version(backend, group_name) if group_name else None
    package = sagemaker.ModelPackage(
        model_package_name=group_name or request["ModelPackageName"],
        model_package_group_name=group_name,
        model_package_version=version,
        model_package_description=request.get("ModelPackageDescription"),
        inference_specification=request.get("InferenceSpecification"),
        source_algorithm_specification=request.get("SourceAlgorithmSpecification"),
        validation_specification=request.get("ValidationSpecification"),
        certify_for_marketplace=request.get("CertifyForMarketplace", False),
        model_approval_status=request.get("ModelApprovalStatus", "PendingManualApproval" if group_name else None),
        metadata_properties=request.get("MetadataProperties"),
        model_metrics=request.get("ModelMetrics"),
        approval_description=None,
        customer_metadata_properties=request.get("CustomerMetadataProperties"),
        drift_check_baselines=request.get("DriftCheckBaselines"),
        domain=request.get("Domain"),
        task=request.get("Task"),
        sample_payload_url=request.get("SamplePayloadUrl"),
        additional_inference_specifications=request.get("AdditionalInferenceSpecifications"),
        client_token=request.get("ClientToken"),
        region_name=backend.region_name,
        account_id=backend.account_id,
        model_package_type="Versioned" if group_name else "Unversioned",
        tags=list(request.get("Tags", [])),
    )
    package.created_by = creator
    package.kept = {name: request[name] for name in KEPT if name in request}
    if made_by:
        package.metadata_properties = {"GeneratedBy": made_by, **(package.metadata_properties or {})}
    backend.model_package_name_mapping[package.model_package_name] = package.arn
    backend.model_package_name_mapping[package.arn] = package.arn
    backend.model_packages[package.arn] = package
    return package


def _next_version(backend, group_name: str) -> int:
    group = backend.model_package_groups.get(group_name)
    if group is None:
        raise AWSValidationException("Model Package Group does not exist.")
    group.last_version = getattr(group, "last_version", 0) + 1
    return group.last_version


def find(name: str, backend):
    """By ARN also a package of another account, as its group's policy may allow."""
    if name.startswith("arn:"):
        _, _, _, region, account, _ = name.split(":", 5)
        backend = sagemaker.sagemaker_backends[account][region]
    package = backend.model_packages.get(backend.model_package_name_mapping.get(name, name))
    if package is None:
        arn = name if name.startswith("arn:") else f"arn:aws:sagemaker:{backend.region_name}:{backend.account_id}:model-package/{name}"
        raise AWSValidationException(f"ModelPackage {arn} does not exist.")
    return package


def describe(package) -> dict:
    return {**package.gen_response_object(), **getattr(package, "kept", {})}


def summary(package) -> dict:
    shown = describe(package)
    names = ("ModelPackageGroupName", "ModelPackageName", "ModelPackageVersion", "ModelPackageArn", "CreationTime")
    names += ("ModelPackageDescription", "ModelPackageStatus", "ModelApprovalStatus", "ModelLifeCycle")
    return {name: shown[name] for name in names if name in shown}


def update(package, request: dict, modifier: dict) -> None:
    """moto replaces the customer's metadata and wipes what is not given; the service merges and keeps."""
    if "ModelApprovalStatus" in request:
        package.set_model_approval_status(request["ModelApprovalStatus"])
    if "ApprovalDescription" in request:
        package.approval_description = request["ApprovalDescription"]
    properties = {**(package.customer_metadata_properties or {}), **request.get("CustomerMetadataProperties", {})}
    for name in request.get("CustomerMetadataPropertiesToRemove", []):
        properties.pop(name, None)
    package.customer_metadata_properties = properties or None
    package.add_additional_inference_specifications(request.get("AdditionalInferenceSpecificationsToAdd"))
    if "InferenceSpecification" in request:
        package.inference_specification = request["InferenceSpecification"]
    for name in ("ModelLifeCycle", "SourceUri", "ModelCard"):
        if name in request:
            package.kept = {**getattr(package, "kept", {}), name: request[name]}
    package.last_modified_time = utcnow()
    package.last_modified_by = modifier


def delete(backend, name: str) -> None:
    package = find(name, backend)
    del backend.model_packages[package.arn]
    backend.model_package_name_mapping.pop(package.arn, None)


def listed(backend, request: dict) -> list[dict]:
    group = request.get("ModelPackageGroupName", "").split("/")[-1]
    status, contains = request.get("ModelApprovalStatus"), request.get("NameContains", "")
    kind = request.get("ModelPackageType", "Versioned" if group else "Unversioned")
    found = [
        p
        for p in backend.model_packages.values()
        if (not group or p.model_package_group_name == group)
        and (not status or p.model_approval_status == status)
        and contains in p.model_package_name
        and kind in ("Both", p.model_package_type)
        and ("CreationTimeAfter" not in request or p.creation_time > naive(request["CreationTimeAfter"]))
        and ("CreationTimeBefore" not in request or p.creation_time < naive(request["CreationTimeBefore"]))
    ]
    by_name = request.get("SortBy") == "Name"
    found.sort(key=lambda p: (p.model_package_name if by_name else p.creation_time, p.model_package_version or 0))
    if request.get("SortOrder") == "Descending":
        found.reverse()
    return [summary(p) for p in found]


def naive(moment):
    return moment.replace(tzinfo=None) if getattr(moment, "tzinfo", None) else moment


def delete_group(backend, name: str) -> None:
    name = name.split("/")[-1]
    backend.describe_model_package_group(name)
    if any(p.model_package_group_name == name for p in backend.model_packages.values()):
        raise ConflictException(f"Model package group {name} is not empty: delete its model packages first.")
    del backend.model_package_groups[name]

"""Puts the stand-in's own answers in the place of moto's."""
from moto.cloudformation import urls as cloudformation_urls
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.ecr import urls as ecr_urls
from moto.sagemaker import models as sagemaker_models
from moto.sagemaker import urls as sagemaker_urls
from moto.sagemakerruntime import urls as runtime_urls

import executions
import packages
import registry
import sagemaker_api
import stacks
import stacks_api


def install() -> None:
    sagemaker_urls.url_paths.update({path: sagemaker_api.StandInSageMaker.dispatch for path in sagemaker_urls.url_paths})
    runtime_urls.url_paths.update({path: sagemaker_api.StandInRuntime.dispatch for path in runtime_urls.url_paths})
    ecr_urls.url_paths.update({path: registry.StandInEcr.dispatch for path in ecr_urls.url_paths})
    cloudformation_urls.url_paths["{0}/$"] = stacks_api.StandInCloudFormation.dispatch
    sagemaker_models.load_pipeline_definition_from_s3 = sagemaker_api.definition_from_s3
    packages.allow_new_instance_types()


def reset() -> None:
    BackendDict.reset()
    reset_model_data()
    executions.by_arn.clear()
    registry.reset()
    stacks.clear()


def force_stacks() -> None:
    stacks.force()

"""Deploys our template to the emulator through CloudFormation and checks that what it promises is there."""

from __future__ import annotations

import json
import time
from typing import Any, Dict, List

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local.console import Problem
from local.template import CODE_BUCKET, REGION, Template

PATIENCE_SECONDS = 120
DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
BODY_BUCKET_KEY = "template.json"


class Aws:
    """Clients of the emulator, as its administrator."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.session = boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
        self.config = Config(retries={"max_attempts": 2}, connect_timeout=5, read_timeout=330, s3={"addressing_style": "path"})

    def client(self, service: str) -> Any:
        """Returns a client of one service."""
        return self.session.client(service, endpoint_url=self.endpoint, config=self.config)


def verify_sender(aws: Aws, address: str) -> None:
    """Lets the mail service send from an address, which in AWS its owner has to confirm."""
    if not address:
        return
    ses = aws.client("sesv2")
    try:
        ses.create_email_identity(EmailIdentity=address)
    except ses.exceptions.AlreadyExistsException:
        return


def upload(aws: Aws, key: str, body: bytes) -> str:
    """Puts an object beside the code and returns its URL; the bucket is made when absent."""
    s3 = aws.client("s3")
    try:
        s3.head_bucket(Bucket=CODE_BUCKET)
    except ClientError:
        s3.create_bucket(Bucket=CODE_BUCKET)
    s3.put_object(Bucket=CODE_BUCKET, Key=key, Body=body)
    return f"{aws.endpoint}/{CODE_BUCKET}/{key}"


def has_object(aws: Aws, key: str) -> bool:
    """Says whether the code bucket holds an object."""
    try:
        aws.client("s3").head_object(Bucket=CODE_BUCKET, Key=key)
    except ClientError:
        return False
    return True


def deploy(aws: Aws, stack: str, template: Template, parameters: Dict[str, str]) -> None:
    """Creates or updates the stack and waits for it; a failure names the resource and its reason."""
    formation = aws.client("cloudformation")
    url = upload(aws, BODY_BUCKET_KEY, json.dumps(template).encode())
    known = {name for name in template.get("Parameters", {})}
    request = {
        "StackName": stack,
        "TemplateURL": url,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items() if key in known],
    }
    state = status(formation, stack)
    try:
        if state in DONE or state == "UPDATE_ROLLBACK_COMPLETE":
            formation.update_stack(**request)
        else:
            if state:
                formation.delete_stack(StackName=stack)
                wait(formation, stack)
            formation.create_stack(**request)
    except ClientError as error:
        message = error.response["Error"]["Message"]
        if "No updates" in message:
            return
        raise Problem(f"CloudFormation refuses template.yaml: {message}") from error
    state = wait(formation, stack)
    if state not in DONE:
        raise Problem(f"The stack ended as {state}:\n{reasons(formation, stack)}")


def status(formation: Any, stack: str) -> str:
    """Returns the stack's status, empty when there is none."""
    try:
        found = formation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError:
        return ""
    return "" if found == "DELETE_COMPLETE" else str(found)


def wait(formation: Any, stack: str) -> str:
    """Waits until nothing is in progress and returns the status."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        state = status(formation, stack)
        if not state.endswith("_IN_PROGRESS"):
            return state
        time.sleep(0.05)
    raise Problem(f"The stack is still in progress after {PATIENCE_SECONDS} s:\n{reasons(formation, stack)}")


def reasons(formation: Any, stack: str) -> str:
    """Returns the failed resources with their reasons, newest first."""
    try:
        events = formation.describe_stack_events(StackName=stack)["StackEvents"]
    except ClientError as error:
        return f"    no events: {error}"
    failed = [
        f"    {event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
        for event in events
        if "FAILED" in event["ResourceStatus"] and event.get("ResourceStatusReason")
    ]
    return "\n".join(failed[:8]) or "    no failed resource is named"


def physical(aws: Aws, stack: str) -> Dict[str, Dict[str, str]]:
    """Returns type -> logical id -> physical id of everything in the stack."""
    found: Dict[str, Dict[str, str]] = {}
    for resource in aws.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]:
        found.setdefault(resource["ResourceType"], {})[resource["LogicalResourceId"]] = resource["PhysicalResourceId"]
    return found


def verify(aws: Aws, template: Template, there: Dict[str, Dict[str, str]]) -> None:
    """Compares the emulator's own lists with the template: CREATE_COMPLETE alone proves little there."""
    lacking: List[str] = []
    wanted = {kind: of_type(template, kind) for kind in ("AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Route", "AWS::Lambda::Function")}
    gateway = aws.client("apigatewayv2")
    routes = sum(
        len(page["Items"])
        for api in there.get("AWS::ApiGatewayV2::Api", {}).values()
        for page in gateway.get_paginator("get_routes").paginate(ApiId=api)
    )
    if routes == 0 or routes != len(wanted["AWS::ApiGatewayV2::Route"]):
        lacking.append(f"{routes} routes instead of {len(wanted['AWS::ApiGatewayV2::Route'])}")
    functions = aws.client("lambda")
    for logical_id in wanted["AWS::Lambda::Function"]:
        name = there.get("AWS::Lambda::Function", {}).get(logical_id)
        try:
            if not name or not functions.get_function_configuration(FunctionName=name)["CodeSize"]:
                lacking.append(f"no code in {logical_id}")
        except ClientError:
            lacking.append(f"no function {logical_id}")
    mappings = [page for page in functions.list_event_source_mappings()["EventSourceMappings"] if page["State"] == "Enabled"]
    if len(mappings) < len(of_type(template, "AWS::Lambda::EventSourceMapping")):
        lacking.append("an event source mapping is missing or disabled")
    if lacking:
        raise Problem(f"The stack says it is complete, but there is {'; '.join(lacking)}.")


def of_type(template: Template, kind: str) -> Dict[str, Any]:
    """Returns the template's resources of a type."""
    return {name: resource for name, resource in template["Resources"].items() if resource.get("Type") == kind}


def set_time_to_live(aws: Aws, template: Template, there: Dict[str, Dict[str, str]]) -> None:
    """Sets what the template says about TTL: the emulator ignores it in a template."""
    dynamo = aws.client("dynamodb")
    for logical_id, resource in of_type(template, "AWS::DynamoDB::Table").items():
        wanted = resource["Properties"].get("TimeToLiveSpecification")
        if not wanted:
            continue
        table = there["AWS::DynamoDB::Table"][logical_id]
        told = dynamo.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        if told.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
            dynamo.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)

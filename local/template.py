"""Makes of our own template.yaml what the emulator can deploy, with the official SAM translator.

Differences from what AWS does with it, all of them here: code comes from a bucket filled by `local/deploy.py`, an
HTTP API's OpenAPI `Body` becomes explicit routes (the emulator ignores a body), the processor is this machine's, the
bucket policy that demands TLS is left out (the emulator speaks HTTP on loopback), and so is the schedule that rotates
the token secret (the emulator knows none: `./dev rotate-keys` calls the same function). Who may send mail may send it as
anybody (the emulator tells policies neither the sender nor its identity).
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any, Dict, List

import yaml

from local.console import Problem

CODE_BUCKET = "babyshield-code"
REGION = "us-east-1"
HTTP_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
LEFT_OUT = ("AWS::S3::BucketPolicy", "AWS::SecretsManager::RotationSchedule")
ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"

Template = Dict[str, Any]


class CloudFormationLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML with the short forms of the intrinsic functions (!Ref, !Sub, ...)."""


def intrinsic(loader: Any, suffix: str, node: Any) -> Any:
    """Turns a short form into its long form."""
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


CloudFormationLoader.add_multi_constructor("!", intrinsic)


def read(path: Path) -> Template:
    """Reads template.yaml; a syntax error is one sentence with its line."""
    try:
        loaded = yaml.load(path.read_text(), Loader=CloudFormationLoader)  # noqa: S506 (a SafeLoader)
    except (OSError, yaml.YAMLError) as error:
        raise Problem(f"{path.name} cannot be read: {error}") from error
    if not isinstance(loaded, dict) or "Resources" not in loaded:
        raise Problem(f"{path.name} has no Resources.")
    return loaded


def binaries(template: Template) -> Dict[str, str]:
    """Returns logical id -> name of the Rust binary, for every function in the template."""
    found = {}
    for logical_id, resource in template["Resources"].items():
        if resource.get("Type") == "AWS::Serverless::Function":
            name = resource.get("Metadata", {}).get("BuildProperties", {}).get("Binary")
            if not name:
                raise Problem(f"template.yaml: {logical_id} has no Metadata.BuildProperties.Binary.")
            found[logical_id] = name
    return found


def architecture() -> str:
    """Returns this machine's processor in Lambda's words."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def transform(path: Path, code_keys: Dict[str, str], cache: Path) -> Template:
    """Returns plain CloudFormation for the emulator; `code_keys` maps a function's logical id to its key in the bucket.

    The translation of one template is kept in `cache`, since the translator alone takes a second to load.
    """
    source = path.read_bytes() + Path(__file__).read_bytes() + metadata.version("aws-sam-translator").encode()
    kept = cache / f"template-{hashlib.sha256(source).hexdigest()[:16]}.json"
    if kept.is_file():
        plain = json.loads(kept.read_text())
    else:
        plain = explicit_routes(translate(read(path)))
        cache.mkdir(parents=True, exist_ok=True)
        for old in cache.glob("template-*.json"):
            old.unlink()
        kept.write_text(json.dumps(plain))
    for logical_id, key in code_keys.items():
        plain["Resources"][logical_id]["Properties"]["Code"] = {"S3Bucket": CODE_BUCKET, "S3Key": key}
    return plain


def translate(template: Template) -> Template:
    """Runs the official translator over a copy of our template."""
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)  # The translator asks boto3 for a region.
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        if resource.get("Type") == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": CODE_BUCKET, "Key": "filled-in-later"}
    template.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    template["Resources"] = {
        name: resource for name, resource in template["Resources"].items() if resource.get("Type") not in LEFT_OUT
    }
    for resource in template["Resources"].values():
        if resource.get("Type") == "AWS::IAM::Role":
            loosen_mail(resource["Properties"])
    try:
        return Translator({}, Parser()).translate(template, {})
    except InvalidDocumentException as error:
        causes = "; ".join(str(getattr(cause, "message", cause)) for cause in error.causes)
        raise Problem(f"template.yaml is not accepted by the SAM translator: {causes}") from error


def loosen_mail(role: Dict[str, Any]) -> None:
    """Takes the sender out of what allows a role to send mail."""
    for policy in role.get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement.get("Action") == ["ses:SendEmail"]:
                statement["Resource"] = "*"
                statement.pop("Condition", None)


def explicit_routes(template: Template) -> Template:
    """Turns the OpenAPI `Body` of each HTTP API into Integration and Route resources."""
    added: Dict[str, Any] = {}
    for api_id, api in template["Resources"].items():
        if api.get("Type") != "AWS::ApiGatewayV2::Api" or "Body" not in api["Properties"]:
            continue
        body = api["Properties"].pop("Body")
        api["Properties"].setdefault("Name", "http")
        api["Properties"]["ProtocolType"] = "HTTP"
        integrations: Dict[str, str] = {}
        routes: List[str] = []
        for path, methods in body.get("paths", {}).items():
            for method, operation in methods.items():
                if method != ANY and method not in HTTP_METHODS:
                    continue
                integration = operation[INTEGRATION]
                uri = json.dumps(integration["uri"], sort_keys=True)
                if uri not in integrations:
                    integrations[uri] = f"{api_id}Integration{len(integrations)}"
                    added[integrations[uri]] = integration_resource(api_id, integration)
                key = "$default" if path.lstrip("/") == "$default" else f"{'ANY' if method == ANY else method.upper()} {path}"
                routes.append(f"{api_id}Route{len(routes)}")
                added[routes[-1]] = route_resource(api_id, key, integrations[uri])
        if not routes:
            raise Problem(f"template.yaml: the HTTP API {api_id} has no routes.")
    template["Resources"].update(added)
    return template


def integration_resource(api_id: str, integration: Dict[str, Any]) -> Dict[str, Any]:
    """Returns an Integration of one function."""
    return {
        "Type": "AWS::ApiGatewayV2::Integration",
        "Properties": {
            "ApiId": {"Ref": api_id},
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": integration["uri"],
            "PayloadFormatVersion": integration.get("payloadFormatVersion", "2.0"),
        },
    }


def route_resource(api_id: str, key: str, integration_id: str) -> Dict[str, Any]:
    """Returns a Route to an integration."""
    return {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {"ApiId": {"Ref": api_id}, "RouteKey": key, "Target": {"Fn::Sub": "integrations/${%s}" % integration_id}},
    }

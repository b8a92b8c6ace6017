"""The hello-world function, deployed beside our stack in one of its own, behind a gateway like ours."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, Optional, Type

from local import build, deploy, template
from local.cloud import API_PREFIX, answers, plain_environment
from local.console import Problem
from local.processes import free_port

HELLO = "bench-hello"
STACK = "babyshield-bench-hello"
FIRST_PORT = 3700
PATIENCE_SECONDS = 20


class Yardstick:
    """Deployed on entering; its gateway ends on leaving, its stack with the emulator."""

    def __init__(self, emulator: str, program: Path) -> None:
        self.emulator, self.program = emulator, program
        self.api = ""
        self.gateway: Optional["subprocess.Popen[bytes]"] = None

    def __enter__(self) -> "Yardstick":
        aws = deploy.Aws(self.emulator)
        key = f"{HELLO}.zip"
        deploy.upload(aws, key, build.zipped(self.program))
        deploy.deploy(aws, STACK, stack(key), {})
        there = deploy.physical(aws, STACK)
        api = next(iter(there["AWS::ApiGatewayV2::Api"].values()))
        port = free_port(FIRST_PORT)
        emulator_port = self.emulator.rsplit(":", 1)[1]
        arguments = ["--port", str(port), "--emulator-port", emulator_port, "--prefix", f"{API_PREFIX}/{api}/$default"]
        self.gateway = subprocess.Popen(
            [sys.executable, "-m", "local.gateway", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=plain_environment(),
        )
        self.api = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not answers(self.api):
            if time.monotonic() > deadline:
                raise Problem("The gateway of the hello-world function does not answer.")
            time.sleep(0.05)
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        if self.gateway is not None:
            self.gateway.terminate()
            self.gateway.wait()


def stack(key: str) -> Dict[str, Any]:
    """Returns plain CloudFormation: one function, one API, one route."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    code = {"S3Bucket": template.CODE_BUCKET, "S3Key": key}
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": STACK, "Runtime": "provided.al2023", "Handler": "bootstrap", "MemorySize": 512, "Timeout": 15,
                "Architectures": [template.architecture()], "Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Code": code,
            },
        },
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": STACK, "ProtocolType": "HTTP"}},
        "Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True}},
        "Integration": template.integration_resource("Api", {"uri": {"Fn::GetAtt": ["Function", "Arn"]}}),
        "Route": template.route_resource("Api", "$default", "Integration"),
    }
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}

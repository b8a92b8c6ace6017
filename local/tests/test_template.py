"""The template's own promises, and what the local cloud makes of it."""

import tempfile
import unittest
from pathlib import Path

from local import template
from local.tooling import ROOT


class Transformed(unittest.TestCase):
    """Our template.yaml, once through the official translator."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.ours = template.read(ROOT / "template.yaml")
        with tempfile.TemporaryDirectory() as cache:
            cls.plain = template.transform(ROOT / "template.yaml", {"ScanFunction": "scan-1.zip"}, Path(cache))

    def of(self, kind):
        return {name: found["Properties"] for name, found in self.plain["Resources"].items() if found["Type"] == kind}

    def test_every_http_event_becomes_one_route_and_no_body_is_left(self):
        events = [
            event
            for found in self.ours["Resources"].values()
            for event in found.get("Properties", {}).get("Events", {}).values()
            if event["Type"] == "HttpApi"
        ]
        keys = [found["RouteKey"] for found in self.of("AWS::ApiGatewayV2::Route").values()]
        self.assertEqual((len(keys), len(set(keys))), (len(events), len(events)))
        self.assertIn("$default", keys)
        self.assertIn("ANY /api/v1/scan/{proxy+}", keys)
        self.assertTrue(all("Body" not in found for found in self.of("AWS::ApiGatewayV2::Api").values()))

    def test_every_prefix_has_its_three_routes_with_and_without_the_version(self):
        keys = {found["RouteKey"] for found in self.of("AWS::ApiGatewayV2::Route").values()}
        for prefix in ("recalls", "agencies", "search", "scan"):
            for base in (f"/api/v1/{prefix}", f"/api/{prefix}"):
                self.assertLessEqual({f"ANY {base}", f"ANY {base}/", f"ANY {base}/{{proxy+}}"}, keys)

    def test_code_comes_from_the_bucket(self):
        code = self.of("AWS::Lambda::Function")["ScanFunction"]["Code"]
        self.assertEqual(code, {"S3Bucket": template.CODE_BUCKET, "S3Key": "scan-1.zip"})

    def test_every_consumer_reports_failures_and_its_queue_waits_six_times_its_timeout(self):
        functions, queues = self.of("AWS::Lambda::Function"), self.of("AWS::SQS::Queue")
        mappings = self.of("AWS::Lambda::EventSourceMapping")
        self.assertEqual(len(mappings), 3)
        for mapping in mappings.values():
            queue = queues[mapping["EventSourceArn"]["Fn::GetAtt"][0]]
            function = functions[mapping["FunctionName"]["Ref"]]
            self.assertEqual(mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"])
            self.assertGreaterEqual(queue["VisibilityTimeout"], 6 * function["Timeout"])

    def test_every_queue_has_dead_letters_kept_for_two_weeks_and_an_alarm(self):
        queues = self.of("AWS::SQS::Queue")
        watched = {found["Dimensions"][0]["Value"]["Fn::GetAtt"][0] for found in self.of("AWS::CloudWatch::Alarm").values() if found["Namespace"] == "AWS/SQS"}
        for name, queue in queues.items():
            if "RedrivePolicy" in queue:
                dead = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
                self.assertEqual(queues[dead]["MessageRetentionPeriod"], 14 * 24 * 3600, name)
                self.assertIn(dead, watched)
            else:
                self.assertIn(name, watched)

    def test_no_policy_of_a_function_has_a_wildcard_action_or_an_open_resource(self):
        for name, role in self.of("AWS::IAM::Role").items():
            for policy in role["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                    self.assertFalse([action for action in actions if "*" in action], name)
                    # Of mail the next test tells.
                    if statement["Resource"] == "*" and actions != ["ses:SendEmail"]:
                        self.assertTrue(all(action.startswith("xray:") for action in actions), (name, statement))

    def test_ours_bounds_the_sender_of_mail_and_the_local_cloud_takes_it_out(self):
        def sending(found):
            statements = [
                statement
                for role in found["Resources"].values()
                if role["Type"] == "AWS::IAM::Role"
                for policy in role["Properties"].get("Policies", [])
                for statement in policy["PolicyDocument"]["Statement"]
            ]
            return [statement for statement in statements if statement.get("Action") == ["ses:SendEmail"]]

        ours, plain = sending(self.ours), sending(self.plain)
        self.assertEqual((len(ours), len(plain)), (1, 1))
        self.assertEqual(ours[0]["Condition"], {"StringEquals": {"ses:FromAddress": {"Ref": "MailFrom"}}})
        self.assertEqual((plain[0]["Resource"], "Condition" in plain[0]), ("*", False))

    def test_a_broken_template_is_a_sentence(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "template.yaml"
            path.write_text("Resources: [")
            with self.assertRaises(template.Problem):
                template.read(path)


if __name__ == "__main__":
    unittest.main()

//! The code, the template and the description agree with one another.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use aws_config::SdkConfig;
use babyshield::{
    clock::{RandomIds, SystemClock},
    config::Settings,
    http::Front,
    runtime::{Start, sdk_config},
};
use babyshield_tests::{
    openapi,
    template::{Template, references, root},
};
use serde_yaml_ng::Value;

/// API Gateway gives an integration thirty seconds; a function that takes longer answers nobody.
const GATEWAY_SECONDS: u64 = 29;
const ALIASES_OF_THE_DOCUMENTATION: [&str; 6] = [
    "/docs",
    "/redoc",
    "/api-docs",
    "/api/v1/docs",
    "/api/v1/redoc",
    "/openapi.json",
];

/// A function of the template.
struct Function<'a> {
    logical: String,
    binary: String,
    properties: &'a Value,
}

impl Function<'_> {
    fn timeout(&self) -> u64 {
        self.properties["Timeout"]
            .as_u64()
            .unwrap_or_else(|| panic!("{} names no timeout", self.logical))
    }

    fn events(&self, kind: &str) -> Vec<&Value> {
        let events = self.properties["Events"].as_mapping().into_iter().flatten();
        events
            .map(|(_, event)| event)
            .filter(|event| event["Type"] == kind)
            .collect()
    }

    fn serves_http(&self) -> bool {
        !self.events("HttpApi").is_empty()
    }
}

fn functions(template: &Template) -> Vec<Function<'_>> {
    let resources = template.resources("AWS::Serverless::Function");
    let functions: Vec<_> = resources
        .into_iter()
        .map(|(logical, resource)| Function {
            binary: resource["Metadata"]["BuildProperties"]["Binary"]
                .as_str()
                .unwrap_or_else(|| panic!("{logical} names no binary"))
                .to_owned(),
            properties: &resource["Properties"],
            logical,
        })
        .collect();
    assert!(!functions.is_empty(), "the template has no functions");
    functions
}

/// Returns the function that the gateway hands a path to: an exact route before the longest
/// `{proxy+}` before `$default` (the HTTP API's own order).
fn served_by(routes: &BTreeMap<String, String>, path: &str) -> String {
    if let Some(function) = routes.get(path) {
        return function.clone();
    }
    let greedy = routes
        .iter()
        .filter_map(|(route, function)| Some((route.strip_suffix("{proxy+}")?, function)))
        .filter(|(prefix, _)| path.len() > prefix.len() && path.starts_with(prefix))
        .max_by_key(|(prefix, _)| prefix.len());
    let function = greedy.map_or_else(|| &routes["$default"], |(_, function)| function);
    function.clone()
}

/// Returns path -> binary; every route takes every method.
fn routes(template: &Template) -> BTreeMap<String, String> {
    let mut routes = BTreeMap::new();
    for function in functions(template) {
        for event in function.events("HttpApi") {
            let properties = &event["Properties"];
            assert_eq!(references(&properties["ApiId"]), ["HttpApi"]);
            let path = properties["Path"].as_str().unwrap_or("$default");
            if path != "$default" {
                assert_eq!(
                    properties["Method"], "ANY",
                    "{path}: a 405 is ours to answer"
                );
            }
            let before = routes.insert(path.to_owned(), function.binary.clone());
            assert_eq!(before, None, "{path} stands twice");
        }
    }
    routes
}

#[test]
fn every_operation_reaches_the_function_that_serves_it() {
    let template = Template::read();
    let routes = routes(&template);
    let mut lost = Vec::new();
    let mut operations = 0;
    for (function, description) in openapi::by_function() {
        for path in description.paths.paths.keys() {
            operations += 1;
            let path = path.replace("{id}", "us-cpsc:24113").replace('{', "");
            let path = path.replace('}', "");
            let mut ways = vec![path.clone(), format!("{path}/")];
            if let Some(rest) = path.strip_prefix("/api/v1/") {
                ways.extend([format!("/api/{rest}"), format!("/api/{rest}/")]);
                if rest.starts_with("auth/") {
                    ways.extend([format!("/{rest}"), format!("/{rest}/")]);
                }
            }
            for way in ways {
                let reached = served_by(&routes, &way);
                if reached != function {
                    lost.push(format!("{way} reaches {reached} instead of {function}"));
                }
            }
        }
    }
    assert!(
        operations >= 10,
        "only {operations} operations are described"
    );
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[test]
fn the_documentation_and_every_unknown_path_reach_ops() {
    let routes = routes(&Template::read());
    let unknown = [
        "/",
        "/wp-login.php",
        "/api",
        "/api/v1",
        "/api/v1/recallsx",
        "/api/v2/recalls",
    ];
    for path in ALIASES_OF_THE_DOCUMENTATION.into_iter().chain(unknown) {
        assert_eq!(served_by(&routes, path), "ops", "{path}");
    }
}

#[test]
fn a_prefix_is_three_routes_under_both_of_its_names() {
    let routes = routes(&Template::read());
    for (path, function) in &routes {
        let Some(prefix) = path.strip_suffix("/{proxy+}") else {
            continue;
        };
        // What the standards put at one place stands at no other (RFC 8615).
        if prefix == "/.well-known" {
            continue;
        }
        for other in [prefix.to_owned(), format!("{prefix}/")] {
            assert_eq!(routes.get(&other), Some(function), "{other}");
        }
        if prefix == "/auth" {
            let canonical = routes.get("/api/v1/auth/{proxy+}");
            assert_eq!(canonical, Some(function), "/auth stands for /api/v1/auth");
            continue;
        }
        let rest = prefix.strip_prefix("/api/v1/").map_or_else(
            || prefix.replacen("/api/", "/api/v1/", 1),
            |rest| format!("/api/{rest}"),
        );
        assert_eq!(
            routes.get(&format!("{rest}/{{proxy+}}")),
            Some(function),
            "{rest}"
        );
    }
}

#[test]
fn throttled_routes_exist() {
    let template = Template::read();
    let routes = routes(&template);
    let settings = template.properties("HttpApi")["RouteSettings"]
        .as_mapping()
        .expect("some routes have their own limits");
    for key in settings.keys() {
        let path = key.as_str().unwrap().trim_start_matches("ANY ");
        assert!(routes.contains_key(path), "{path} has limits and no route");
    }
}

fn start() -> Start {
    Start {
        settings: Settings::default(),
        sdk: SdkConfig::builder().build(),
        clock: std::sync::Arc::new(SystemClock),
        ids: std::sync::Arc::new(RandomIds),
    }
}

/// Returns the names that a function's own code asks for.
fn asked_by(binary: &str) -> BTreeSet<String> {
    let mut start = start();
    match binary {
        "recalls" => drop(babyshield_recalls::Config::load(&mut start.settings)),
        "search" => drop(babyshield_search::Config::load(&mut start.settings)),
        "scan" => drop(babyshield_scan::Config::load(&mut start.settings)),
        "ops" => drop(babyshield_ops::Config::load(&mut start.settings)),
        "sync" => drop(babyshield_sync::Config::load(&mut start.settings)),
        "auth" => drop(babyshield_auth::Config::load(&mut start.settings)),
        "accounts" => drop(babyshield_accounts::Config::load(&mut start.settings)),
        "deliver" => drop(babyshield_deliver::Config::load(&mut start.settings)),
        "index" => drop(babyshield_index::Config::load(&mut start.settings)),
        other => panic!("nobody told this test how {other} reads its configuration"),
    }
    let names = start.settings.asked().iter();
    names.map(|name| (*name).to_owned()).collect()
}

fn asked_by_the_edge() -> BTreeSet<String> {
    let mut start = start();
    let _ = Front::load(&mut start);
    let names = start.settings.asked().iter();
    names.map(|name| (*name).to_owned()).collect()
}

/// Returns the names that `runtime::start` asks for, read out of its source: it runs before a
/// function has anything to say.
fn asked_by_the_runtime() -> BTreeSet<String> {
    let source = fs::read_to_string(root().join("lib/src/runtime.rs")).unwrap();
    let names: BTreeSet<String> = source
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| text.len() > 3 && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        .map(str::to_owned)
        .collect();
    assert!(names.contains("LOG_LEVEL"), "runtime.rs reads as expected");
    names
}

fn set_for(template: &Template, function: &Function) -> BTreeSet<String> {
    let own = &function.properties["Environment"]["Variables"];
    let names: BTreeSet<String> = [own, &template.globals()["Environment"]["Variables"]]
        .into_iter()
        .filter_map(Value::as_mapping)
        .flat_map(|variables| variables.keys())
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    names
}

#[test]
fn the_template_sets_the_names_that_the_code_reads_and_no_other() {
    let template = Template::read();
    let mut differences = Vec::new();
    for function in functions(&template) {
        let mut read = asked_by(&function.binary);
        read.extend(asked_by_the_runtime());
        if function.serves_http() {
            read.extend(asked_by_the_edge());
        }
        let set = set_for(&template, &function);
        // Lambda's own; no template may set it.
        read.remove("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
        for name in read.difference(&set) {
            differences.push(format!(
                "{} reads {name}, which nobody sets",
                function.binary
            ));
        }
        for name in set.difference(&read) {
            differences.push(format!(
                "{} is given {name} and never reads it",
                function.binary
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_function_folder_has_a_binary_a_place_in_the_template_and_events() {
    let template = Template::read();
    let of_template: BTreeSet<_> = functions(&template)
        .into_iter()
        .map(|function| function.binary)
        .collect();
    let folders = |path: &str| -> BTreeSet<String> {
        fs::read_dir(root().join(path))
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    };
    assert_eq!(of_template, folders("functions"));
    assert_eq!(of_template, folders("events"));
}

/// Returns the statements of a function's role.
fn statements<'a>(template: &'a Template, function: &Function<'a>) -> Vec<&'a Value> {
    let role = references(&function.properties["Role"]);
    let policies = &template.properties(&role[0])["Policies"];
    policies
        .as_sequence()
        .expect("a role has policies")
        .iter()
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_sequence().unwrap())
        .collect()
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Sequence(values) => values.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Sequence(values) => values.iter().collect(),
        value => vec![value],
    }
}

/// Returns whether a function may do something to a resource.
fn may(template: &Template, function: &Function, action: &str, resource: &str) -> bool {
    statements(template, function).into_iter().any(|statement| {
        texts(&statement["Action"])
            .iter()
            .any(|text| text == action)
            && references(&statement["Resource"]).contains(&resource.to_owned())
    })
}

#[test]
fn every_consumer_its_queue_and_its_policy_agree() {
    let template = Template::read();
    let mut consumers = BTreeMap::new();
    for function in functions(&template) {
        for event in function.events("SQS") {
            let event = &event["Properties"];
            let queue_name = references(&event["Queue"]).remove(0);
            let queue = template.properties(&queue_name);
            assert!(queue.is_mapping(), "{queue_name} is no resource");
            assert_eq!(
                texts(&event["FunctionResponseTypes"]),
                ["ReportBatchItemFailures"],
                "{queue_name}"
            );
            let window = event["MaximumBatchingWindowInSeconds"]
                .as_u64()
                .unwrap_or(0);
            let visible = queue["VisibilityTimeout"].as_u64().unwrap();
            assert!(
                visible >= 6 * function.timeout() + window,
                "{queue_name} hides a message for {visible} s, and its consumer may take {} s",
                function.timeout()
            );
            let batch = event["BatchSize"].as_u64().expect("a batch size is chosen");
            assert!(
                batch <= 10 || window > 0,
                "{queue_name}: AWS wants a batching window for more than ten"
            );
            let receives = queue["RedrivePolicy"]["maxReceiveCount"].as_u64().unwrap();
            assert!(
                receives >= 3,
                "{queue_name} gives up after {receives} tries"
            );
            for action in [
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ChangeMessageVisibility",
            ] {
                assert!(
                    may(&template, &function, action, &queue_name),
                    "{} may not {action} on {queue_name}",
                    function.binary
                );
            }
            let before = consumers.insert(queue_name.clone(), function.binary.clone());
            assert_eq!(before, None, "{queue_name} has two consumers");
            let expected = queue_name.trim_end_matches("Queue").to_lowercase();
            assert_eq!(function.binary, expected, "a queue bears its worker's name");
        }
    }
    assert_eq!(consumers.len(), 3, "{consumers:?}");
}

#[test]
fn nobody_may_read_a_queue_that_it_does_not_consume() {
    let template = Template::read();
    for function in functions(&template) {
        let consumed: BTreeSet<_> = function
            .events("SQS")
            .iter()
            .flat_map(|event| references(&event["Properties"]["Queue"]))
            .collect();
        for queue in template.resources("AWS::SQS::Queue").keys() {
            assert_eq!(
                may(&template, &function, "sqs:ReceiveMessage", queue),
                consumed.contains(queue),
                "{} and {queue}",
                function.binary
            );
        }
    }
}

#[test]
fn every_queue_has_dead_letters_kept_longest_and_an_alarm_on_them() {
    let template = Template::read();
    let alarms = template.resources("AWS::CloudWatch::Alarm");
    let watched: BTreeSet<_> = alarms
        .values()
        .map(|alarm| &alarm["Properties"])
        .filter(|alarm| alarm["MetricName"] == "ApproximateNumberOfMessagesVisible")
        .inspect(|alarm| {
            assert_eq!(alarm["Threshold"].as_u64(), Some(0));
            assert_eq!(alarm["ComparisonOperator"], "GreaterThanThreshold");
        })
        .flat_map(|alarm| references(&alarm["Dimensions"][0]["Value"]))
        .collect();
    let queues = template.resources("AWS::SQS::Queue");
    let mut dead = BTreeSet::new();
    for (name, queue) in &queues {
        let queue = &queue["Properties"];
        assert_eq!(
            queue["SqsManagedSseEnabled"].as_bool(),
            Some(true),
            "{name}"
        );
        if name.ends_with("Dlq") {
            // SQS keeps messages for 14 days at most.
            assert_eq!(
                queue["MessageRetentionPeriod"].as_u64(),
                Some(1_209_600),
                "{name}"
            );
            assert!(watched.contains(name), "no alarm on {name}");
            continue;
        }
        let target = references(&queue["RedrivePolicy"]["deadLetterTargetArn"]);
        assert_eq!(target, [format!("{}Dlq", name.trim_end_matches("Queue"))]);
        assert!(queues.contains_key(&target[0]), "{name}");
        dead.extend(target);
    }
    // The schedules' own dead letters belong to no queue.
    let orphans: Vec<_> = queues
        .keys()
        .filter(|name| name.ends_with("Dlq") && !dead.contains(*name))
        .collect();
    assert_eq!(orphans, ["SchedulesDlq"]);
}

#[test]
fn policies_name_actions_and_resources() {
    // X-Ray knows no resources: the service authorisation reference lists none for these two.
    let everywhere: BTreeSet<_> = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        .map(str::to_owned)
        .into();
    let template = Template::read();
    let known: BTreeSet<String> = [
        "DynamoDB::Table",
        "SQS::Queue",
        "S3::Bucket",
        "Logs::LogGroup",
        "SecretsManager::Secret",
    ]
    .iter()
    .flat_map(|kind| template.resources(&format!("AWS::{kind}")).into_keys())
    .collect();
    for function in functions(&template) {
        let role = references(&function.properties["Role"]);
        assert_eq!(
            template.properties(&role[0])["ManagedPolicyArns"],
            Value::Null,
            "{}: managed policies allow more than is named here",
            function.binary
        );
        assert!(
            function.properties["Policies"].is_null(),
            "{}",
            function.binary
        );
        for statement in statements(&template, &function) {
            let name = format!("{} {:?}", function.binary, statement["Sid"]);
            assert_eq!(statement["Effect"], "Allow", "{name}");
            assert!(statement["NotAction"].is_null() && statement["NotResource"].is_null());
            let actions = texts(&statement["Action"]);
            assert!(!actions.is_empty(), "{name} names no action");
            assert!(actions.iter().all(|action| !action.contains('*')), "{name}");
            if statement["Resource"] == "*" {
                let actions: BTreeSet<_> = actions.into_iter().collect();
                assert!(
                    actions.is_subset(&everywhere),
                    "{name} may do {actions:?} to anything"
                );
                continue;
            }
            for resource in list(&statement["Resource"]) {
                let named = references(resource);
                // SES's identities are made outside the stack; the sender's address is held to one.
                if named == ["AWS::Partition", "AWS::Region", "AWS::AccountId"] {
                    let from = &statement["Condition"]["StringEquals"]["ses:FromAddress"];
                    assert_eq!(actions, ["ses:SendEmail"], "{name}");
                    assert_eq!(references(from), ["MailFrom"], "{name}");
                    continue;
                }
                assert_eq!(named.len(), 1, "{name}: {resource:?}");
                assert!(known.contains(&named[0]), "{name} names {named:?}");
            }
        }
    }
}

#[test]
fn no_two_functions_share_a_role() {
    let template = Template::read();
    let roles: BTreeSet<_> = functions(&template)
        .iter()
        .flat_map(|function| references(&function.properties["Role"]))
        .collect();
    assert_eq!(roles.len(), functions(&template).len());
}

/// What each HTTP function may write: its own tables, and in every case the ledger.
fn owned(function: &str) -> &'static [&'static str] {
    match function {
        "auth" => &["AccountsTable"],
        _ => &[],
    }
}

#[test]
fn functions_write_what_they_own_and_the_ledger() {
    let template = Template::read();
    let writes = ["Put", "Update", "Delete", "BatchWrite", "Send"];
    for function in functions(&template) {
        if !function.serves_http() {
            continue;
        }
        for statement in statements(&template, &function) {
            for action in texts(&statement["Action"]) {
                let (service, verb) = action.split_once(':').unwrap_or_default();
                if ["logs", "xray"].contains(&service)
                    || !writes.iter().any(|write| verb.starts_with(write))
                {
                    continue;
                }
                let name = format!("{} may {action}", function.binary);
                for resource in list(&statement["Resource"]) {
                    let resource = references(resource).remove(0);
                    match service {
                        "dynamodb" => assert!(
                            resource == "LedgerTable"
                                || owned(&function.binary).contains(&resource.as_str()),
                            "{name} {resource}"
                        ),
                        // Answers that are kept for those who ask twice.
                        "s3" => assert_eq!(statement["Sid"], "KeepLargeAnswers", "{name}"),
                        "sqs" => assert_eq!(
                            (function.binary.as_str(), resource.as_str()),
                            ("auth", "DeliverQueue"),
                            "{name}"
                        ),
                        _ => panic!("{name}"),
                    }
                }
            }
        }
    }
}

#[test]
fn of_the_accounts_only_their_own_functions_read_more_than_keys() {
    let template = Template::read();
    for function in functions(&template) {
        for statement in statements(&template, &function) {
            let about: Vec<_> = list(&statement["Resource"])
                .into_iter()
                .flat_map(references)
                .collect();
            if !about.contains(&"AccountsTable".to_owned())
                || ["auth", "accounts"].contains(&function.binary.as_str())
            {
                continue;
            }
            let leading =
                &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
            let index = texts(&statement["Action"]) == ["dynamodb:Query"];
            let allowed: BTreeSet<_> = texts(leading).into_iter().collect();
            let may: BTreeSet<String> = match function.binary.as_str() {
                "deliver" => ["OUTGOING#*", "ONCE#*"].map(str::to_owned).into(),
                _ => ["KEYSET", "APIKEY#*"].map(str::to_owned).into(),
            };
            assert!(
                index || allowed == may,
                "{} reads {allowed:?} of the accounts",
                function.binary
            );
        }
    }
}

#[test]
fn who_signs_tokens_is_two_functions() {
    let template = Template::read();
    let readers: Vec<_> = functions(&template)
        .into_iter()
        .filter(|function| {
            may(
                &template,
                function,
                "secretsmanager:GetSecretValue",
                "TokenSecret",
            )
        })
        .map(|function| function.binary)
        .collect();
    assert_eq!(readers, ["accounts", "auth"]);
}

#[test]
fn every_table_but_the_ledger_can_be_restored_and_not_deleted_by_mistake() {
    let template = Template::read();
    let tables = template.resources("AWS::DynamoDB::Table");
    assert_eq!(tables.len(), 5);
    for (name, table) in tables {
        let properties = &table["Properties"];
        assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST", "{name}");
        assert_eq!(
            properties["SSESpecification"]["SSEEnabled"].as_bool(),
            Some(true),
            "{name}"
        );
        let keeps = name != "LedgerTable";
        assert_eq!(
            properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"].as_bool(),
            keeps.then_some(true),
            "{name}"
        );
        let protection = references(&properties["DeletionProtectionEnabled"]);
        assert_eq!(
            protection,
            if keeps {
                vec!["DeletionProtection"]
            } else {
                vec![]
            },
            "{name}"
        );
        assert_eq!(
            table["DeletionPolicy"],
            if keeps { "Retain" } else { "Delete" },
            "{name}"
        );
        assert_eq!(
            table["UpdateReplacePolicy"], table["DeletionPolicy"],
            "{name}"
        );
    }
}

#[test]
fn every_function_logs_as_json_into_a_group_that_forgets() {
    let template = Template::read();
    let groups = template.resources("AWS::Logs::LogGroup");
    for (name, group) in &groups {
        let retention = references(&group["Properties"]["RetentionInDays"]);
        assert_eq!(retention, ["LogRetentionDays"], "{name}");
    }
    for function in functions(&template) {
        let logging = &function.properties["LoggingConfig"];
        assert_eq!(logging["LogFormat"], "JSON", "{}", function.binary);
        let group = references(&logging["LogGroup"]).remove(0);
        assert!(groups.contains_key(&group), "{group}");
        for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
            assert!(
                may(&template, &function, action, &group),
                "{} {action}",
                function.binary
            );
        }
        assert_eq!(template.globals()["Tracing"], "Active");
    }
}

#[tokio::test]
async fn a_call_ends_before_its_function_and_the_function_before_the_gateway() {
    let template = Template::read();
    let sdk = sdk_config().await;
    let timeouts = sdk.timeout_config().expect("calls are bounded");
    let whole = timeouts
        .operation_timeout()
        .expect("tries included")
        .as_secs();
    let one = timeouts.operation_attempt_timeout().unwrap().as_secs();
    assert!(
        one < whole,
        "one try of {one} s leaves none of {whole} s for another"
    );
    for function in functions(&template) {
        let timeout = function.timeout();
        assert!(
            whole < timeout,
            "{}: {whole} s in {timeout} s",
            function.binary
        );
        if function.serves_http() {
            assert!(
                timeout < GATEWAY_SECONDS,
                "{} takes {timeout} s",
                function.binary
            );
        }
        assert!(
            function.properties["MemorySize"].as_u64() >= Some(512),
            "{}",
            function.binary
        );
    }
}

#[test]
fn every_schedule_is_an_order_that_its_function_understands_and_has_dead_letters() {
    let template = Template::read();
    let mut orders = BTreeSet::new();
    for function in functions(&template) {
        for event in function.events("ScheduleV2") {
            let event = &event["Properties"];
            let input: serde_json::Value =
                serde_json::from_str(event["Input"].as_str().unwrap()).unwrap();
            let kind = input["kind"].as_str().unwrap();
            orders.insert(format!("{} {kind}", function.binary));
            assert_eq!(
                references(&event["DeadLetterConfig"]["Arn"]),
                ["SchedulesDlq"]
            );
            assert_eq!(references(&event["State"]), ["ScheduleState"]);
            // The same order lies among the events, where it is replayed.
            let file = root().join(format!("events/{}/{kind}.json", function.binary));
            let committed: serde_json::Value =
                serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            assert_eq!(committed, input, "{}", file.display());
        }
    }
    assert_eq!(
        orders,
        ["deliver sweep", "sync plan", "sync sweep"]
            .map(str::to_owned)
            .into()
    );
}

#[test]
fn every_function_has_alarms_on_errors_and_throttling() {
    let template = Template::read();
    let alarms = template.resources("AWS::CloudWatch::Alarm");
    let watched = |metric: &str| -> BTreeSet<String> {
        alarms
            .values()
            .map(|alarm| &alarm["Properties"])
            .filter(|alarm| alarm["Namespace"] == "AWS/Lambda" && alarm["MetricName"] == metric)
            .flat_map(|alarm| references(&alarm["Dimensions"][0]["Value"]))
            .collect()
    };
    let all: BTreeSet<_> = functions(&template)
        .into_iter()
        .map(|function| function.logical)
        .collect();
    assert_eq!(watched("Errors"), all);
    assert_eq!(watched("Throttles"), all);
}

//! When access ends: by its time, by a denial, by a setting.

use axum::Router;
use babyshield::{
    clock::{Clock, Ids, RandomIds},
    domain::account::{Role, SessionId, UserId},
    stores::denials::Denials,
};
use babyshield_tests::{
    functions::{Ask, router},
    people::People,
    template::Template,
};
use jiff::SignedDuration;
use serde_json::json;

use super::{Bench, function};

/// Two instances of `auth`, and one of `ops` that asks for an identity and has this key as nobody else.
async fn instances(bench: &Bench) -> Vec<(Router, &'static str)> {
    let everything = [("REQUIRE_AUTH_ALL", "true")];
    let mut start = bench
        .sandbox
        .http(bench.sandbox.emulator(), &everything)
        .await;
    vec![
        (function(&bench.sandbox, "auth").await, super::PRIVATE),
        (function(&bench.sandbox, "auth").await, super::PRIVATE),
        (router("recalls", &mut start), "/api/v1/agencies"),
    ]
}

async fn statuses(instances: &[(Router, &str)], token: &str) -> Vec<u16> {
    let mut statuses = Vec::new();
    for (instance, path) in instances {
        statuses.push(Ask::get(path).bearer(token).send(instance).await.status);
    }
    statuses
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn j5_what_is_denied_is_refused_everywhere_within_a_minute_and_nothing_else_is() {
    let bench = Bench::new().await;
    let instances = instances(&bench).await;
    let clock = &bench.sandbox.clock;
    let denials = Denials::new(bench.sandbox.dynamo(), &bench.sandbox.ledger);
    let [ana, ben] = [(); 2].map(|()| UserId(RandomIds.new_id()));
    let [phone, laptop, other] = [(); 3].map(|()| SessionId(RandomIds.new_id()));
    let token = |user, session| bench.forge.token(user, session, clock.now());
    let (on_phone, on_laptop, bens) = (token(ana, phone), token(ana, laptop), token(ben, other));
    // Everybody has just learnt that all is well: the worst moment.
    for token in [&on_phone, &on_laptop, &bens] {
        assert_eq!(statuses(&instances, token).await, [200; 3]);
    }
    let until = clock.now() + SignedDuration::from_mins(15);
    denials.deny_session(phone, until).await.unwrap();
    clock.advance(59);
    assert_eq!(statuses(&instances, &on_phone).await, [401; 3]);
    assert_eq!(statuses(&instances, &on_laptop).await, [200; 3]);

    denials.deny_user(ana, clock.now()).await.unwrap();
    // An earlier moment does not take its place.
    let earlier = clock.now() - SignedDuration::from_mins(10);
    denials.deny_user(ana, earlier).await.unwrap();
    clock.advance(59);
    assert_eq!(statuses(&instances, &on_laptop).await, [401; 3]);
    assert_eq!(statuses(&instances, &bens).await, [200; 3]);
    // What she is given from then on counts.
    let again = bench.forge.token(ana, laptop, clock.now());
    assert_eq!(statuses(&instances, &again).await, [200; 3]);
    // An instance that begins now knows it at once.
    let fresh = self::instances(&bench).await;
    assert_eq!(statuses(&fresh, &on_phone).await, [401; 3]);
    assert_eq!(statuses(&fresh, &on_laptop).await, [401; 3]);
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn j5_an_access_token_lives_for_a_quarter_of_an_hour_unless_the_setting_says_otherwise() {
    let template = Template::read();
    let parameters = template.parameter("AccessTokenExpireMinutes");
    assert_eq!(
        (&parameters["Default"], &parameters["MaxValue"]),
        (&15.into(), &60.into())
    );
    let bench = Bench::new().await;
    for (minutes, setting) in [(15, None), (5, Some(("ACCESS_TOKEN_EXPIRE_MINUTES", "5")))] {
        let settings: Vec<_> = setting.into_iter().collect();
        let mut start = bench
            .sandbox
            .http(bench.sandbox.emulator(), &settings)
            .await;
        let auth = router("auth", &mut start);
        let signed_in = People::of(&bench.sandbox).await.signed_in(&auth).await;
        let body = json!({"refresh_token": signed_in.refresh});
        let refreshed = Ask::post("/api/v1/auth/refresh", &body).send(&auth).await;
        assert_eq!(refreshed.data()["expires_in"], minutes * 60);
        assert_eq!(bench.ask(&signed_in.access).await.status, 200);
        bench.sandbox.clock.advance(minutes * 60 + 29);
        assert_eq!(bench.ask(&signed_in.access).await.status, 200, "the leeway");
        bench.sandbox.clock.advance(1);
        assert_eq!(bench.ask(&signed_in.access).await.status, 401);
    }
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn with_no_store_behind_them_private_routes_are_503_and_public_ones_go_on() {
    let bench = Bench::new().await;
    let mut start = bench.sandbox.http("http://127.0.0.1:9", &[]).await;
    let auth = router("auth", &mut start);
    let token = bench.token();
    let private = Ask::get(super::PRIVATE).bearer(&token).send(&auth).await;
    assert_eq!(
        (private.status, private.code().as_str()),
        (503, "SERVICE_UNAVAILABLE")
    );
    assert!(!private.header("retry-after").is_empty());
    let public = "/.well-known/openid-configuration";
    assert_eq!(
        Ask::get(public).bearer(&token).send(&auth).await.status,
        200
    );
    let bad = Ask::get(public).bearer("a.b.c").send(&bench.auth).await;
    assert_eq!(
        bad.status, 200,
        "bad credentials count as none where none are needed"
    );
}

#[tokio::test]
#[ignore = "needs the emulator: ./dev test"]
async fn where_every_route_needs_an_identity_only_what_leads_to_one_does_not() {
    let bench = Bench::new().await;
    let everything = [("REQUIRE_AUTH_ALL", "true")];
    let token = People::of(&bench.sandbox).await.token(Role::User).await;
    for (function, path) in [
        ("recalls", "/api/v1/agencies"),
        ("ops", "/nothing"),
        ("auth", "/nothing"),
    ] {
        let mut start = bench
            .sandbox
            .http(bench.sandbox.emulator(), &everything)
            .await;
        let app = router(function, &mut start);
        let anonymous = Ask::get(path).send(&app).await;
        assert_eq!(
            (anonymous.status, anonymous.code().as_str()),
            (401, "UNAUTHENTICATED"),
            "{path}"
        );
        let known = Ask::get(path).bearer(&token).send(&app).await.status;
        assert!([200, 404].contains(&known), "{path}: {known}");
        let preflight = Ask::new("OPTIONS", path).header("origin", "https://app.example");
        let preflight = preflight
            .header("access-control-request-method", "GET")
            .send(&app)
            .await;
        assert_eq!(preflight.status, 200);
    }
    for (function, path) in [
        ("ops", "/health"),
        ("ops", "/docs"),
        ("ops", "/openapi.json"),
        ("auth", "/.well-known/jwks.json"),
    ] {
        let mut start = bench
            .sandbox
            .http(bench.sandbox.emulator(), &everything)
            .await;
        let app = router(function, &mut start);
        assert_eq!(Ask::get(path).send(&app).await.status, 200, "{path}");
    }
    let mut start = bench
        .sandbox
        .http(bench.sandbox.emulator(), &everything)
        .await;
    let auth = router("auth", &mut start);
    let login = Ask::post("/api/v1/auth/login", &json!({}))
        .send(&auth)
        .await;
    assert_eq!(login.status, 422, "{}", login.json());
}

//! Who is asking: accounts, sessions, keys, and the staff's view of them.

mod access_denied;
mod change_password;
mod delete_me;
mod delete_session;
mod delete_sessions;
mod device;
mod edit_me;
mod ending;
mod forgot_password;
mod get_configuration;
mod get_jwks;
mod get_me;
mod issue;
mod limits;
mod links;
mod list_sessions;
mod lockout;
mod login;
mod logout;
mod magic_link;
mod master_token;
mod messages;
mod new_password;
mod occasion;
mod pages;
mod patch_me;
mod profile;
mod put_me;
mod refresh;
mod register;
mod reset_password;
mod staff;
mod user_view;
mod verify_email;

use std::sync::Arc;

use crate::limits::Limits;
use aws_sdk_dynamodb::Client as Dynamo;
use aws_sdk_sqs::Client as Sqs;
use axum::{Router, middleware::from_fn_with_state};
use babyshield::{
    clock::{Clock, Ids},
    config::Settings,
    http::{
        CursorKey, described,
        limit::{self, RouteLimit},
    },
    identity::{claims::LONGEST_LIFE, known_keys::KnownKeys, signing::TokenKeys},
    passwords::{Hasher, PasswordRules, parallel},
    runtime::Start,
    stores::{
        accounts::{Accounts, LinkKeys},
        api_keys::ApiKeys,
        attempts::Attempts,
        denials::Denials,
        jobs::Queue,
        key_set::KeySets,
    },
};
use jiff::SignedDuration;
use utoipa::openapi::OpenApi;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt},
    routes,
};

/// The paths whose answers hold credentials: these are made once by their own rules and never kept for a
/// repetition of the request.
pub const CREDENTIALS: &[&str] = &[
    "/api/v1/auth/register",
    "/api/v1/auth/login",
    "/api/v1/auth/refresh",
    "/api/v1/auth/magic-link",
    "/api/v1/auth/api-keys",
];

/// The settings of the function.
#[derive(Debug, Clone)]
pub struct Config {
    accounts_table: String,
    ledger_table: String,
    deliver_queue: String,
    cursor_secret: String,
    token_secret: String,
    public_url: String,
    memory_mib: Option<u32>,
    max_attempts: u32,
    lockout_seconds: u32,
    passwords: PasswordRules,
    admin_domains: Vec<String>,
    access_life: SignedDuration,
    rate_limit: u32,
    rate_limit_admin: u32,
    limits: Limits,
}

impl Config {
    /// Reads the environment.
    pub fn load(settings: &mut Settings) -> Option<Self> {
        let accounts_table = settings.required("ACCOUNTS_TABLE");
        let ledger_table = settings.required("LEDGER_TABLE");
        let deliver_queue = settings.required("DELIVER_QUEUE_URL");
        let cursor_secret = settings.required("CURSOR_SECRET_ARN");
        let token_secret = settings.required("TOKEN_SECRET_ARN");
        let public_url = settings.required("PUBLIC_URL");
        // Lambda's own word; outside of it one hash at a time is a good guess.
        let memory_mib = settings.optional("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
        let max_attempts = settings.optional("MAX_LOGIN_ATTEMPTS");
        let lockout_seconds = settings.optional("LOGIN_LOCKOUT_DURATION");
        let shortest = settings.optional("PASSWORD_MIN_LENGTH");
        let complexity = settings.optional("PASSWORD_COMPLEXITY");
        let admin_domains = settings.optional::<String>("ADMIN_DOMAINS");
        let access_life = access_life(settings);
        let rate_limit = settings.optional("RATE_LIMIT_DEFAULT");
        let rate_limit_admin = settings.optional("RATE_LIMIT_ADMIN");
        let limits = Limits::load(settings);
        Some(Self {
            accounts_table: accounts_table?,
            ledger_table: ledger_table?,
            deliver_queue: deliver_queue?,
            cursor_secret: cursor_secret?,
            token_secret: token_secret?,
            public_url: public_url?,
            memory_mib,
            max_attempts: max_attempts.unwrap_or(5).max(1),
            lockout_seconds: lockout_seconds.unwrap_or(900).max(1),
            passwords: PasswordRules {
                shortest: shortest.unwrap_or(12),
                complexity: complexity.unwrap_or_default(),
            },
            admin_domains: domains(&admin_domains.unwrap_or_default()),
            access_life: access_life?,
            rate_limit: rate_limit.unwrap_or(100),
            rate_limit_admin: rate_limit_admin.unwrap_or(10_000),
            limits,
        })
    }
}

/// Reads domains, separated by commas, in the form in which addresses are compared.
fn domains(list: &str) -> Vec<String> {
    let domains = list.split(',').map(str::trim);
    domains
        .filter(|domain| !domain.is_empty())
        .map(|domain| idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_lowercase()))
        .collect()
}

/// Reads how long an access token lives.
fn access_life(settings: &mut Settings) -> Option<SignedDuration> {
    let minutes = settings
        .optional("ACCESS_TOKEN_EXPIRE_MINUTES")
        .unwrap_or(15);
    let most = LONGEST_LIFE.as_mins();
    if !(1..=most).contains(&minutes) {
        settings.complain(format!("ACCESS_TOKEN_EXPIRE_MINUTES is from 1 to {most}"));
        return None;
    }
    Some(SignedDuration::from_mins(minutes))
}

/// What the handlers share.
#[derive(Clone)]
pub struct App {
    accounts: Accounts,
    denials: Denials,
    attempts: Attempts,
    api_keys: ApiKeys,
    known_keys: KnownKeys,
    tokens: TokenKeys,
    links: LinkKeys,
    deliver: Queue,
    cursors: CursorKey,
    hasher: Hasher,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    config: Arc<Config>,
}

impl App {
    /// Connects the stores.
    pub fn new(start: &Start, config: Config) -> Self {
        let dynamo = Dynamo::new(&start.sdk);
        let key_sets = KeySets::new(dynamo.clone(), &config.accounts_table);
        Self {
            denials: Denials::new(dynamo.clone(), &config.ledger_table),
            attempts: Attempts::new(
                dynamo.clone(),
                &config.ledger_table,
                config.max_attempts,
                config.lockout_seconds,
            ),
            api_keys: ApiKeys::new(dynamo.clone(), &config.accounts_table, &config.ledger_table),
            known_keys: KnownKeys::new(key_sets.clone()),
            tokens: TokenKeys::new(&start.sdk, config.token_secret.clone(), key_sets),
            accounts: Accounts::new(dynamo, &config.accounts_table),
            links: LinkKeys::new(&start.sdk, &config.cursor_secret),
            deliver: Queue::new(Sqs::new(&start.sdk), &config.deliver_queue),
            cursors: CursorKey::new(&start.sdk, config.cursor_secret.clone()),
            hasher: Hasher::new(parallel(config.memory_mib)),
            clock: start.clock.clone(),
            ids: start.ids.clone(),
            config: Arc::new(config),
        }
    }

    /// Hashes passwords by another hasher: tests make thousands, cheaply, and count them.
    #[must_use]
    pub fn with_hasher(self, hasher: Hasher) -> Self {
        Self { hasher, ..self }
    }
}

fn routes(limits: Limits) -> OpenApiRouter<App> {
    let within = |limit: RouteLimit, routes: UtoipaMethodRouter<App>| {
        routes.layer(from_fn_with_state(limit, limit::within))
    };
    let mails = |routes| within(limits.links, routes);
    OpenApiRouter::new()
        .routes(within(limits.registrations, routes!(register::register)))
        .routes(routes!(login::login))
        .routes(routes!(get_me::get_signed_in))
        .routes(routes!(
            get_me::get_me,
            put_me::put_me,
            patch_me::patch_me,
            delete_me::delete_me
        ))
        .routes(routes!(change_password::change_password))
        .routes(routes!(get_jwks::get_jwks))
        .routes(routes!(get_configuration::get_configuration))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(
            list_sessions::list_sessions,
            delete_sessions::delete_sessions
        ))
        .routes(routes!(delete_session::delete_session))
        .routes(routes!(verify_email::show_verify_email))
        .routes(mails(routes!(verify_email::verify_email)))
        .routes(mails(routes!(forgot_password::forgot_password)))
        .routes(routes!(
            reset_password::show_reset_password,
            reset_password::reset_password
        ))
        .routes(routes!(magic_link::show_magic_link))
        .routes(mails(routes!(magic_link::magic_link)))
        .merge(staff::routes())
}

/// Returns the function's routes, ready to answer.
pub fn router(app: App) -> Router {
    let router: Router = routes(app.config.limits).with_state(app.clone()).into();
    router
        .layer(from_fn_with_state(app.clone(), access_denied::note))
        .layer(from_fn_with_state(app, master_token::judge))
}

/// Returns the documentation of the function's routes.
pub fn openapi() -> OpenApi {
    described(routes(Limits::default()).into_openapi(), CREDENTIALS)
}

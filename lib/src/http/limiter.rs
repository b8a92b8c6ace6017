//! Counts requests: in the table where it answers, in the instance where it does not.

use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::Client as Dynamo;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use lru::LruCache;

use super::subject::{caller, subject};
use crate::{
    clock::Clock,
    domain::{
        account::Role,
        sliding_window::{Decision, Policy, Step, Window},
    },
    metrics,
    runtime::{Start, chain},
    stores::{StoreError, limits::Limits},
};

/// How many callers an instance remembers.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// How many requests pass in a window while nobody counts over all instances: enough to sign in, too few
/// to guess.
const STRICT: u32 = 10;

/// The longest window, in seconds: names of marks come again after twelve days.
const WINDOW_MOST: u32 = 86_400;

pub(super) const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
pub(super) const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
pub(super) const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
pub(super) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(super) const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// What is counted: the requests of one subject under one policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Counted {
    pub(super) name: &'static str,
    pub(super) policy: Policy,
    pub(super) subject: String,
    /// Whether it counts every request, and not those of some routes: then every answer tells of it.
    pub(super) general: bool,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It passes.
    Passes(State),
    /// It does not, and it is worth trying again in so many seconds.
    Refused(State, u32),
    /// Nobody can count it, and it passes.
    Unknown,
}

/// What a client is told about its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    name: &'static str,
    pub(super) policy: Policy,
    remaining: u32,
    /// Seconds since the epoch.
    resets: i64,
    /// Seconds from now.
    resets_in: i64,
}

/// Counts requests.
#[derive(Clone)]
pub(super) struct Limiter {
    limits: Limits,
    clock: Arc<dyn Clock>,
    environment: String,
    user: Policy,
    admin: Policy,
    windows: Arc<Mutex<LruCache<Counted, Window>>>,
    /// When requests passed that were counted in this instance alone, in milliseconds.
    strict: Arc<Mutex<LruCache<Counted, VecDeque<i64>>>>,
}

impl Limiter {
    /// Reads the settings.
    pub(super) fn load(start: &mut Start) -> Option<Self> {
        let table = start.settings.required::<String>("LEDGER_TABLE");
        let environment = start.settings.optional::<String>("ENVIRONMENT");
        let mut number = |name, usual, most| {
            let number = start.settings.optional(name).unwrap_or(usual);
            if !(1..=most).contains(&number) {
                let problem = format!("{name} is from 1 to {most}");
                start.settings.complain(problem);
            }
            number
        };
        let seconds = number("RATE_LIMIT_WINDOW", 60, WINDOW_MOST);
        let user = number("RATE_LIMIT_DEFAULT", 100, u32::MAX);
        let admin = number("RATE_LIMIT_ADMIN", 10_000, u32::MAX);
        Some(Self {
            limits: Limits::new(Dynamo::new(&start.sdk), table?),
            clock: start.clock.clone(),
            environment: environment.unwrap_or_default(),
            user: Policy {
                most: user,
                seconds,
            },
            admin: Policy {
                most: admin,
                seconds,
            },
            windows: Arc::new(Mutex::new(LruCache::new(REMEMBERED))),
            strict: Arc::new(Mutex::new(LruCache::new(REMEMBERED))),
        })
    }

    /// Returns what counts for every request: an administrator's limit, an API key's own, or the usual
    /// one. Nothing where nobody can be told apart.
    pub(super) fn general(&self, extensions: &Extensions) -> Option<Counted> {
        let subject = subject(extensions)?;
        let caller = caller(extensions);
        let (name, policy) = match caller {
            Some(caller) if caller.limit.is_some() => {
                let most = caller.limit.unwrap_or(self.user.most).max(1);
                ("key", Policy { most, ..self.user })
            }
            Some(caller) if caller.roles.include(Role::Admin) => ("admin", self.admin),
            _ => ("default", self.user),
        };
        Some(Counted {
            name,
            policy,
            subject,
            general: true,
        })
    }

    /// Counts a request. Where the table does not answer it passes, or the instance counts strictly.
    pub(super) async fn judge(&self, counted: &Counted, open: bool) -> Verdict {
        let now = self.clock.now().as_millisecond();
        match self.count(counted).await {
            Ok(decision) => verdict(counted.name, counted.policy, decision, now),
            Err(error) => {
                let cause = chain(&error);
                let (metric, said) = if open {
                    ("limiter_failed_open", "passes uncounted")
                } else {
                    ("limiter_counts_alone", "is counted by this instance alone")
                };
                tracing::warn!(
                    cause,
                    "the limiter's table does not answer: a request {said}"
                );
                metrics::emit(
                    self.clock.now(),
                    &[("environment", &self.environment)],
                    &[(metric, "Count", 1.0)],
                );
                if open {
                    return Verdict::Unknown;
                }
                self.strictly(counted, now)
            }
        }
    }

    async fn count(&self, counted: &Counted) -> Result<Decision, StoreError> {
        let now = self.clock.now();
        let step = self.with_window(counted, |window| window.ask(now.as_millisecond()));
        let booking = match step {
            Step::Decided(decision) => return Ok(decision),
            Step::Write(booking) => booking,
        };
        let item = self
            .limits
            .book(
                counted.name,
                counted.policy,
                &counted.subject,
                &booking,
                now,
            )
            .await?;
        Ok(self.with_window(counted, |window| window.tell(&booking, &item)))
    }

    fn with_window<T>(&self, counted: &Counted, act: impl FnOnce(&mut Window) -> T) -> T {
        let mut windows = self.windows.lock().expect("no holder panics");
        let window = windows.get_or_insert_mut_ref(counted, || Window::new(counted.policy));
        act(window)
    }

    /// Counts in this instance alone.
    fn strictly(&self, counted: &Counted, now: i64) -> Verdict {
        let policy = Policy {
            most: counted.policy.most.min(STRICT),
            ..counted.policy
        };
        let window = i64::from(policy.seconds) * 1_000;
        let mut strict = self.strict.lock().expect("no holder panics");
        let log = strict.get_or_insert_mut_ref(counted, VecDeque::new);
        while log.front().is_some_and(|at| *at <= now - window) {
            log.pop_front();
        }
        let used = u32::try_from(log.len()).unwrap_or(u32::MAX);
        let passes = used < policy.most;
        if passes {
            log.push_back(now);
        }
        let decision = Decision {
            passes,
            remaining: policy.most.saturating_sub(used + 1),
            resets: log.front().unwrap_or(&now) + window,
        };
        verdict("strict", policy, decision, now)
    }
}

fn verdict(name: &'static str, policy: Policy, decision: Decision, now: i64) -> Verdict {
    let seconds = |milliseconds: i64| {
        milliseconds.div_euclid(1_000) + i64::from(milliseconds.rem_euclid(1_000) > 0)
    };
    let state = State {
        name,
        policy,
        remaining: decision.remaining,
        resets: seconds(decision.resets),
        resets_in: seconds(decision.resets - now).max(0),
    };
    if decision.passes {
        Verdict::Passes(state)
    } else {
        let wait = u32::try_from(state.resets_in).unwrap_or(u32::MAX).max(1);
        Verdict::Refused(state, wait)
    }
}

impl State {
    /// Tells the client: by the names that have long been usual, and by those of the IETF's draft
    /// (draft-ietf-httpapi-ratelimit-headers). A limit of the route's own that
    /// refused has told already.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        if headers.contains_key(LIMIT) {
            return;
        }
        let (most, seconds) = (self.policy.most, self.policy.seconds);
        headers.insert(LIMIT, most.into());
        headers.insert(REMAINING, self.remaining.into());
        headers.insert(RESET, self.resets.into());
        let name = self.name;
        for (header, value) in [
            (POLICY, format!("\"{name}\";q={most};w={seconds}")),
            (
                STATE,
                format!("\"{name}\";r={};t={}", self.remaining, self.resets_in),
            ),
        ] {
            let value = HeaderValue::from_str(&value).expect("names of policies are plain");
            headers.insert(header, value);
        }
    }
}

//! What is to go wrong, and when.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use crate::{Call, Service};

/// One thing that goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The service says that it is asked too much; nothing happened.
    Throttle,
    /// The service fails with a 500; nothing happened.
    ServerError,
    /// A transaction met another one; nothing happened. As [`Fault::Throttle`] for other calls.
    Conflict,
    /// Of a batch only the first entry is taken, the rest is handed back. As [`Fault::Throttle`]
    /// for calls that are no batch.
    Partial,
    /// The connection breaks before the call has reached the service.
    DropBefore,
    /// The call takes effect and its answer is lost.
    DropAfter,
    /// The call takes so many milliseconds longer.
    DelayMs(u64),
}

/// A fault for some calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Only calls of this service; of any when absent.
    #[serde(default)]
    pub service: Option<Service>,
    /// Only this operation; any when absent.
    #[serde(default)]
    pub operation: Option<String>,
    /// How many such calls go through first.
    #[serde(default)]
    pub skip: u64,
    /// How many are hit after these; all when absent.
    #[serde(default)]
    pub times: Option<u64>,
    /// What happens to them.
    pub fault: Fault,
}

impl Rule {
    /// Hits every call of an operation.
    pub fn every(operation: &str, fault: Fault) -> Self {
        Self {
            service: None,
            operation: Some(operation.to_owned()),
            skip: 0,
            times: None,
            fault,
        }
    }

    /// Hits the first so many calls of an operation.
    pub fn first(operation: &str, times: u64, fault: Fault) -> Self {
        Self {
            times: Some(times),
            ..Self::every(operation, fault)
        }
    }

    fn is_about(&self, call: &Call) -> bool {
        self.service.is_none_or(|service| service == call.service)
            && self
                .operation
                .as_ref()
                .is_none_or(|operation| *operation == call.operation)
    }
}

/// Faults by chance: throttled, failed, dropped before and dropped after, each as often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Random {
    /// Where the numbers begin. Calls that come at the same time may still change places.
    pub seed: u64,
    /// How many calls in a hundred are hit.
    pub percent: u8,
}

/// What is to go wrong. The empty plan lets everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// The number of the call, from 1, with which the worker dies: no connection after it.
    pub kill_after: Option<u64>,
    /// Whether that call still takes effect.
    pub commit: bool,
    /// Faults for chosen calls; the first rule that hits decides.
    pub rules: Vec<Rule>,
    /// Faults by chance, for calls that no rule hits.
    pub random: Option<Random>,
}

impl Plan {
    /// Dies with the Nth call, which takes effect if `commit` says so.
    pub fn kill_after(calls: u64, commit: bool) -> Self {
        Self {
            kill_after: Some(calls),
            commit,
            ..Self::default()
        }
    }

    /// Follows these rules.
    pub fn rules(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self {
            rules: rules.into_iter().collect(),
            ..Self::default()
        }
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    Fault(Fault),
    Die { commit: bool },
}

/// A plan on its way: it knows how many calls there were.
#[derive(Debug)]
pub(crate) struct Progress {
    plan: Plan,
    calls: u64,
    seen: Vec<u64>,
    chance: Option<(StdRng, f64)>,
}

impl Progress {
    pub(crate) fn new(plan: Plan) -> Self {
        let chance = plan.random.map(|random| {
            let share = f64::from(random.percent.min(100)) / 100.0;
            (StdRng::seed_from_u64(random.seed), share)
        });
        Self {
            seen: vec![0; plan.rules.len()],
            calls: 0,
            plan,
            chance,
        }
    }

    pub(crate) fn decide(&mut self, call: &Call) -> Verdict {
        self.calls += 1;
        if self.plan.kill_after.is_some_and(|last| self.calls >= last) {
            return Verdict::Die {
                commit: self.plan.commit,
            };
        }
        let mut hit = None;
        for (rule, seen) in self.plan.rules.iter().zip(&mut self.seen) {
            if rule.is_about(call) {
                *seen += 1;
                let place = *seen;
                let within = rule.times.is_none_or(|times| place <= rule.skip + times);
                if hit.is_none() && place > rule.skip && within {
                    hit = Some(rule.fault);
                }
            }
        }
        hit.or_else(|| self.by_chance())
            .map_or(Verdict::Pass, Verdict::Fault)
    }

    fn by_chance(&mut self) -> Option<Fault> {
        const FAULTS: [Fault; 4] = [
            Fault::Throttle,
            Fault::ServerError,
            Fault::DropBefore,
            Fault::DropAfter,
        ];
        let (random, share) = self.chance.as_mut()?;
        random
            .random_bool(*share)
            .then(|| FAULTS[random.random_range(0..FAULTS.len())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &str) -> Call {
        Call {
            service: Service::Dynamodb,
            operation: operation.to_owned(),
        }
    }

    #[test]
    fn a_plan_is_read_as_a_person_writes_it() {
        let plan: Plan = serde_json::from_str(r#"{"kill_after":7,"commit":true}"#).unwrap();
        assert_eq!(plan, Plan::kill_after(7, true));
        let plan: Plan = serde_json::from_str(
            r#"{"rules":[{"service":"sqs","fault":"throttle","times":1},{"operation":"GetItem","fault":{"delay_ms":20}}]}"#,
        )
        .unwrap();
        assert_eq!(plan.rules[1], Rule::every("GetItem", Fault::DelayMs(20)));
        for wrong in [
            r#"{"kill":7}"#,
            r#"{"rules":[{}]}"#,
            r#"{"rules":[{"fault":"sulk"}]}"#,
            "7",
        ] {
            assert!(serde_json::from_str::<Plan>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rule_lets_its_first_calls_through_and_ends_after_its_last() {
        let rule = Rule {
            skip: 1,
            ..Rule::first("PutItem", 2, Fault::Throttle)
        };
        let mut progress = Progress::new(Plan::rules([rule]));
        let hit =
            |progress: &mut Progress, name: &str| progress.decide(&call(name)) != Verdict::Pass;
        assert!(!hit(&mut progress, "GetItem"));
        let hits: Vec<_> = (0..4).map(|_| hit(&mut progress, "PutItem")).collect();
        assert_eq!(hits, [false, true, true, false]);
    }

    #[test]
    fn death_comes_with_the_call_of_that_number_and_stays() {
        let mut progress = Progress::new(Plan::kill_after(2, false));
        let fates: Vec<_> = (0..3).map(|_| progress.decide(&call("GetItem"))).collect();
        let dead = Verdict::Die { commit: false };
        assert_eq!(fates, [Verdict::Pass, dead, dead]);
    }

    #[test]
    fn chance_hits_its_share_and_the_same_calls_with_the_same_seed() {
        let fates = || {
            let random = Some(Random {
                seed: 7,
                percent: 20,
            });
            let mut progress = Progress::new(Plan {
                random,
                ..Plan::default()
            });
            (0..10_000)
                .map(|_| progress.decide(&call("GetItem")))
                .collect::<Vec<_>>()
        };
        let first = fates();
        let hits = first.iter().filter(|fate| **fate != Verdict::Pass).count();
        assert!((1_800..2_200).contains(&hits), "{hits}");
        assert_eq!(first, fates());
    }
}

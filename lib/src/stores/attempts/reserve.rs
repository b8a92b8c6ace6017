//! How an attempt takes its place: first among those from its client, then among the account's.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    types::{ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    APART, Attempt, Attempts, BURST, KEPT, MOST_IN_A_ROW, Reserved, Whence, count, instant,
    slowed_until,
};
use crate::stores::{
    Item, StoreError,
    keys::{self, Key},
    n,
};

/// How often an attempt looks again when others change a counter between two of its calls.
const TRIES: u32 = 8;

/// What a counter says.
enum Place {
    /// The attempt has its place; this is the item now.
    Taken(Item),
    /// Not before then.
    Full(Timestamp),
    /// Not any more.
    Stopped,
}

/// What became of one conditional write.
enum Written {
    /// The item as it is now.
    Done(Item),
    /// The condition did not hold for this item.
    Refused(Option<Item>),
}

impl Attempts {
    /// Gives an attempt its place, or refuses it. To be called before the password is looked at, and
    /// before it is known whether anybody has the address.
    ///
    /// From one client no span of the lockout's length has more than the most; the last of them begins
    /// the lockout. From unknown devices together an account takes a few at once and then one by one,
    /// and stops after a hundred in a row. Devices that are known, and sessions, are counted each by
    /// itself and never held up by others; one with a hundred in a row is not known any more.
    pub async fn reserve(
        &self,
        digest: &str,
        whence: &Whence,
        now: Timestamp,
    ) -> Result<Reserved, StoreError> {
        let network = match whence {
            Whence::Network(network) => network,
            Whence::Session(session) => {
                let from = keys::attempts_in(digest, *session);
                return self.reserve_known(digest, from, now).await;
            }
            Whence::Device(device, network) => {
                let from = keys::attempts_with(digest, *device);
                match self.reserve_known(digest, from, now).await? {
                    Reserved::Stopped => network,
                    reserved => return Ok(reserved),
                }
            }
        };
        let from = keys::attempts_from(digest, network);
        let counted = match self.count_client(&from, u32::MAX, now).await? {
            Place::Taken(item) => count(&item, "count")?,
            Place::Full(until) => return Ok(wait(until, now)),
            Place::Stopped => return Ok(Reserved::Stopped),
        };
        let refused = match self.count_account(digest, now).await? {
            Place::Taken(item) => {
                return Ok(Reserved::Granted(Attempt {
                    digest: digest.to_owned(),
                    from,
                    counted_by_account: true,
                    last_from_there: counted >= self.most,
                    last_in_a_row: count(&item, "in_a_row")? >= MOST_IN_A_ROW,
                }));
            }
            Place::Full(until) => wait(until, now),
            Place::Stopped => Reserved::Stopped,
        };
        // No password was looked at: the client, who may be the owner, is not held to it.
        self.give_back(&from).await?;
        Ok(refused)
    }

    async fn reserve_known(
        &self,
        digest: &str,
        from: Key,
        now: Timestamp,
    ) -> Result<Reserved, StoreError> {
        Ok(match self.count_client(&from, MOST_IN_A_ROW, now).await? {
            Place::Taken(item) => Reserved::Granted(Attempt {
                digest: digest.to_owned(),
                from,
                counted_by_account: false,
                last_from_there: count(&item, "count")? >= self.most,
                last_in_a_row: false,
            }),
            Place::Full(until) => wait(until, now),
            Place::Stopped => Reserved::Stopped,
        })
    }

    /// Counts what comes from one client, which is stopped after so many in a row. The first one after a quiet while begins anew, which is what
    /// most sign-ins are: it is tried first.
    async fn count_client(
        &self,
        from: &Key,
        stop: u32,
        now: Timestamp,
    ) -> Result<Place, StoreError> {
        let until = now + self.lockout;
        for _ in 0..TRIES {
            let begin = self
                .update(from, stop, now)
                .update_expression(
                    "SET #count = :one, #until = :until, expires_at = :expires_at ADD in_a_row :one",
                )
                .condition_expression(
                    "(attribute_not_exists(pk) OR #until <= :now) \
                     AND (attribute_not_exists(in_a_row) OR in_a_row < :stop)",
                )
                .expression_attribute_names("#count", "count")
                .expression_attribute_names("#until", "until")
                .expression_attribute_values(":until", n(until.as_millisecond()));
            let old = match written(begin.send().await)? {
                Written::Done(item) => return Ok(Place::Taken(item)),
                Written::Refused(None) => continue,
                Written::Refused(Some(old)) => old,
            };
            if count(&old, "in_a_row")? >= stop {
                return Ok(Place::Stopped);
            }
            let held = instant(&old, "until")?;
            if held <= now {
                continue;
            }
            if count(&old, "count")? >= self.most {
                return Ok(Place::Full(held));
            }
            let go_on = self
                .update(from, stop, now)
                .update_expression(
                    "SET #until = :until, expires_at = :expires_at ADD #count :one, in_a_row :one",
                )
                .condition_expression("#until > :now AND #count < :most AND in_a_row < :stop")
                .expression_attribute_names("#count", "count")
                .expression_attribute_names("#until", "until")
                .expression_attribute_values(":until", n(until.as_millisecond()))
                .expression_attribute_values(":most", n(self.most));
            if let Written::Done(item) = written(go_on.send().await)? {
                return Ok(Place::Taken(item));
            }
        }
        Err(StoreError::Busy(
            "the attempts of a client kept changing".into(),
        ))
    }

    /// Counts what comes from unknown devices together, by the generic cell rate algorithm: `tat` is
    /// when the account would be quiet again.
    async fn count_account(&self, digest: &str, now: Timestamp) -> Result<Place, StoreError> {
        let key = keys::attempts(digest);
        let room = SignedDuration::from_secs((BURST - 1) * APART.as_secs());
        for _ in 0..TRIES {
            let begin = self
                .update(&key, MOST_IN_A_ROW, now)
                .update_expression("SET tat = :tat, expires_at = :expires_at ADD in_a_row :one")
                .condition_expression(
                    "(attribute_not_exists(tat) OR tat <= :now) \
                     AND (attribute_not_exists(in_a_row) OR in_a_row < :stop)",
                )
                .expression_attribute_values(":tat", n((now + APART).as_millisecond()));
            let old = match written(begin.send().await)? {
                Written::Done(item) => return Ok(Place::Taken(item)),
                Written::Refused(None) => continue,
                Written::Refused(Some(old)) => old,
            };
            if count(&old, "in_a_row")? >= MOST_IN_A_ROW {
                return Ok(Place::Stopped);
            }
            match slowed_until(&old)? {
                Some(until) if until > now => return Ok(Place::Full(until)),
                _ => {}
            }
            let go_on = self
                .update(&key, MOST_IN_A_ROW, now)
                .update_expression(
                    "SET tat = tat + :apart, expires_at = :expires_at ADD in_a_row :one",
                )
                .condition_expression("tat > :now AND tat <= :room AND in_a_row < :stop")
                .expression_attribute_values(":apart", n(APART.as_millis()))
                .expression_attribute_values(":room", n((now + room).as_millisecond()));
            if let Written::Done(item) = written(go_on.send().await)? {
                return Ok(Place::Taken(item));
            }
        }
        Err(StoreError::Busy(
            "the attempts on an account kept changing".into(),
        ))
    }

    async fn give_back(&self, from: &Key) -> Result<(), StoreError> {
        let given_back = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(from.clone().into_item()))
            .update_expression("ADD #count :less, in_a_row :less")
            .condition_expression("#count >= :one")
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":less", n(-1))
            .expression_attribute_values(":one", n(1));
        written(given_back.send().await).map(drop)
    }

    /// Returns what all of these writes have in common.
    fn update(&self, key: &Key, stop: u32, now: Timestamp) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.clone().into_item()))
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":stop", n(stop))
            .expression_attribute_values(":expires_at", n((now + KEPT).as_second()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

fn written(
    outcome: Result<
        aws_sdk_dynamodb::operation::update_item::UpdateItemOutput,
        SdkError<UpdateItemError>,
    >,
) -> Result<Written, StoreError> {
    match outcome {
        Ok(answer) => Ok(Written::Done(answer.attributes.unwrap_or_default())),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                Ok(Written::Refused(failed.item.clone()))
            }
            _ => Err(error.into()),
        },
    }
}

fn wait(until: Timestamp, now: Timestamp) -> Reserved {
    // Rounded up: whoever waits so long is let in.
    let millis = until.duration_since(now).as_millis().max(0);
    let seconds = u32::try_from((millis + 999) / 1000).unwrap_or(u32::MAX);
    Reserved::Wait(seconds.max(1))
}

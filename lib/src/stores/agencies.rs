//! What is known about the feeds: a state per slice, a sum per agency, and the coverage of all.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Put, TransactWriteItem, Update},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Item, StoreError, batch_get, json, keys, n, number, recalls::lost_race, s};
use crate::domain::{
    agency::{AGENCIES, Agency, AgencyKey},
    feed_state::{AgencyState, Slice, WindowState},
};

/// The items about agencies in the table `recalls`.
#[derive(Debug, Clone)]
pub struct AgencyStore {
    client: Client,
    table: String,
}

/// What a verdict needs to know about an agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageRow {
    /// When its newest window was last applied or found unchanged.
    #[serde(rename = "s")]
    pub last_success: Option<Timestamp>,
    /// Whether all its years have been loaded.
    #[serde(rename = "l")]
    pub loaded: bool,
    /// Whether a payload of it is quarantined.
    #[serde(rename = "q")]
    pub quarantined: bool,
    /// Whether its last fetch failed.
    #[serde(rename = "f")]
    pub failing: bool,
}

/// How often a sum is drawn again when another slice was written meanwhile.
const SUM_TRIES: u32 = 10;

impl AgencyStore {
    /// Names the table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// Returns the state of one slice; a new one when nothing is known. Consistent.
    pub async fn window(
        &self,
        agency: AgencyKey,
        slice: &Slice,
    ) -> Result<WindowState, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(
                keys::window(agency, &slice.name(), slice.window).into_item(),
            ))
            .consistent_read(true)
            .send()
            .await?;
        let state = answer.item.as_ref().map(window_of).transpose()?;
        Ok(state.unwrap_or_else(|| WindowState::new(slice.clone())))
    }

    /// Returns the states of all slices that are known. Consistent.
    pub async fn windows(&self, agency: AgencyKey) -> Result<Vec<WindowState>, StoreError> {
        let mut states = Vec::new();
        let mut from = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk AND begins_with(sk, :windows)")
                .expression_attribute_values(":pk", s(keys::agency(agency).pk))
                .expression_attribute_values(":windows", s("WINDOW#"))
                .consistent_read(true)
                .set_exclusive_start_key(from)
                .send()
                .await?;
            for item in answer.items() {
                states.push(window_of(item)?);
            }
            from = answer.last_evaluated_key;
            if from.is_none() {
                return Ok(states);
            }
        }
    }

    /// Writes the state of a slice. The caller holds the slice's lease.
    pub async fn put_window(
        &self,
        agency: AgencyKey,
        state: &WindowState,
    ) -> Result<(), StoreError> {
        let key = keys::window(agency, &state.slice.name(), state.slice.window);
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.into_item()))
            .update_expression("SET #state = :state, #slice = :slice")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#slice", "slice")
            .expression_attribute_values(":state", s(text(state)?))
            .expression_attribute_values(":slice", s(text(&state.slice)?))
            .send()
            .await?;
        Ok(())
    }

    /// Notes that a job was sent for a slice, without touching what a worker may be writing.
    pub async fn queued(
        &self,
        agency: AgencyKey,
        slice: &Slice,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(
                keys::window(agency, &slice.name(), slice.window).into_item(),
            ))
            .update_expression("SET queued_at = :at, #slice = :slice")
            .expression_attribute_names("#slice", "slice")
            .expression_attribute_values(":at", s(at.to_string()))
            .expression_attribute_values(":slice", s(text(slice)?))
            .send()
            .await?;
        Ok(())
    }

    /// Draws the agency's sum and its line of the coverage anew, together.
    ///
    /// The last one to finish has seen every slice that was written before it.
    pub async fn sum_up(
        &self,
        agency: &'static Agency,
        now: Timestamp,
    ) -> Result<AgencyState, StoreError> {
        let key = keys::agency(agency.key());
        for tries in 0..SUM_TRIES {
            let stored = self
                .client
                .get_item()
                .table_name(&self.table)
                .set_key(Some(key.clone().into_item()))
                .consistent_read(true)
                .send()
                .await?
                .item;
            let revision = stored
                .as_ref()
                .map_or(Ok(0), |item| number::<u64>(item, "revision"))?;
            let state = AgencyState::of(agency, &self.windows(agency.key()).await?, now);
            match self.put_sum(agency, &state, revision).await {
                Err(error) if lost_race(&error) => super::backoff(tries).await,
                Err(error) => return Err(error),
                Ok(()) => return Ok(state),
            }
        }
        Err(StoreError::Busy("the agency's sum kept changing".into()))
    }

    async fn put_sum(
        &self,
        agency: &'static Agency,
        state: &AgencyState,
        revision: u64,
    ) -> Result<(), StoreError> {
        let row = CoverageRow {
            last_success: state.last_success,
            loaded: state.loaded,
            quarantined: !state.quarantined.is_empty(),
            failing: state.last_error.is_some(),
        };
        let sum = Put::builder()
            .table_name(&self.table)
            .set_item(Some(keys::agency(agency.key()).into_item()))
            .item("state", s(text(state)?))
            .item("revision", n(revision + 1))
            .condition_expression("attribute_not_exists(pk) OR revision = :revision")
            .expression_attribute_values(":revision", n(revision))
            .build()
            .map_err(|error| StoreError::Refused(error.into()))?;
        let coverage = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::coverage().into_item()))
            .update_expression("SET #agency = :row")
            .expression_attribute_names("#agency", agency.key().as_str())
            .expression_attribute_values(":row", s(text(&row)?))
            .build()
            .map_err(|error| StoreError::Refused(error.into()))?;
        self.client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(sum).build())
            .transact_items(TransactWriteItem::builder().update(coverage).build())
            .send()
            .await?;
        Ok(())
    }

    /// Returns the sums of all agencies that have one. One call.
    pub async fn sums(&self) -> Result<HashMap<AgencyKey, AgencyState>, StoreError> {
        let wanted = AGENCIES.iter().map(|row| keys::agency(row.key())).collect();
        let found = batch_get(&self.client, vec![(self.table.clone(), wanted)], false).await?;
        let mut sums = HashMap::new();
        for item in found.values().flatten() {
            let key = super::text(item, "pk")?.trim_start_matches("AGENCY#");
            // An agency that has left the registry has nothing to say.
            if let Ok(agency) = key.parse::<AgencyKey>() {
                sums.insert(agency, json(item, "state")?);
            }
        }
        Ok(sums)
    }

    /// Returns the sum of one agency.
    pub async fn sum(&self, agency: AgencyKey) -> Result<Option<AgencyState>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::agency(agency).into_item()))
            .send()
            .await?;
        answer.item.map(|item| json(&item, "state")).transpose()
    }

    /// Returns what has been checked and when. One read of one small item.
    pub async fn coverage(&self) -> Result<Vec<(AgencyKey, CoverageRow)>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::coverage().into_item()))
            .send()
            .await?;
        Ok(answer.item.as_ref().map(coverage_of).unwrap_or_default())
    }
}

/// Reads a slice's state. When a job was sent for it stands beside it, since the planner writes that
/// while a worker may hold the slice.
fn window_of(item: &Item) -> Result<WindowState, StoreError> {
    let mut state: WindowState = match item.get("state") {
        Some(_) => json(item, "state")?,
        None => WindowState::new(json(item, "slice")?),
    };
    state.queued_at = match item.get("queued_at") {
        Some(AttributeValue::S(at)) => at.parse().ok(),
        _ => None,
    };
    Ok(state)
}

/// Reads the coverage item; lines that cannot be read count as never checked.
pub(super) fn coverage_of(item: &Item) -> Vec<(AgencyKey, CoverageRow)> {
    let mut rows: Vec<_> = item
        .iter()
        .filter_map(|(name, value)| {
            let AttributeValue::S(row) = value else {
                return None;
            };
            Some((name.parse().ok()?, serde_json::from_str(row).ok()?))
        })
        .collect();
    rows.sort_by_key(|(agency, _)| *agency);
    rows
}

fn text(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}

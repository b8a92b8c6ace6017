//! Brings people in from the old backend, with the hashes of their passwords.
//!
//! The file lies in the bucket under `imports/users/`: CSV with a header (`.csv`), or one JSON object a
//! line (`.ndjson`, `.jsonl`). It is read as it comes and never held. Whoever has an account already is
//! left as they are, so the same file may be given again at any time. The report beside the file says
//! where a run stopped; the next one goes on there.

mod lines;
mod report;
mod row;

use std::time::{Duration, Instant};

use babyshield::{
    domain::account::{Account, EventKind, UserId},
    metrics,
    runtime::Error,
    stores::{
        accounts::Changes,
        imports::{FOLDER, Opened, REPORT},
    },
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use self::{
    lines::{LINE_MOST, Line, Lines},
    report::Report,
};
use crate::App;

/// How many accounts are written at a time.
const SIDE_BY_SIDE: usize = 16;

/// How many lines are read before what is good of them is written.
const CHUNK: usize = 200;

/// After how many lines the report is kept.
const KEPT_EVERY: u64 = 2_000;

/// How a file's rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Columns,
    Json,
}

impl Format {
    fn of(key: &str) -> Result<Self, Error> {
        let ending = key.rsplit_once('.').map(|(_, ending)| ending);
        match ending {
            _ if !key.starts_with(FOLDER) || key.ends_with(REPORT) => {
                Err(format!("a file of people lies under {FOLDER}").into())
            }
            Some("csv") => Ok(Self::Columns),
            Some("ndjson" | "jsonl") => Ok(Self::Json),
            _ => Err("a file of people ends with .csv, .ndjson or .jsonl".into()),
        }
    }
}

impl App {
    /// Imports a file, or goes on with one, and answers with its report.
    pub(crate) async fn import_users(&self, key: &str, seconds: u64) -> Result<Value, Error> {
        let format = Format::of(key)?;
        let until = Instant::now() + Duration::from_secs(seconds);
        let (mut report, opened) = self.begin_or_go_on(key).await?;
        let mut body = opened.body;
        let mut lines = Lines::after(report.lines, report.bytes);
        let mut waiting = Vec::new();
        let mut kept = report.lines;
        let mut ended = false;
        while !ended {
            if let Some(bytes) = body.try_next().await? {
                waiting.extend(lines.take(&bytes));
            } else {
                waiting.extend(lines.finish());
                ended = true;
            }
            while waiting.len() >= CHUNK || (ended && !waiting.is_empty()) {
                let rest = waiting.split_off(CHUNK.min(waiting.len()));
                let chunk = std::mem::replace(&mut waiting, rest);
                self.import_lines(format, chunk, &mut report).await?;
                if report.lines >= kept + KEPT_EVERY {
                    self.imports.keep_report(key, &report).await?;
                    kept = report.lines;
                }
                if Instant::now() >= until && !(ended && waiting.is_empty()) {
                    return self.stop(key, report).await;
                }
            }
        }
        if report.bytes == 0 {
            return Err("the file is empty".into());
        }
        report.finished = true;
        self.note_import(&report).await?;
        self.stop(key, report).await
    }

    /// Opens the file where the last run stopped, or at its beginning where it was finished or is
    /// another one now.
    async fn begin_or_go_on(&self, key: &str) -> Result<(Report, Opened), Error> {
        let before: Option<Report> = self.imports.report(key).await?;
        if let Some(report) = before.filter(|report| !report.finished) {
            let (etag, bytes) = (&report.etag, report.bytes);
            if let Some(opened) = self.imports.open_after(key, etag, bytes).await? {
                return Ok((report, opened));
            }
        }
        let opened = self.imports.open(key).await?;
        let opened = opened.ok_or("there is no such file in the bucket")?;
        let report = Report::begin(key, &opened.etag, self.clock.now());
        Ok((report, opened))
    }

    async fn import_lines(
        &self,
        format: Format,
        chunk: Vec<Line>,
        report: &mut Report,
    ) -> Result<(), Error> {
        let mut good: Vec<(u64, Account)> = Vec::new();
        let mut twice = Vec::new();
        for line in chunk {
            report.lines = line.number;
            report.bytes = line.end;
            match self.read_line(format, &line, report) {
                Ok(None) => {}
                Ok(Some(account)) => {
                    let key = account.email.key();
                    if good.iter().any(|(_, other)| other.email.key() == key) {
                        twice.push(line.number);
                    } else {
                        good.push((line.number, account));
                    }
                }
                Err(Fault::Row(reason)) => report.refuse(line.number, reason),
                Err(Fault::File(reason)) => return Err(reason.into()),
            }
        }
        let written: Vec<(u64, bool)> = stream::iter(good)
            .map(async |(line, account)| {
                let new = self.import_one(&account).await?;
                Ok::<_, Error>((line, new))
            })
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        for (line, new) in written {
            if new {
                report.imported += 1;
            } else {
                report.skip(line);
            }
        }
        for line in twice {
            report.skip(line);
        }
        Ok(())
    }

    fn read_line(
        &self,
        format: Format,
        line: &Line,
        report: &mut Report,
    ) -> Result<Option<Account>, Fault> {
        let header = format == Format::Columns && report.columns.is_none();
        let Some(bytes) = &line.bytes else {
            let reason = format!("has more than {LINE_MOST} bytes");
            return Err(if header {
                Fault::File(format!("the first line {reason}"))
            } else {
                Fault::Row(reason)
            });
        };
        let mut bytes = bytes.as_slice();
        if line.number == 1 {
            bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        }
        if bytes.trim_ascii().is_empty() {
            return Ok(None);
        }
        let fields = match &report.columns {
            _ if format == Format::Json => row::from_json(bytes),
            Some(header) => row::from_columns(header, bytes),
            None => {
                report.columns = Some(row::header(bytes).map_err(Fault::File)?);
                return Ok(None);
            }
        };
        let id = UserId(self.ids.new_id());
        let account = fields.and_then(|fields| row::account(&fields, id, self.clock.now()));
        account.map(Some).map_err(Fault::Row)
    }

    /// Writes one account; returns whether it is new.
    async fn import_one(&self, account: &Account) -> Result<bool, Error> {
        let mut event = self.event(EventKind::Registered, Some(account.id));
        event.detail.insert("by".into(), "import".into());
        let mut changes = Changes::new();
        self.accounts.insert(&mut changes, account)?;
        self.accounts.add_event(&mut changes, &event)?;
        Ok(self.accounts.commit(changes).await?.is_done())
    }

    async fn note_import(&self, report: &Report) -> Result<(), Error> {
        let mut event = self.event(EventKind::UsersImported, None);
        event.detail.extend([
            ("imported".into(), report.imported.to_string()),
            ("skipped".into(), report.skipped.to_string()),
            ("refused".into(), report.refused.to_string()),
        ]);
        let mut changes = Changes::new();
        self.accounts.add_event(&mut changes, &event)?;
        self.accounts.commit(changes).await?;
        metrics::emit(
            self.clock.now(),
            &[("worker", "accounts")],
            &[
                ("users_imported", "Count", report.imported as f64),
                ("users_refused", "Count", report.refused as f64),
            ],
        );
        Ok(())
    }

    async fn stop(&self, key: &str, report: Report) -> Result<Value, Error> {
        self.imports.keep_report(key, &report).await?;
        tracing::info!(
            finished = report.finished,
            lines = report.lines,
            imported = report.imported,
            skipped = report.skipped,
            refused = report.refused,
            "users imported"
        );
        let mut answer = json!(report.answer());
        answer["report"] = json!(format!("{key}{REPORT}"));
        Ok(answer)
    }
}

/// What is wrong with a line.
enum Fault {
    /// It is no row.
    Row(String),
    /// It is no header, and no line after it can be read.
    File(String),
}

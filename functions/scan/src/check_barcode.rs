//! A code, and what else was read off the product: the verdict.

use axum::extract::State;
use babyshield::{
    domain::{
        code::{self, CodeFormat, InvalidCode, ScannedCode},
        coverage::{AgencyHealth, Coverage},
        matching::agree,
        normalise,
        posting::posting_in_full,
        printed_date::PrintedDate,
        verdict::{Asked, KnownProduct, Verdict, judge},
    },
    http::{
        answer::{Answer, Success},
        extract::Body,
        problem::{Code, FieldError, Problem, ProblemBody},
    },
    stores::lookup::Found,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;

/// The longest lot, serial number or model, in characters.
const VALUE_MOST: usize = 64;

/// What was read off a product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BarcodeCheck {
    /// The code as the scanner gave it or as it was typed: UPC-A, UPC-E, EAN-8, EAN-13, GTIN-14, ISBN,
    /// a GS1 element string or a GS1 Digital Link.
    #[schema(examples("036000291452"), max_length = 512)]
    code: String,
    /// The symbol that it was read from, where that is known; settles codes that can mean several.
    #[schema(examples("UPC_A"))]
    format: Option<String>,
    /// The lot or batch, as printed.
    #[schema(max_length = 64)]
    lot: Option<String>,
    /// The serial number, as printed.
    #[schema(max_length = 64)]
    serial: Option<String>,
    /// The model, as printed.
    #[schema(max_length = 64)]
    model: Option<String>,
    /// A date printed on the product of which nobody knows what it is: a day as `2026-03-31`, or a
    /// month as `2026-03`.
    #[schema(examples("2026-03-31"))]
    date: Option<String>,
    /// The best-before date, in the same form.
    best_before: Option<String>,
    /// The use-by or expiry date, in the same form.
    use_by: Option<String>,
    /// When it was made, in the same form.
    production: Option<String>,
}

/// The verdict, with how the code was read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BarcodeVerdict {
    #[serde(flatten)]
    verdict: Verdict,
    /// How the code was read.
    code: ScannedCode,
    /// When this was answered.
    #[schema(value_type = String, format = DateTime)]
    checked_at: Timestamp,
}

/// Reads a lot or a serial number.
type Normalise = fn(&str) -> normalise::Code;

impl BarcodeCheck {
    /// Reads every value and says all that is wrong at once.
    fn read(self, today: Date) -> Result<(ScannedCode, Asked), Problem> {
        let mut faults = Vec::new();
        let mut problem = Code::Invalid;
        let format = self
            .format
            .filter(|name| !name.trim().is_empty())
            .map(|name| name.parse::<CodeFormat>());
        let format = match format.transpose() {
            Ok(format) => format,
            Err(fault) => {
                faults.push(FieldError::new("/format", fault.code(), fault.to_string()));
                None
            }
        };
        let scanned = match code::read(&self.code, format, today) {
            Ok(scanned) => Some(scanned),
            Err(fault) => {
                let field = if matches!(fault, InvalidCode::FormatMismatch(_)) {
                    "/format"
                } else {
                    "/code"
                };
                problem = match fault {
                    InvalidCode::CheckDigit => Code::InvalidCheckDigit,
                    _ => Code::InvalidBarcode,
                };
                faults.push(FieldError::new(field, fault.code(), fault.to_string()));
                None
            }
        };
        let lot = value("lot", self.lot, &mut faults);
        let serial = value("serial", self.serial, &mut faults);
        let model = value("model", self.model, &mut faults);
        let date = printed("date", self.date, today, &mut faults);
        let best_before = printed("best_before", self.best_before, today, &mut faults);
        let use_by = printed("use_by", self.use_by, today, &mut faults);
        let production = printed("production", self.production, today, &mut faults);
        let mut asked = scanned.as_ref().map(Asked::from).unwrap_or_default();
        // What the code holds and what was typed beside it must be the same.
        let codes: [(&str, _, _, Normalise); 2] = [
            ("/lot", lot, &mut asked.lot, normalise::lot),
            ("/serial", serial, &mut asked.serial, normalise::serial),
        ];
        for (field, typed, held, normalise) in codes {
            match (typed, &held) {
                (Some(typed), Some(text)) if !agree(&normalise(&typed), &normalise(text)) => {
                    faults.push(contradiction(field, text));
                }
                (Some(typed), None) => *held = Some(typed),
                _ => {}
            }
        }
        let dates = [
            ("/best_before", best_before, &mut asked.best_before),
            ("/use_by", use_by, &mut asked.use_by),
            ("/production", production, &mut asked.production),
        ];
        for (field, typed, held) in dates {
            // A code cannot be asked again: a date that nothing carries is left out of it.
            *held = held.filter(|date| date.is_plausible(today));
            match (typed, *held) {
                (Some(typed), Some(date)) if !typed.overlaps(&date) => {
                    faults.push(contradiction(field, &date.to_string()));
                }
                (Some(typed), Some(date)) => *held = Some(date.narrower(typed)),
                (Some(typed), None) => *held = Some(typed),
                (None, _) => {}
            }
        }
        asked.model = model;
        asked.date = date;
        match scanned {
            Some(scanned) if faults.is_empty() => Ok((scanned, asked)),
            _ => {
                let problem = if faults.len() == 1 {
                    problem
                } else {
                    Code::Invalid
                };
                let detail = faults
                    .iter()
                    .map(|fault| fault.message.as_str())
                    .collect::<Vec<_>>()
                    .join("; ");
                Err(Problem {
                    errors: faults,
                    ..Problem::new(problem, detail)
                })
            }
        }
    }
}

fn contradiction(field: &str, held: &str) -> FieldError {
    let message = format!("differs from {held}, which the code itself holds");
    FieldError::new(field, "CONTRADICTION", message)
}

fn printed(
    name: &str,
    text: Option<String>,
    today: Date,
    faults: &mut Vec<FieldError>,
) -> Option<PrintedDate> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    let fault = match text.trim().parse::<PrintedDate>() {
        Ok(date) if date.is_plausible(today) => return Some(date),
        Ok(_) => "no product carries a date before 1990 or more than 50 years ahead".to_owned(),
        Err(fault) => fault.to_string(),
    };
    faults.push(FieldError::new(format!("/{name}"), "INVALID_VALUE", fault));
    None
}

/// Reads a text; what stands for nothing ("?", "n/a", "illegible") is not given.
fn value(name: &str, text: Option<String>, faults: &mut Vec<FieldError>) -> Option<String> {
    let text = text?.trim().to_owned();
    if text.chars().count() > VALUE_MOST || text.chars().any(char::is_control) {
        let message = format!("at most {VALUE_MOST} characters, none of them control characters");
        faults.push(FieldError::new(
            format!("/{name}"),
            "INVALID_VALUE",
            message,
        ));
        return None;
    }
    (!normalise::is_nothing(&text)).then_some(text)
}

impl App {
    /// Looks everything up in one round trip and judges; a second one only for recalls whose limits
    /// were too long to be filed whole.
    async fn judge(&self, asked: &mut Asked, now: Timestamp) -> Result<Verdict, Problem> {
        let models: Vec<String> = asked
            .model
            .as_deref()
            .map(normalise::model_keys)
            .unwrap_or_default()
            .all()
            .cloned()
            .collect();
        let found = self.lookup.find(&asked.candidates, &models).await?;
        let (mut filed, known, coverage) = read(found, now);
        if let [product] = known.as_slice() {
            asked.brand.clone_from(&product.brand);
        }
        let verdict = judge(asked, &filed, &known, &coverage);
        if verdict.unread.is_empty() {
            return Ok(verdict);
        }
        let recalls = self.recalls.find_many(&verdict.unread).await?;
        for (key, posting) in &mut filed {
            let whole = recalls
                .get(&posting.recall)
                .and_then(|stored| posting_in_full(&stored.recall, stored.version, key));
            if let Some(whole) = whole {
                *posting = whole;
            }
        }
        Ok(judge(asked, &filed, &known, &coverage))
    }
}

type Evidence = Vec<(
    babyshield::domain::posting::PostingKey,
    babyshield::domain::posting::Posting,
)>;

fn read(found: Found, now: Timestamp) -> (Evidence, Vec<KnownProduct>, Coverage) {
    let known = found
        .products
        .into_iter()
        .map(|product| KnownProduct {
            gtin: product.gtin,
            name: product.name,
            brand: product.brand,
        })
        .collect();
    let states: Vec<_> = found
        .coverage
        .into_iter()
        .map(|(key, row)| AgencyHealth {
            key,
            // History that has not been loaded is history that was not checked.
            last_success: row.last_success.filter(|_| row.loaded),
            quarantined: row.quarantined,
            failing: row.failing,
        })
        .collect();
    (found.postings, known, Coverage::assess(&states, now))
}

/// Check a scanned code.
///
/// Answers one verdict with its evidence, the one question whose answer would decide more, and which
/// agencies were checked and as of when. Nothing is ever called safe: `no_known_recall` means that
/// the agencies listed as checked have published nothing that covers this item.
#[utoipa::path(post, path = "/api/v1/scan/barcode", tag = "scan",
    request_body = BarcodeCheck,
    responses(
        (status = 200, body = Success<BarcodeVerdict>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub(crate) async fn check_barcode(
    State(app): State<App>,
    Body(check): Body<BarcodeCheck>,
) -> Result<Answer<BarcodeVerdict>, Problem> {
    let now = app.clock.now();
    let (code, mut asked) = check.read(now.to_zoned(TimeZone::UTC).date())?;
    let verdict = app.judge(&mut asked, now).await?;
    Ok(Answer::ok(BarcodeVerdict {
        verdict,
        code,
        checked_at: now,
    }))
}

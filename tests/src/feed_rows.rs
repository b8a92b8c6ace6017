//! Rows of the agencies' feeds, in their own field layout, about products that do not exist.

use serde_json::{Value, json};

/// A row of CPSC's recall API.
///
/// `day` is the recall's, `changed` that of its last change, both `YYYY-MM-DD`.
pub fn cpsc(number: &str, day: &str, changed: &str, name: &str, upcs: &[&str]) -> Value {
    json!({
        "RecallID": 990_000, "RecallNumber": number, "RecallDate": format!("{day}T00:00:00"),
        "Description": format!("The recall covers {name}. All units are included."),
        "URL": format!("https://www.example.com/recalls/us-cpsc/{number}"),
        "Title": format!("{name} Recalled: Entrapment Hazard"),
        "ConsumerContact": "The firm answers questions.", "LastPublishDate": format!("{changed}T00:00:00"),
        "Products": [{"Name": name, "Description": "", "Model": "", "Type": "", "CategoryID": "", "NumberOfUnits": "About 1,200"}],
        "Inconjunctions": [], "Images": [], "Injuries": [{"Name": "None reported."}], "Manufacturers": [],
        "Retailers": [{"Name": "Stores nationwide from January 2024 through April 2025 for about $40.", "CompanyID": ""}],
        "Importers": [{"Name": "Quillabee (made up), of Springfield", "CompanyID": ""}], "Distributors": [],
        "SoldAtLabel": null, "ManufacturerCountries": [{"Country": "China"}],
        "ProductUPCs": upcs.iter().map(|upc| json!({"UPC": upc})).collect::<Vec<_>>(),
        "Hazards": [{"Name": "The product can trap a child (entrapment hazard).", "HazardType": "", "HazardTypeID": ""}],
        "Remedies": [{"Name": "Ask the firm for a refund."}], "RemedyOptions": [{"Option": "Refund"}],
    })
}

/// A row of openFDA's enforcement reports. `reported` is `YYYYMMDD`.
pub fn openfda(event: &str, number: &str, reported: &str, described: &str, codes: &str) -> Value {
    json!({
        "country": "United States", "city": "Springfield", "address_1": "", "address_2": "", "state": "MO",
        "postal_code": "65803", "reason_for_recall": "Listeria monocytogenes may be in the product.",
        "product_quantity": "", "code_info": codes, "more_code_info": "", "center_classification_date": reported,
        "distribution_pattern": "MO", "product_description": described, "report_date": reported,
        "classification": "Class I", "openfda": {}, "recalling_firm": "Quillabee Foods (made up)",
        "recall_number": number, "initial_firm_notification": "Letter", "product_type": "Food", "event_id": event,
        "recall_initiation_date": reported, "voluntary_mandated": "Voluntary: Firm initiated", "status": "Ongoing",
    })
}

/// An answer of openFDA with these rows.
pub fn openfda_page(rows: &[Value]) -> Value {
    json!({
        "meta": {"results": {"skip": 0, "limit": 1000, "total": rows.len()}},
        "results": rows,
    })
}

/// Returns so many different UPC-A numbers with right check digits, from a prefix that is nobody's.
pub fn upcs(count: u32) -> Vec<String> {
    (0..count).map(upc).collect()
}

/// Returns one of [`upcs`].
pub fn upc(at: u32) -> String {
    let digits = format!("850099{at:05}");
    let sum: u32 = digits
        .bytes()
        .zip([3, 1].into_iter().cycle())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// Returns rows of CPSC's feed with a UPC each, numbered from `27001`.
pub fn cpsc_rows(count: u32) -> Vec<Value> {
    (0..count)
        .map(|at| {
            let day = format!("2026-{:02}-{:02}", at % 10 + 1, at % 28 + 1);
            let name = format!("Quillabee Cribs {at}");
            cpsc(&format!("{}", 27_001 + at), &day, &day, &name, &[&upc(at)])
        })
        .collect()
}

//! docs/security.md names a test for every row, and every test that it names is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use babyshield_tests::template::root;

/// The rows that are held so far: how many each group has.
const ROWS: [(char, u8); 6] = [('J', 6), ('R', 4), ('P', 8), ('Z', 6), ('H', 7), ('L', 2)];

/// Returns row -> the tests that the page names for it.
fn named() -> BTreeMap<String, Vec<String>> {
    let page = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let mut rows = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [row, .., tests] = cells.as_slice() else {
            continue;
        };
        let tests = tests.split('`').skip(1).step_by(2);
        rows.entry((*row).to_owned())
            .or_insert_with(Vec::new)
            .extend(tests.map(str::to_owned));
    }
    rows
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Returns the names of all functions that are tests.
fn tests() -> BTreeSet<String> {
    let mut files = Vec::new();
    for folder in ["tests", "lib", "functions"] {
        sources(&root().join(folder), &mut files);
    }
    let mut names = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if let Some(rest) = line
                .strip_prefix("async fn ")
                .or_else(|| line.strip_prefix("fn "))
            {
                let name = rest.split('(').next().unwrap_or_default();
                if std::mem::take(&mut is_test) {
                    names.insert(name.to_owned());
                }
            }
        }
    }
    names
}

#[test]
fn every_row_is_held_by_tests_that_exist() {
    let (named, tests) = (named(), tests());
    let mut wrong = Vec::new();
    for (group, count) in ROWS {
        for number in 1..=count {
            let row = format!("{group}{number}");
            let of_row = named.get(&row).cloned().unwrap_or_default();
            if of_row.is_empty() {
                wrong.push(format!("{row} names no test"));
            }
            for test in of_row {
                if !tests.contains(&test) {
                    wrong.push(format!("{row}: there is no test {test}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_test_that_bears_a_row_is_named_beside_it() {
    let named = named();
    let mut forgotten = Vec::new();
    for test in tests() {
        let Some((row, _)) = test.split_once('_') else {
            continue;
        };
        let row = row.to_uppercase();
        let is_row = ROWS.iter().any(|(group, count)| {
            row.strip_prefix(*group)
                .and_then(|number| number.parse::<u8>().ok())
                .is_some_and(|number| (1..=*count).contains(&number))
        });
        if is_row && !named.get(&row).is_some_and(|tests| tests.contains(&test)) {
            forgotten.push(format!("{row}: {test}"));
        }
    }
    assert!(
        forgotten.is_empty(),
        "docs/security.md does not name\n{}",
        forgotten.join("\n")
    );
}

//! Rules about the sources themselves: a rule with no check is a wish.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use babyshield::http::problem::Code;
use babyshield_tests::template::root;

/// The most lines of code of one file before its tests, blank lines and comments aside.
const LONGEST: usize = 400;

/// Files that are longer, how long they may be, and why they are not split. The list may only shrink.
const LONGER: &[(&str, usize, &str)] = &[];

/// Directories that hold nothing of ours.
const NOT_OURS: &[&str] = &[".git", ".local", "target", "node_modules", "__pycache__"];

/// Returns whether a file is Rust.
fn is_rust(file: &str) -> bool {
    Path::new(file)
        .extension()
        .is_some_and(|ending| ending == "rs")
}

/// Returns every file below a folder, as a path relative to the root, sorted.
fn files(below: &str) -> Vec<String> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // In a work tree `.git` is a file.
            if NOT_OURS.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                walk(&path, found);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(below), &mut found);
    let mut names: Vec<_> = found
        .iter()
        .map(|path| {
            path.strip_prefix(root())
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    names.sort();
    names
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn rust_files(below: &str) -> Vec<String> {
    let files: Vec<_> = files(below)
        .into_iter()
        .filter(|file| is_rust(file))
        .collect();
    assert!(!files.is_empty(), "{below} has no sources");
    files
}

/// Files that hold only tests.
fn is_test(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    file.starts_with("tests/")
        || file.contains("/tests/")
        || name == "tests.rs"
        || name.ends_with("_tests.rs")
}

/// Returns the lines of code before the tests, without comments, with their numbers.
fn code(file: &str) -> Vec<(usize, String)> {
    let text = read(file);
    let lines = text.lines().enumerate();
    // A test module ends the code only where it holds the tests, not where it names their file.
    let tests = text
        .lines()
        .collect::<Vec<_>>()
        .windows(2)
        .position(|pair| {
            pair[0].trim() == "#[cfg(test)]" && pair[1].trim_start().starts_with("mod tests {")
        });
    lines
        .take(tests.unwrap_or(usize::MAX))
        .map(|(at, line)| (at + 1, line.to_owned()))
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with("//"))
        .collect()
}

/// Returns whether a word stands in a line as a whole identifier or as its first segment.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        ends(line[..at].chars().next_back()) && ends(line[at + word.len()..].chars().next())
    })
}

fn assert_names_none(below: &str, crates: &[&str]) {
    let mut found = Vec::new();
    for file in rust_files(below) {
        for (at, line) in code(&file) {
            let begins = |word: &&str| {
                names(&line, word) || line.contains(&format!("{word}_")) && word.starts_with("aws")
            };
            for word in crates.iter().copied().filter(|word| begins(word)) {
                found.push(format!("{file}:{at} names {word}: {}", line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_domain_knows_no_network_no_clock_and_no_aws() {
    assert_names_none(
        "lib/src/domain",
        &[
            "axum",
            "lambda_http",
            "lambda_runtime",
            "aws",
            "aws_sdk",
            "aws_config",
            "tokio",
            "reqwest",
            "tantivy",
            "tower",
        ],
    );
    assert_names_none("lib/src/domain", &["SystemTime", "Instant"]);
}

#[test]
fn the_adapters_of_feeds_know_no_network() {
    assert_names_none(
        "lib/src/feeds",
        &[
            "axum",
            "lambda_http",
            "lambda_runtime",
            "aws",
            "aws_sdk",
            "aws_config",
            "tokio",
            "reqwest",
            "tantivy",
        ],
    );
}

#[test]
fn the_domain_and_the_feeds_look_only_inwards() {
    let mut found = Vec::new();
    for (below, outer) in [
        (
            "lib/src/domain",
            [
                "http", "runtime", "stores", "search", "feeds", "messages", "metrics", "config",
                "clock",
            ]
            .as_slice(),
        ),
        (
            "lib/src/feeds",
            &[
                "http", "runtime", "stores", "search", "messages", "metrics", "config", "clock",
            ],
        ),
        ("lib/src/search", &["http", "feeds", "stores"]),
        ("lib/src/stores", &["search", "feeds"]),
        ("lib/src/http", &["feeds"]),
    ] {
        for file in rust_files(below).into_iter().filter(|file| !is_test(file)) {
            for (at, line) in code(&file) {
                for module in outer {
                    if line.contains(&format!("crate::{module}::"))
                        || line.contains(&format!("crate::{{{module}"))
                    {
                        found.push(format!("{file}:{at} looks at {module}"));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_function_imports_another() {
    let mut found = Vec::new();
    for file in rust_files("functions") {
        let own = file.split('/').nth(1).unwrap();
        for (at, line) in code(&file) {
            for part in line.split("babyshield_").skip(1) {
                let name: String = part.chars().take_while(|c| c.is_alphanumeric()).collect();
                if name != own {
                    found.push(format!("{file}:{at} names {name}"));
                }
            }
        }
    }
    for file in files("functions")
        .iter()
        .filter(|file| file.ends_with("Cargo.toml"))
    {
        let own = file.split('/').nth(1).unwrap();
        for line in read(file)
            .lines()
            .filter(|line| line.starts_with("babyshield-"))
        {
            found.push(format!("{file}: {own} depends on {line}"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_file_is_longer_than_a_reader_s_patience() {
    let mut lengths = BTreeMap::new();
    for below in ["lib", "functions", "local"] {
        for file in files(below)
            .into_iter()
            .filter(|file| is_rust(file) && !is_test(file))
        {
            lengths.insert(file.clone(), code(&file).len());
        }
    }
    let mut faults = Vec::new();
    for (file, lines) in &lengths {
        let exception = LONGER.iter().find(|(name, ..)| name == file);
        match exception {
            None if *lines > LONGEST => faults.push(format!(
                "{file} has {lines} lines of code: split it by subject"
            )),
            Some((_, most, _)) if lines > most => faults.push(format!(
                "{file} has {lines} lines of code, and {most} were excused"
            )),
            Some(_) if *lines <= LONGEST => faults.push(format!(
                "{file} has only {lines} lines now: take it off the list"
            )),
            _ => {}
        }
    }
    for (file, ..) in LONGER
        .iter()
        .filter(|(file, ..)| !lengths.contains_key(*file))
    {
        faults.push(format!("{file} is gone: take it off the list"));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_are_split_by_subject_and_never_by_kind() {
    let of_kinds: BTreeSet<_> = [
        "utils.rs",
        "util.rs",
        "helpers.rs",
        "types.rs",
        "common.rs",
        "misc.rs",
    ]
    .into();
    let found: Vec<_> = files("")
        .into_iter()
        .filter(|file| of_kinds.contains(file.rsplit('/').next().unwrap_or_default()))
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn nothing_is_printed_and_no_lint_is_silenced_without_a_reason() {
    let print = ["print", "println", "eprint", "eprintln", "dbg"].map(|name| format!("{name}!("));
    let silenced = ["allow", "warn"].map(|level| format!("#[{level}("));
    let mut found = Vec::new();
    for below in ["lib", "functions"] {
        for file in rust_files(below).into_iter().filter(|file| !is_test(file)) {
            for (at, line) in code(&file) {
                let prints = print.iter().any(|call| {
                    line.match_indices(call.as_str()).any(|(at, _)| {
                        line[..at]
                            .chars()
                            .next_back()
                            .is_none_or(|c| !c.is_alphanumeric() && c != '_')
                    })
                });
                if prints {
                    found.push(format!("{file}:{at} prints"));
                }
            }
        }
    }
    for below in ["lib", "functions", "tests", "local"] {
        for file in files(below).into_iter().filter(|file| is_rust(file)) {
            for (at, line) in code(&file) {
                let line = line.replace("#![", "#[");
                if silenced
                    .iter()
                    .any(|start| line.trim_start().starts_with(start.as_str()))
                {
                    found.push(format!(
                        "{file}:{at} silences a lint without saying why: use #[expect(.., reason)]"
                    ));
                }
                if line.trim_start().starts_with("#[expect(")
                    && line.contains(")]")
                    && !line.contains("reason")
                {
                    found.push(format!("{file}:{at} gives no reason"));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Returns the texts in quotation marks of a line of code.
fn literals(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut text: Option<String> = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (&mut text, character) {
            (Some(_), '"') => found.extend(text.take()),
            (Some(text), '\\') => text.extend(characters.next()),
            (Some(text), character) => text.push(character),
            (None, '"') => text = Some(String::new()),
            (None, _) => {}
        }
    }
    found
}

/// Words that promise what nobody can promise.
const PROMISES: &[&str] = &["safe", "safely", "harmless", "sûr", "sicher", "riskless"];

#[test]
fn no_sentence_of_an_answer_promises_safety() {
    let mut found = Vec::new();
    for below in [
        "lib/src/domain",
        "lib/src/http",
        "lib/src/stores",
        "functions",
    ] {
        for file in rust_files(below).into_iter().filter(|file| !is_test(file)) {
            for (at, line) in code(&file) {
                for text in literals(&line) {
                    let text = text.to_lowercase();
                    if let Some(word) = PROMISES.iter().find(|word| names(&text, word)) {
                        found.push(format!("{file}:{at} says {word}: {text}"));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_file_names_a_machine_or_a_registry() {
    // Written in pieces, so that this file does not name them either.
    let machine = ["work", "root", "home", "Users"].map(|name| format!("/{name}/"));
    let registries = [
        ["crates", ".io"],
        ["pypi", ".org"],
        ["python", "hosted.org"],
        ["registry.npm", "js"],
        ["proxy.golang", ".org"],
    ]
    .map(|parts| parts.concat());
    let mut found = Vec::new();
    for file in files("") {
        // The lock names the registry of each package; that is its format.
        if file == "Cargo.lock" {
            continue;
        }
        let Ok(text) = fs::read_to_string(root().join(&file)) else {
            continue;
        };
        for (at, line) in text.lines().enumerate() {
            let path = machine.iter().any(|path| {
                line.match_indices(path.as_str()).any(|(at, _)| {
                    line[..at]
                        .chars()
                        .next_back()
                        .is_none_or(|c| " \t\"'`(=:,[<".contains(c))
                })
            });
            if path || registries.iter().any(|host| line.contains(host.as_str())) {
                let shown: String = line.trim().chars().take(120).collect();
                found.push(format!("{file}:{}: {shown}", at + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_page_of_problems_lists_every_code_once_and_by_status() {
    let page = read("docs/problems.md");
    let listed: Vec<Vec<String>> = page
        .lines()
        .filter(|line| line.starts_with("| `") && !line.contains("error_code"))
        .map(|line| {
            let cells = line.trim_matches('|').split('|');
            cells.map(|cell| cell.trim().replace('`', "")).collect()
        })
        .collect();
    assert!(listed.is_sorted_by_key(|row| &row[1]), "{listed:?}");
    let mut codes: Vec<Vec<String>> = Code::ALL
        .iter()
        .map(|code| {
            vec![
                code.error_code().to_owned(),
                code.status().as_u16().to_string(),
                code.slug().to_owned(),
            ]
        })
        .collect();
    codes.sort();
    let mut listed = listed;
    listed.sort();
    assert_eq!(listed, codes);
}

#[test]
fn every_ignored_test_says_how_to_run_it() {
    let mut found = Vec::new();
    for below in ["lib", "functions", "tests", "local"] {
        for file in files(below).into_iter().filter(|file| is_rust(file)) {
            for (at, line) in read(&file).lines().enumerate() {
                let line = line.trim();
                if line.starts_with("#[ignore")
                    && line != "#[ignore = \"needs the emulator: ./dev test\"]"
                {
                    found.push(format!("{file}:{}: {line}", at + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

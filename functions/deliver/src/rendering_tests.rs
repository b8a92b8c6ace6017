use std::collections::HashSet;

use babyshield::domain::account::UserId;
use uuid::Uuid;

use super::*;

const TOKEN: &str = "dGhlLXRva2Vu_-x";

fn message(template: Template, locale: &str, name: &str) -> Outgoing {
    Outgoing {
        id: Uuid::nil(),
        user: UserId(Uuid::nil()),
        to: "ana@example.org".parse().unwrap(),
        name: name.to_owned(),
        locale: locale.to_owned(),
        template,
        request_id: "r".to_owned(),
        at: "2026-11-20T12:34:56Z".parse().unwrap(),
    }
}

fn written(template: Template, locale: &str, name: &str) -> Letter {
    let token = template
        .link()
        .map(|(_, purpose)| (purpose, TOKEN.to_owned()));
    let origin = Origin::new("https://api.example", None);
    render(&message(template, locale, name), token, &origin).unwrap()
}

fn templates() -> Vec<Template> {
    let mut all: Vec<_> = Purpose::ALL
        .into_iter()
        .map(|purpose| Template::with_link(purpose, Uuid::nil()))
        .collect();
    all.extend([
        Template::EmailChanged,
        Template::PasswordChanged,
        Template::SessionCompromised,
        Template::ManyFailedSignIns,
        Template::AccountDeleted {
            erased_at: "2026-12-20T00:00:00Z".parse().unwrap(),
        },
    ]);
    all
}

#[test]
fn every_message_is_written_in_every_language_and_says_all_that_it_must() {
    for locale in Locale::ALL {
        let mut subjects = HashSet::new();
        for template in templates() {
            let letter = written(template.clone(), locale.tag(), "Ana Díaz");
            let name = format!("{locale:?} {template:?}");
            assert!(
                subjects.insert(letter.subject),
                "{name}: the subject is another's"
            );
            assert!(!letter.subject.contains(['\r', '\n']), "{name}");
            assert!(letter.subject.chars().count() <= 60, "{name}");
            for form in [&letter.text, &letter.html] {
                assert!(
                    form.contains("BabyShield") && form.contains("Ana Díaz"),
                    "{name}"
                );
                assert!(form.contains("2026-11-20 12:34 UTC"), "{name}");
                assert!(
                    !form.contains("{name}") && !form.contains("{at}") && !form.contains("{day}")
                );
                assert_eq!(form.contains(TOKEN), template.link().is_some(), "{name}");
            }
            assert!(letter.html.starts_with("<!doctype html>"));
            assert!(
                letter
                    .html
                    .contains(&format!("<html lang=\"{}\">", locale.tag()))
            );
            assert!(!letter.html.contains("<script") && !letter.html.contains("src="));
            if matches!(template, Template::AccountDeleted { .. }) {
                assert!(letter.text.contains("2026-12-20"), "{name}");
            }
        }
    }
}

#[test]
fn no_language_says_it_in_the_words_of_another() {
    for template in templates() {
        let texts: HashSet<_> = Locale::ALL
            .iter()
            .map(|locale| written(template.clone(), locale.tag(), "").text)
            .collect();
        assert_eq!(texts.len(), Locale::ALL.len(), "{template:?}");
    }
}

#[test]
fn a_message_reads_like_this() {
    let letter = written(
        Template::ResetPassword { link: Uuid::nil() },
        "en-GB",
        "Ana",
    );
    assert_eq!(letter.subject, "Set a new password");
    assert_eq!(
        letter.text,
        "Hello Ana,\n\n\
         Somebody, probably you, asked for a new password for your BabyShield account.\n\n\
         Set a new password:\n\
         https://api.example/api/v1/auth/reset-password?token=dGhlLXRva2Vu_-x\n\n\
         The link works once, for 15 minutes at most.\n\n\
         If that was not you, do nothing: your password stays as it is.\n\n\
         This happened at 2026-11-20 12:34 UTC.\n\n\
         -- \nBabyShield\n\
         We tell parents about recalled baby products. You get this message because of an account with this \
         address. It cannot be answered."
    );
}

#[test]
fn links_lead_to_the_app_where_there_is_one() {
    let origin = |app| Origin::new("https://api.example/", app);
    let link = |origin: Origin, purpose| origin.link(purpose, "t");
    let app = Some("https://app.example/");
    for (purpose, page) in [
        (Purpose::VerifyEmail, "verify-email"),
        (Purpose::ChangeEmail, "verify-email"),
        (Purpose::ResetPassword, "reset-password"),
        (Purpose::MagicLink, "magic-link"),
    ] {
        assert_eq!(
            link(origin(app), purpose),
            format!("https://app.example/{page}?token=t")
        );
        assert_eq!(
            link(origin(None), purpose),
            format!("https://api.example/api/v1/auth/{page}?token=t")
        );
    }
}

#[test]
fn names_are_greeted() {
    for name in [
        "Ana",
        "Ana Díaz",
        "J. R. Müller-Lüdenscheidt",
        "Séamus O'Brien",
        "D’Arcy",
        "李小龍",
        "Нина",
        "عائشة",
        "Ana Marie Jr.",
        "Jose\u{301}",
    ] {
        assert_eq!(presentable(name).as_deref(), Some(name));
    }
    assert_eq!(presentable("  Ana \t Díaz ").as_deref(), Some("Ana Díaz"));
}

#[test]
fn what_could_be_more_than_a_name_stands_in_no_message() {
    let long = "a".repeat(61);
    let huge = "a".repeat(1_000_000);
    for name in [
        "",
        " ",
        "evil.example",
        "www.evil.example",
        "Win at evil.example now",
        "https://evil.example/?a=b",
        "Ana\r\nBcc: eve@example.org",
        "Ana\nClick https:\\\\evil",
        "eve@example.org",
        "<b>Ana</b>",
        "<script>alert(1)</script>",
        "Ana\" onmouseover=\"x",
        "Ana & Ben",
        "{{ token }}",
        "${jndi:ldap}",
        "\u{202e}anA",
        "Ana\u{200b}Díaz",
        "Ana\u{0}",
        "1-800-555",
        "-- ",
        "'",
        &long,
        &huge,
    ] {
        // A line break is white space like any other; what is left must then still be a name.
        let clean = presentable(name);
        assert_eq!(clean, None, "{name:?}");
        let letter = written(Template::PasswordChanged, "en", name);
        assert!(letter.text.starts_with("Hello,\n"), "{name:?}");
        assert!(letter.html.contains("<p>Hello,</p>"), "{name:?}");
    }
    // Two lines are one name at most, never two lines.
    assert_eq!(presentable("Ana\r\nDíaz").as_deref(), Some("Ana Díaz"));
}

use std::collections::HashSet;

use babyshield::http::problem::FieldError;
use http_body_util::BodyExt;

use super::*;

const ALL: [LinkPage; 3] = [
    LinkPage::VerifyEmail,
    LinkPage::ResetPassword,
    LinkPage::MagicLink,
];

async fn html(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn every_page_has_a_form_that_goes_back_to_where_it_comes_from() {
    for page in ALL {
        let mut titles = HashSet::new();
        for locale in Locale::ALL {
            let response = ask(page, locale, "t-o_k");
            assert_eq!(response.status(), StatusCode::OK);
            let policy = &response.headers()[header::CONTENT_SECURITY_POLICY];
            assert!(policy.to_str().unwrap().contains("form-action 'self'"));
            assert_eq!(response.headers()[header::REFERRER_POLICY], "no-referrer");
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
            let html = html(response).await;
            assert!(html.contains(&format!("method=\"post\" action=\"{}\"", page.path())));
            assert!(html.contains("name=\"token\" value=\"t-o_k\""));
            assert!(html.contains(&format!("<html lang=\"{}\">", locale.tag())));
            assert_eq!(
                html.contains("type=\"password\""),
                page == LinkPage::ResetPassword
            );
            assert!(!html.contains("<script") && !html.contains("http:") && !html.contains("src="));
            titles.insert(words(locale, Says::Ask(page)).title);
        }
        assert_eq!(titles.len(), Locale::ALL.len(), "{page:?}");
    }
}

#[tokio::test]
async fn nothing_that_stands_in_an_address_becomes_part_of_a_page() {
    let hostile = "\"><script>alert(1)</script><input value='";
    let page = html(ask(LinkPage::VerifyEmail, Locale::En, hostile)).await;
    assert!(!page.contains("<script"));
    assert_eq!(page.matches("<input").count(), 1);
}

#[tokio::test]
async fn a_refused_password_is_asked_for_again_with_the_reasons() {
    let fault = FieldError::new("/password", "TOO_SHORT", "a password has 12 <characters>");
    let problem = Problem {
        errors: vec![fault],
        ..Problem::new(Code::WeakPassword, "the password cannot be used")
    };
    let response = failed(problem, LinkPage::ResetPassword, Locale::En, "tok");
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let html = html(response).await;
    assert!(html.contains("role=\"alert\"") && html.contains("aria-describedby=\"faults\""));
    assert!(html.contains("12 &#60;characters&#62;"), "{html}");
    assert!(html.contains("value=\"tok\""));
}

#[tokio::test]
async fn a_link_that_does_not_work_has_no_form() {
    for locale in Locale::ALL {
        let problem = Problem::new(Code::InvalidToken, "the link is not valid");
        let response = failed(problem, LinkPage::MagicLink, locale, "tok");
        assert_eq!(response.status(), StatusCode::GONE);
        let html = html(response).await;
        assert!(!html.contains("<form") && !html.contains("tok\""));
    }
    let down = failed(
        Problem::unavailable("a test"),
        LinkPage::MagicLink,
        Locale::En,
        "tok",
    );
    assert_eq!(down.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(down.headers()[header::RETRY_AFTER], "2");
}

#[test]
fn every_page_says_something_in_every_language() {
    let mut every: Vec<_> = ALL
        .into_iter()
        .flat_map(|page| [Says::Ask(page), Says::Done(page)])
        .collect();
    every.extend([Says::Dead, Says::Taken, Says::Down]);
    for says in every {
        let leads: HashSet<_> = Locale::ALL
            .iter()
            .map(|locale| words(*locale, says).lead)
            .collect();
        assert_eq!(leads.len(), Locale::ALL.len(), "{says:?}");
    }
}

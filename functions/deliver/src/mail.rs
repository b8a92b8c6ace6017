//! The mail service (Amazon SES, version 2).

use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_sesv2::{
    Client,
    error::ProvideErrorMetadata,
    operation::send_email::SendEmailError,
    types::{Body, Content, Destination, EmailContent, Message},
};
use babyshield::{domain::account::Email, runtime::Error};

use crate::rendering::Letter;

/// What messages say that they come from.
const SENDER: &str = "BabyShield";

/// What became of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It was taken, under this identifier.
    Taken(String),
    /// It will never be taken: the address or the letter is none.
    Refused,
}

/// The mail service.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    client: Client,
    from: String,
}

impl Mail {
    pub(crate) fn new(sdk: &SdkConfig, from: &Email) -> Self {
        // The queue tries again, minutes later: a call whose answer is lost is made as seldom as can be,
        // for each may be a letter.
        let config = aws_sdk_sesv2::config::Builder::from(sdk)
            .retry_config(RetryConfig::disabled())
            .build();
        Self {
            client: Client::from_conf(config),
            from: format!("{SENDER} <{}>", on_the_wire(from)),
        }
    }

    /// Hands a letter to the service. An error means that it is worth trying again later: the service is
    /// busy or down, or does not send for us just now.
    pub(crate) async fn send(&self, to: &Email, letter: &Letter) -> Result<Sent, Error> {
        let content = |text: &str| Content::builder().charset("UTF-8").data(text).build();
        let body = Body::builder()
            .text(content(&letter.text)?)
            .html(content(&letter.html)?)
            .build();
        let message = Message::builder()
            .subject(content(letter.subject)?)
            .body(body)
            .build();
        let outcome = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(
                // An address alone: a name beside it would be somebody's own text in a header.
                Destination::builder().to_addresses(on_the_wire(to)).build(),
            )
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await;
        match outcome {
            Ok(answer) => Ok(Sent::Taken(answer.message_id.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(refusal) if is_final(refusal) => Ok(Sent::Refused),
                // What the service says of a refused letter may name the address: it goes to no log.
                Some(refusal) => Err(format!(
                    "the mail service does not send: {}",
                    refusal.code().unwrap_or("unknown")
                )
                .into()),
                None => Err(error.into()),
            },
        }
    }
}

/// Returns whether trying again will not help. A sender that is not verified is our own fault: that is
/// mended, and the message sent then.
fn is_final(refusal: &SendEmailError) -> bool {
    match refusal {
        SendEmailError::BadRequestException(_) => true,
        SendEmailError::MessageRejected(rejected) => !rejected
            .message()
            .unwrap_or_default()
            .contains("not verified"),
        _ => false,
    }
}

/// Returns an address as mail servers write it: the domain in ASCII.
fn on_the_wire(email: &Email) -> String {
    format!("{}@{}", email.mailbox(), email.domain())
}

#[cfg(test)]
mod tests {
    use aws_sdk_sesv2::types::error::{
        BadRequestException, MessageRejected, SendingPausedException, TooManyRequestsException,
    };

    use super::*;

    #[test]
    fn what_is_refused_for_good_is_told_from_what_is_worth_another_try() {
        let rejected = |message: &str| {
            SendEmailError::MessageRejected(MessageRejected::builder().message(message).build())
        };
        assert!(is_final(&rejected("Address blacklisted.")));
        assert!(is_final(&SendEmailError::BadRequestException(
            BadRequestException::builder()
                .message("Illegal address")
                .build()
        )));
        assert!(!is_final(&rejected(
            "Email address is not verified. The following identities failed the check"
        )));
        assert!(!is_final(&SendEmailError::TooManyRequestsException(
            TooManyRequestsException::builder().build()
        )));
        assert!(!is_final(&SendEmailError::SendingPausedException(
            SendingPausedException::builder().build()
        )));
    }

    #[test]
    fn a_domain_of_any_script_goes_out_in_ascii() {
        let email = "ana@b\u{fc}cher.example".parse().unwrap();
        assert_eq!(on_the_wire(&email), "ana@xn--bcher-kva.example");
    }
}

//! English.

use babyshield::stores::accounts::Template;

use super::{Phrases, Words};

pub(super) const PHRASES: Phrases = Phrases {
    hello: "Hello,",
    hello_name: "Hello {name},",
    lasts_a_day: "The link works once, for 24 hours at most.",
    lasts_an_hour: "The link works once, for one hour at most.",
    lasts_a_quarter: "The link works once, for 15 minutes at most.",
    at: "This happened at {at}.",
    footer: "We tell parents about recalled baby products. You get this message because of an account with this \
             address. It cannot be answered.",
};

pub(super) fn words(template: &Template) -> Words {
    match template {
        Template::VerifyEmail { .. } => Words {
            subject: "Confirm your address",
            lead: "An account with BabyShield was made with this address. Please confirm that it is yours.",
            action: Some("Confirm this address"),
            otherwise: "If that was not you, do nothing: the address stays unconfirmed.",
        },
        Template::ChangeEmail { .. } => Words {
            subject: "Confirm your new address",
            lead: "Your BabyShield account is to have this address from now on. Please confirm that it is yours.",
            action: Some("Use this address"),
            otherwise: "If that was not you, do nothing: the account keeps its address.",
        },
        Template::EmailChanged => Words {
            subject: "Your address was changed",
            lead: "Your BabyShield account has another address now. Messages no longer come to this one.",
            action: None,
            otherwise: "If that was not you, somebody else may have your account: write to our support at once.",
        },
        Template::ResetPassword { .. } => Words {
            subject: "Set a new password",
            lead: "Somebody, probably you, asked for a new password for your BabyShield account.",
            action: Some("Set a new password"),
            otherwise: "If that was not you, do nothing: your password stays as it is.",
        },
        Template::PasswordChanged => Words {
            subject: "Your password was changed",
            lead: "The password of your BabyShield account was changed. Every device has to sign in again.",
            action: None,
            otherwise: "If that was not you, ask for a new password on the sign-in page at once. That also signs \
                        everybody else out.",
        },
        Template::MagicLink { .. } => Words {
            subject: "Your link to sign in",
            lead: "With this link you sign in to BabyShield without a password. Do not pass it on to anybody.",
            action: Some("Sign in"),
            otherwise: "If you did not ask for it, do nothing: nobody signs in without the link.",
        },
        Template::SessionCompromised => Words {
            subject: "We ended a session of yours",
            lead: "The key of one of your sessions was used twice, which happens when somebody has copied it. We \
                   ended that session to be sure. On that device you have to sign in again.",
            action: None,
            otherwise: "If you do not know why, set a new password: that signs everybody out.",
        },
        Template::ManyFailedSignIns => Words {
            subject: "Many attempts to sign in failed",
            lead: "Somebody has tried wrong passwords for your BabyShield account many times. We slow such attempts \
                   down. Your password still works on devices that you have used before.",
            action: None,
            otherwise: "If you cannot sign in, ask for a link to sign in or for a new password on the sign-in page.",
        },
        Template::AccountDeleted { .. } => Words {
            subject: "Your account was ended",
            lead: "Your BabyShield account was ended. On {day} it is erased with all that belongs to it. Until then \
                   it can be brought back.",
            action: None,
            otherwise: "If that was not you, or you have changed your mind, write to our support before that day.",
        },
        Template::Nothing => super::nothing(),
    }
}

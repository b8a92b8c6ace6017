//! German.

use babyshield::stores::accounts::Template;

use super::{Phrases, Words};

pub(super) const PHRASES: Phrases = Phrases {
    hello: "Guten Tag,",
    hello_name: "Guten Tag {name},",
    lasts_a_day: "Der Link gilt einmal und höchstens 24 Stunden lang.",
    lasts_an_hour: "Der Link gilt einmal und höchstens eine Stunde lang.",
    lasts_a_quarter: "Der Link gilt einmal und höchstens 15 Minuten lang.",
    at: "Zeitpunkt: {at}.",
    footer: "Wir sagen Eltern, welche Babyprodukte zurückgerufen werden. Diese Nachricht kommt wegen eines Kontos \
             mit dieser Adresse. Antworten darauf liest niemand.",
};

pub(super) fn words(template: &Template) -> Words {
    match template {
        Template::VerifyEmail { .. } => Words {
            subject: "Bestätigen Sie Ihre Adresse",
            lead: "Mit dieser Adresse wurde ein Konto bei BabyShield angelegt. Bitte bestätigen Sie, dass sie Ihre ist.",
            action: Some("Adresse bestätigen"),
            otherwise: "Wenn Sie das nicht waren, tun Sie nichts: Die Adresse bleibt unbestätigt.",
        },
        Template::ChangeEmail { .. } => Words {
            subject: "Bestätigen Sie Ihre neue Adresse",
            lead: "Ihr Konto bei BabyShield soll künftig diese Adresse haben. Bitte bestätigen Sie, dass sie Ihre ist.",
            action: Some("Diese Adresse verwenden"),
            otherwise: "Wenn Sie das nicht waren, tun Sie nichts: Das Konto behält seine Adresse.",
        },
        Template::EmailChanged => Words {
            subject: "Ihre Adresse wurde geändert",
            lead: "Ihr Konto bei BabyShield hat jetzt eine andere Adresse. An diese hier schreiben wir nicht mehr.",
            action: None,
            otherwise: "Wenn Sie das nicht waren, hat vielleicht jemand anders Ihr Konto: Schreiben Sie sofort \
                        unserem Support.",
        },
        Template::ResetPassword { .. } => Words {
            subject: "Neues Passwort setzen",
            lead: "Jemand, wohl Sie selbst, hat ein neues Passwort für Ihr Konto bei BabyShield verlangt.",
            action: Some("Neues Passwort setzen"),
            otherwise: "Wenn Sie das nicht waren, tun Sie nichts: Ihr Passwort bleibt, wie es ist.",
        },
        Template::PasswordChanged => Words {
            subject: "Ihr Passwort wurde geändert",
            lead: "Das Passwort Ihres Kontos bei BabyShield wurde geändert. Jedes Gerät muss sich neu anmelden.",
            action: None,
            otherwise: "Wenn Sie das nicht waren, verlangen Sie sofort auf der Anmeldeseite ein neues Passwort. Das \
                        meldet auch alle anderen ab.",
        },
        Template::MagicLink { .. } => Words {
            subject: "Ihr Link zum Anmelden",
            lead: "Mit diesem Link melden Sie sich ohne Passwort bei BabyShield an. Geben Sie ihn niemandem weiter.",
            action: Some("Anmelden"),
            otherwise: "Wenn Sie ihn nicht verlangt haben, tun Sie nichts: Ohne den Link meldet sich niemand an.",
        },
        Template::SessionCompromised => Words {
            subject: "Wir haben eine Ihrer Sitzungen beendet",
            lead: "Der Schlüssel einer Ihrer Sitzungen wurde zweimal verwendet. Das geschieht, wenn ihn jemand kopiert \
                   hat. Vorsichtshalber haben wir die Sitzung beendet. Auf diesem Gerät müssen Sie sich neu anmelden.",
            action: None,
            otherwise: "Wenn Sie keine Erklärung dafür haben, setzen Sie ein neues Passwort: Das meldet alle ab.",
        },
        Template::ManyFailedSignIns => Words {
            subject: "Viele Anmeldungen sind gescheitert",
            lead: "Jemand hat für Ihr Konto bei BabyShield viele falsche Passwörter versucht. Wir bremsen solche \
                   Versuche. Auf Geräten, die Sie schon benutzt haben, gilt Ihr Passwort weiter.",
            action: None,
            otherwise: "Wenn Sie sich nicht anmelden können, verlangen Sie auf der Anmeldeseite einen Link zum Anmelden \
                        oder ein neues Passwort.",
        },
        Template::AccountDeleted { .. } => Words {
            subject: "Ihr Konto wurde beendet",
            lead: "Ihr Konto bei BabyShield wurde beendet. Am {day} wird es mit allem gelöscht, was dazu gehört. Bis \
                   dahin lässt es sich zurückholen.",
            action: None,
            otherwise: "Wenn Sie das nicht waren oder es sich anders überlegt haben, schreiben Sie vor diesem Tag \
                        unserem Support.",
        },
        Template::Nothing => super::nothing(),
    }
}

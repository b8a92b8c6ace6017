//! What the pages say, language by language.

use babyshield::domain::locale::Locale;

use super::{LinkPage, Says};

/// The words of one page.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) lead: &'static str,
    pub(super) button: Option<&'static str>,
    /// What the field of a password is called, where there is one.
    pub(super) password: Option<&'static str>,
}

const fn plain(title: &'static str, lead: &'static str) -> Words {
    Words {
        title,
        lead,
        button: None,
        password: None,
    }
}

const fn ask(title: &'static str, lead: &'static str, button: &'static str) -> Words {
    Words {
        button: Some(button),
        ..plain(title, lead)
    }
}

pub(super) fn words(locale: Locale, says: Says) -> Words {
    match locale {
        Locale::En => english(says),
        Locale::De => german(says),
        Locale::Fr => french(says),
        Locale::Es => spanish(says),
    }
}

fn english(says: Says) -> Words {
    use LinkPage::{MagicLink, ResetPassword, VerifyEmail};
    match says {
        Says::Ask(VerifyEmail) => ask(
            "Confirm your address",
            "Press the button to confirm that this address is yours.",
            "Confirm",
        ),
        Says::Ask(ResetPassword) => Words {
            password: Some("New password"),
            ..ask(
                "Set a new password",
                "Several words that have nothing to do with each other make a good one. Every device has to sign \
                 in again.",
                "Set the password",
            )
        },
        Says::Ask(MagicLink) => ask("Sign in", "Press the button to sign in.", "Sign in"),
        Says::Done(ResetPassword) => plain(
            "The password is set",
            "You can sign in with it now, on every device anew.",
        ),
        Says::Done(VerifyEmail | MagicLink) => plain(
            "The address is confirmed",
            "Thank you. You can close this page.",
        ),
        Says::Dead => plain(
            "This link does not work",
            "It was used before, its time is over, or a newer one took its place. Ask for a new one where you asked \
             for this one.",
        ),
        Says::Taken => plain(
            "The address has an account",
            "Somebody has registered an account with this address meanwhile. Yours keeps the address it had.",
        ),
        Says::Down => plain(
            "Please try again shortly",
            "A part of the service is not answering. Nothing was decided, and the link still works.",
        ),
    }
}

fn german(says: Says) -> Words {
    use LinkPage::{MagicLink, ResetPassword, VerifyEmail};
    match says {
        Says::Ask(VerifyEmail) => ask(
            "Adresse bestätigen",
            "Mit dem Knopf bestätigen Sie, dass diese Adresse Ihre ist.",
            "Bestätigen",
        ),
        Says::Ask(ResetPassword) => Words {
            password: Some("Neues Passwort"),
            ..ask(
                "Neues Passwort setzen",
                "Gut sind mehrere Wörter, die nichts miteinander zu tun haben. Jedes Gerät muss sich neu anmelden.",
                "Passwort setzen",
            )
        },
        Says::Ask(MagicLink) => ask("Anmelden", "Mit dem Knopf melden Sie sich an.", "Anmelden"),
        Says::Done(ResetPassword) => plain(
            "Das Passwort ist gesetzt",
            "Sie können sich jetzt damit anmelden, auf jedem Gerät neu.",
        ),
        Says::Done(VerifyEmail | MagicLink) => plain(
            "Die Adresse ist bestätigt",
            "Danke. Sie können diese Seite schließen.",
        ),
        Says::Dead => plain(
            "Dieser Link gilt nicht",
            "Er wurde schon benutzt, seine Zeit ist um, oder ein neuerer ist an seiner Stelle. Verlangen Sie einen \
             neuen, wo Sie diesen verlangt haben.",
        ),
        Says::Taken => plain(
            "Die Adresse hat ein Konto",
            "Jemand hat inzwischen ein Konto mit dieser Adresse angelegt. Ihres behält die Adresse, die es hatte.",
        ),
        Says::Down => plain(
            "Bitte gleich noch einmal",
            "Ein Teil des Dienstes antwortet nicht. Es wurde nichts entschieden, und der Link gilt noch.",
        ),
    }
}

fn french(says: Says) -> Words {
    use LinkPage::{MagicLink, ResetPassword, VerifyEmail};
    match says {
        Says::Ask(VerifyEmail) => ask(
            "Confirmer votre adresse",
            "Le bouton confirme que cette adresse est la vôtre.",
            "Confirmer",
        ),
        Says::Ask(ResetPassword) => Words {
            password: Some("Nouveau mot de passe"),
            ..ask(
                "Choisir un nouveau mot de passe",
                "Plusieurs mots sans rapport entre eux conviennent bien. Chaque appareil devra se reconnecter.",
                "Enregistrer le mot de passe",
            )
        },
        Says::Ask(MagicLink) => ask("Se connecter", "Le bouton vous connecte.", "Se connecter"),
        Says::Done(ResetPassword) => plain(
            "Le mot de passe est enregistré",
            "Vous pouvez vous connecter avec lui, sur chaque appareil de nouveau.",
        ),
        Says::Done(VerifyEmail | MagicLink) => plain(
            "L'adresse est confirmée",
            "Merci. Vous pouvez fermer cette page.",
        ),
        Says::Dead => plain(
            "Ce lien n'est pas valable",
            "Il a déjà servi, son délai est passé, ou un plus récent le remplace. Demandez-en un nouveau là où vous \
             avez demandé celui-ci.",
        ),
        Says::Taken => plain(
            "L'adresse a un compte",
            "Quelqu'un a créé entre-temps un compte avec cette adresse. Le vôtre garde l'adresse qu'il avait.",
        ),
        Says::Down => plain(
            "Réessayez dans un instant",
            "Une partie du service ne répond pas. Rien n'a été décidé, et le lien reste valable.",
        ),
    }
}

fn spanish(says: Says) -> Words {
    use LinkPage::{MagicLink, ResetPassword, VerifyEmail};
    match says {
        Says::Ask(VerifyEmail) => ask(
            "Confirmar su dirección",
            "Con el botón confirma que esta dirección es suya.",
            "Confirmar",
        ),
        Says::Ask(ResetPassword) => Words {
            password: Some("Nueva contraseña"),
            ..ask(
                "Elegir una nueva contraseña",
                "Sirven bien varias palabras que no tengan nada que ver entre sí. Cada dispositivo tendrá que volver a \
                 entrar.",
                "Guardar la contraseña",
            )
        },
        Says::Ask(MagicLink) => ask("Entrar", "Con el botón entra en su cuenta.", "Entrar"),
        Says::Done(ResetPassword) => plain(
            "La contraseña está guardada",
            "Ya puede entrar con ella, de nuevo en cada dispositivo.",
        ),
        Says::Done(VerifyEmail | MagicLink) => plain(
            "La dirección está confirmada",
            "Gracias. Puede cerrar esta página.",
        ),
        Says::Dead => plain(
            "Este enlace no sirve",
            "Ya se usó, se acabó su tiempo o hay uno más nuevo en su lugar. Pida otro donde pidió este.",
        ),
        Says::Taken => plain(
            "La dirección tiene una cuenta",
            "Alguien ha creado mientras tanto una cuenta con esta dirección. La suya conserva la que tenía.",
        ),
        Says::Down => plain(
            "Vuelva a intentarlo enseguida",
            "Una parte del servicio no responde. No se ha decidido nada y el enlace sigue sirviendo.",
        ),
    }
}

//! French.

use babyshield::stores::accounts::Template;

use super::{Phrases, Words};

pub(super) const PHRASES: Phrases = Phrases {
    hello: "Bonjour,",
    hello_name: "Bonjour {name},",
    lasts_a_day: "Le lien est valable une seule fois, pendant 24 heures au plus.",
    lasts_an_hour: "Le lien est valable une seule fois, pendant une heure au plus.",
    lasts_a_quarter: "Le lien est valable une seule fois, pendant 15 minutes au plus.",
    at: "Date et heure : {at}.",
    footer: "Nous informons les parents des rappels de produits pour bébés. Vous recevez ce message en raison d'un \
             compte à cette adresse. Il n'est pas possible d'y répondre.",
};

pub(super) fn words(template: &Template) -> Words {
    match template {
        Template::VerifyEmail { .. } => Words {
            subject: "Confirmez votre adresse",
            lead: "Un compte BabyShield a été créé avec cette adresse. Confirmez qu'elle est bien la vôtre.",
            action: Some("Confirmer cette adresse"),
            otherwise: "Si ce n'était pas vous, ne faites rien : l'adresse reste non confirmée.",
        },
        Template::ChangeEmail { .. } => Words {
            subject: "Confirmez votre nouvelle adresse",
            lead: "Votre compte BabyShield doit désormais avoir cette adresse. Confirmez qu'elle est bien la vôtre.",
            action: Some("Utiliser cette adresse"),
            otherwise: "Si ce n'était pas vous, ne faites rien : le compte garde son adresse.",
        },
        Template::EmailChanged => Words {
            subject: "Votre adresse a été modifiée",
            lead: "Votre compte BabyShield a maintenant une autre adresse. Nous n'écrivons plus à celle-ci.",
            action: None,
            otherwise: "Si ce n'était pas vous, quelqu'un d'autre a peut-être votre compte : écrivez sans attendre à \
                        notre assistance.",
        },
        Template::ResetPassword { .. } => Words {
            subject: "Choisissez un nouveau mot de passe",
            lead: "Quelqu'un, sans doute vous, a demandé un nouveau mot de passe pour votre compte BabyShield.",
            action: Some("Choisir un nouveau mot de passe"),
            otherwise: "Si ce n'était pas vous, ne faites rien : votre mot de passe reste le même.",
        },
        Template::PasswordChanged => Words {
            subject: "Votre mot de passe a été modifié",
            lead: "Le mot de passe de votre compte BabyShield a été modifié. Chaque appareil doit se reconnecter.",
            action: None,
            otherwise: "Si ce n'était pas vous, demandez sans attendre un nouveau mot de passe sur la page de \
                        connexion. Cela déconnecte aussi tous les autres.",
        },
        Template::MagicLink { .. } => Words {
            subject: "Votre lien de connexion",
            lead: "Ce lien vous connecte à BabyShield sans mot de passe. Ne le transmettez à personne.",
            action: Some("Se connecter"),
            otherwise: "Si vous ne l'avez pas demandé, ne faites rien : personne ne se connecte sans ce lien.",
        },
        Template::SessionCompromised => Words {
            subject: "Nous avons mis fin à une de vos sessions",
            lead: "La clé d'une de vos sessions a servi deux fois, ce qui arrive quand quelqu'un l'a copiée. Par \
                   précaution, nous avons mis fin à cette session. Sur cet appareil, il faut vous reconnecter.",
            action: None,
            otherwise: "Si vous ne voyez pas pourquoi, choisissez un nouveau mot de passe : cela déconnecte tout le monde.",
        },
        Template::ManyFailedSignIns => Words {
            subject: "De nombreuses connexions ont échoué",
            lead: "Quelqu'un a essayé de nombreux mots de passe erronés pour votre compte BabyShield. Nous ralentissons \
                   ces tentatives. Votre mot de passe reste valable sur les appareils que vous avez déjà utilisés.",
            action: None,
            otherwise: "Si vous ne pouvez pas vous connecter, demandez un lien de connexion ou un nouveau mot de passe \
                        sur la page de connexion.",
        },
        Template::AccountDeleted { .. } => Words {
            subject: "Votre compte a été fermé",
            lead: "Votre compte BabyShield a été fermé. Le {day}, il sera effacé avec tout ce qui s'y rattache. \
                   Jusque-là, il peut être rétabli.",
            action: None,
            otherwise: "Si ce n'était pas vous, ou si vous avez changé d'avis, écrivez à notre assistance avant ce jour.",
        },
        Template::Nothing => super::nothing(),
    }
}

//! Spanish.

use babyshield::stores::accounts::Template;

use super::{Phrases, Words};

pub(super) const PHRASES: Phrases = Phrases {
    hello: "Hola:",
    hello_name: "Hola, {name}:",
    lasts_a_day: "El enlace sirve una sola vez, durante 24 horas como máximo.",
    lasts_an_hour: "El enlace sirve una sola vez, durante una hora como máximo.",
    lasts_a_quarter: "El enlace sirve una sola vez, durante 15 minutos como máximo.",
    at: "Fecha y hora: {at}.",
    footer: "Avisamos a madres y padres de las retiradas de productos para bebés. Recibe este mensaje por una cuenta \
             con esta dirección. No se puede responder.",
};

pub(super) fn words(template: &Template) -> Words {
    match template {
        Template::VerifyEmail { .. } => Words {
            subject: "Confirme su dirección",
            lead: "Se ha creado una cuenta de BabyShield con esta dirección. Confirme que es suya.",
            action: Some("Confirmar esta dirección"),
            otherwise: "Si no ha sido usted, no haga nada: la dirección queda sin confirmar.",
        },
        Template::ChangeEmail { .. } => Words {
            subject: "Confirme su nueva dirección",
            lead: "Su cuenta de BabyShield va a tener esta dirección. Confirme que es suya.",
            action: Some("Usar esta dirección"),
            otherwise: "Si no ha sido usted, no haga nada: la cuenta conserva su dirección.",
        },
        Template::EmailChanged => Words {
            subject: "Su dirección ha cambiado",
            lead: "Su cuenta de BabyShield tiene ahora otra dirección. Ya no escribimos a esta.",
            action: None,
            otherwise: "Si no ha sido usted, quizá otra persona tenga su cuenta: escriba enseguida a nuestro servicio \
                        de ayuda.",
        },
        Template::ResetPassword { .. } => Words {
            subject: "Elija una nueva contraseña",
            lead: "Alguien, seguramente usted, ha pedido una nueva contraseña para su cuenta de BabyShield.",
            action: Some("Elegir una nueva contraseña"),
            otherwise: "Si no ha sido usted, no haga nada: su contraseña sigue siendo la misma.",
        },
        Template::PasswordChanged => Words {
            subject: "Su contraseña ha cambiado",
            lead: "La contraseña de su cuenta de BabyShield ha cambiado. Cada dispositivo tiene que volver a entrar.",
            action: None,
            otherwise: "Si no ha sido usted, pida enseguida una nueva contraseña en la página de acceso. Eso también \
                        cierra las sesiones de los demás.",
        },
        Template::MagicLink { .. } => Words {
            subject: "Su enlace para entrar",
            lead: "Con este enlace entra en BabyShield sin contraseña. No se lo pase a nadie.",
            action: Some("Entrar"),
            otherwise: "Si no lo ha pedido, no haga nada: nadie entra sin el enlace.",
        },
        Template::SessionCompromised => Words {
            subject: "Hemos cerrado una de sus sesiones",
            lead: "La clave de una de sus sesiones se ha usado dos veces, lo que ocurre cuando alguien la ha copiado. \
                   Por precaución hemos cerrado esa sesión. En ese dispositivo tiene que volver a entrar.",
            action: None,
            otherwise: "Si no sabe por qué, elija una nueva contraseña: eso cierra todas las sesiones.",
        },
        Template::ManyFailedSignIns => Words {
            subject: "Muchos intentos de entrar han fallado",
            lead: "Alguien ha probado muchas contraseñas equivocadas para su cuenta de BabyShield. Frenamos esos \
                   intentos. Su contraseña sigue sirviendo en los dispositivos que ya ha usado.",
            action: None,
            otherwise: "Si no puede entrar, pida un enlace para entrar o una nueva contraseña en la página de acceso.",
        },
        Template::AccountDeleted { .. } => Words {
            subject: "Su cuenta se ha cerrado",
            lead: "Su cuenta de BabyShield se ha cerrado. El {day} se borra con todo lo que le pertenece. Hasta \
                   entonces se puede recuperar.",
            action: None,
            otherwise: "Si no ha sido usted, o ha cambiado de idea, escriba a nuestro servicio de ayuda antes de ese día.",
        },
        Template::Nothing => super::nothing(),
    }
}

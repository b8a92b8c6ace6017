//! What staff see and do, the trail, and the keys of machines.

mod account_locked;
mod audit;
mod create_api_key;
mod delete_api_key;
mod event_view;
mod get_user;
mod list_api_keys;
mod list_users;
mod login_attempt;
mod person_view;
mod security_events;
mod unlock_user;
mod update_user;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::App;

/// Returns the routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            list_api_keys::list_api_keys,
            create_api_key::create_api_key
        ))
        .routes(routes!(delete_api_key::delete_api_key))
        .routes(routes!(list_users::list_users))
        .routes(routes!(get_user::get_user, update_user::update_user))
        .routes(routes!(unlock_user::unlock_user))
        .routes(routes!(audit::list_audit))
        .routes(routes!(login_attempt::report_login_attempt))
        .routes(routes!(account_locked::get_account_locked))
        .routes(routes!(security_events::list_security_events))
}

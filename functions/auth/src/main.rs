//! The Lambda function `auth`.

use babyshield::{http, runtime};
use babyshield_auth::{App, CREDENTIALS, Config, router};

fn main() -> Result<(), runtime::Error> {
    http::serve_never_keeping(CREDENTIALS, async |start| {
        let config = Config::load(&mut start.settings);
        let config = start.settings.finish(config)?;
        Ok(router(App::new(start, config)))
    })
}

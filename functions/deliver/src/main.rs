//! The Lambda function `deliver`.

use babyshield::runtime;
use babyshield_deliver::{App, Config};

fn main() -> Result<(), runtime::Error> {
    runtime::worker(async |start| {
        let config = Config::load(&mut start.settings);
        let config = start.settings.finish(config)?;
        let app = App::new(start, config);
        Ok(move |event| {
            let app = app.clone();
            async move { app.handle(event).await }
        })
    })
}

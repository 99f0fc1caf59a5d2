//! What the model asks of the browser and of the server beside the engine.

use crate::driver::Driver;
use crate::storage::Storage;
use crate::{browser, http};
use app::backend::Errand;
use app::preferences::Preferences;
use std::rc::Rc;
use sync::Input;
use wasm_bindgen_futures::spawn_local;

pub fn run(driver: &Rc<Driver>, storage: &Storage, errand: Errand) {
    let driver = driver.clone();
    match errand {
        Errand::Visit(path) => browser::visit(&path),
        Errand::Back => {
            if browser::back() {
                driver.follow();
            }
        }
        Errand::Leave(id) => browser::leave(id),
        Errand::Search(query) => {
            spawn_local(async move {
                let answer = http::search(&query).await;
                if let Ok(users) = &answer {
                    driver.input(Input::Met(users.clone()));
                }
                driver.tell(move |live| live.found(None, &query, answer));
            });
        }
        Errand::Members { conversation, query } => {
            spawn_local(async move {
                let answer = http::members(conversation, &query).await;
                driver.tell(move |live| live.found(Some(conversation), &query, answer));
            });
        }
        Errand::Start(user) => {
            spawn_local(async move { driver.started(user, http::start(user).await) });
        }
        Errand::Unread { conversation, naming, before } => {
            spawn_local(async move {
                let answer = http::unread(conversation, naming, before).await;
                driver.tell(move |live| live.unread_found(conversation, naming, before, answer));
            });
        }
        Errand::Readers { conversation, seq } => {
            spawn_local(async move {
                let answer = http::readers(conversation, seq).await;
                driver.tell(move |live| live.readers_found(conversation, seq, answer));
            });
        }
        Errand::Waiting(conversation) => {
            spawn_local(async move {
                let answer = http::waiting(conversation).await;
                driver.tell(move |live| live.waiting_found(conversation, answer));
            });
        }
        Errand::AnswerWaiting { conversation, user, accept } => {
            spawn_local(async move {
                let answer = http::answer_waiting(conversation, user, accept).await;
                driver.tell(move |live| live.waiting_answered(conversation, user, answer));
            });
        }
        Errand::Copy(text) => {
            browser::copy(&text, move |copied| driver.tell(move |live| live.copied(copied)));
        }
        Errand::FetchEmoji => {
            spawn_local(async move {
                let json = http::text(&browser::emoji_url()).await;
                let groups = json.and_then(|json| browser::parse(&json));
                driver.tell(move |live| live.emoji_loaded(groups));
            });
        }
        Errand::KeepEmoji { recent, skin_tone } => storage.keep_emoji(recent, skin_tone),
        Errand::KeepTheme(theme) => browser::keep_cookie(Preferences::THEME, theme.name()),
    }
}

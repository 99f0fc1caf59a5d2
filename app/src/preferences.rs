//! What a browser is set to, known from cookies before the first paint.
//!
//! Deliberately absent: clocks and locales of the machine, so that server and browser render alike.

use protocol::Millis;
use serde::{Deserialize, Serialize};

/// A language of the user interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    #[default]
    #[serde(rename = "zh-CN")]
    Chinese,
    #[serde(rename = "en")]
    English,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// Its BCP 47 tag: the cookie's value, the form's value and the document's `lang`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// The first language of an `Accept-Language` header that Sixin speaks, by the header's weights.
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best = None;
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let language = match tag.split('-').next() {
                Some("zh") => Self::Chinese,
                Some("en") => Self::English,
                _ => continue,
            };
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1000), thousandths);
            let Some(weight) = weight.filter(|&weight| weight > 0) else { continue };
            if best.is_none_or(|(_, heaviest)| weight > heaviest) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// A header's weight, `0` to `1` with at most three decimals, in thousandths. Reading it as a float would bring the
/// tables for that into the browser.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let all = format!("{whole}{decimals:0<3}").parse().ok()?;
    (digits && all <= 1000).then_some(all)
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the operating system says.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The cookie's value, the form's value and the document's `data-theme`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Which key sends a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendKey {
    /// Enter sends, Shift+Enter breaks the line.
    #[default]
    Enter,
    /// Ctrl+Enter (⌘+Enter) sends, Enter breaks the line.
    CtrlEnter,
}

impl SendKey {
    pub const ALL: [Self; 2] = [Self::Enter, Self::CtrlEnter];

    /// The cookie's value and the form's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::CtrlEnter => "ctrl_enter",
        }
    }
}

/// What stands on top of the session list, below what is pinned (R002-10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListOrder {
    /// Conversations with unread messages, then the newest.
    #[default]
    UnreadFirst,
    /// The newest.
    NewestFirst,
}

impl ListOrder {
    pub const ALL: [Self; 2] = [Self::UnreadFirst, Self::NewestFirst];

    /// The cookie's value and the form's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnreadFirst => "unread_first",
            Self::NewestFirst => "newest_first",
        }
    }
}

/// Everything about the browser that the first render depends on. The browser's first render uses the very values
/// that the server used, and corrects them afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    pub language: Language,
    pub theme: Theme,
    pub send_key: SendKey,
    #[serde(default)]
    pub list_order: ListOrder,
    /// The time by the server's clock at rendering.
    pub now: Millis,
    /// Minutes to add to UTC for the person's local time, −840 to 840; 0 while unknown.
    pub utc_offset: i32,
}

impl Preferences {
    /// The names of the cookies. The values are those of `tag` and `name`; the offset is an integer.
    pub const LANGUAGE: &'static str = "language";
    pub const THEME: &'static str = "theme";
    pub const SEND_KEY: &'static str = "send_key";
    pub const LIST_ORDER: &'static str = "list_order";
    pub const UTC_OFFSET: &'static str = "utc_offset";

    /// Reads the request's `Cookie` and `Accept-Language` headers. What is absent or unknown has its default.
    pub fn from_headers(cookie: &str, accept_language: &str, now: Millis) -> Self {
        let language = Language::accepted(accept_language).unwrap_or_default();
        let (theme, send_key, list_order) = (Theme::default(), SendKey::default(), ListOrder::default());
        let mut preferences = Self { language, theme, send_key, list_order, now, utc_offset: 0 };
        for (name, value) in cookie.split(';').filter_map(|pair| pair.trim().split_once('=')) {
            preferences.set(name, value);
        }
        preferences
    }

    /// Sets what `name` names to `value`; tells whether both were known. Cookies and the settings form share the names.
    pub fn set(&mut self, name: &str, value: &str) -> bool {
        fn one<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, value: &str, to: &mut T) -> bool {
            match all.iter().find(|&&one| name(one) == value) {
                Some(&one) => {
                    *to = one;
                    true
                }
                None => false,
            }
        }
        match name {
            Self::LANGUAGE => one(&Language::ALL, Language::tag, value, &mut self.language),
            Self::THEME => one(&Theme::ALL, Theme::name, value, &mut self.theme),
            Self::SEND_KEY => one(&SendKey::ALL, SendKey::name, value, &mut self.send_key),
            Self::LIST_ORDER => one(&ListOrder::ALL, ListOrder::name, value, &mut self.list_order),
            Self::UTC_OFFSET => match value.parse() {
                Ok(minutes @ -840..=840) => {
                    self.utc_offset = minutes;
                    true
                }
                _ => false,
            },
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_language_follows_the_weights() {
        let accepted = Language::accepted;
        assert_eq!(accepted("zh-CN,zh;q=0.9,en;q=0.8"), Some(Language::Chinese));
        assert_eq!(accepted("fr, en-GB;q=0.7, zh;q=0.3"), Some(Language::English));
        assert_eq!(accepted("de"), None);
        assert_eq!(accepted("zh;q=0, en;q=x, "), None);
        assert_eq!(accepted("zh;q=0.25, en;q=0.3"), Some(Language::English));
        assert_eq!(accepted("zh;q=1.000, en;q=0.999"), Some(Language::Chinese));
        assert_eq!(accepted("zh;q=1.5, en;q=0.1234"), None);
    }

    #[test]
    fn cookies_win_and_nonsense_is_ignored() {
        let read = |cookie: &str| Preferences::from_headers(cookie, "en", 5);
        let plain = read("");
        assert_eq!((plain.language, plain.theme, plain.utc_offset), (Language::English, Theme::System, 0));
        let set =
            read("a=b; language=zh-CN; theme=dark; send_key=ctrl_enter; list_order=newest_first; utc_offset=-480");
        assert_eq!(set.language, Language::Chinese);
        assert_eq!(set.theme, Theme::Dark);
        assert_eq!(set.send_key, SendKey::CtrlEnter);
        assert_eq!(set.list_order, ListOrder::NewestFirst);
        assert_eq!(set.utc_offset, -480);
        assert_eq!(read("language=xx; theme=; utc_offset=99999; send_key"), plain);
    }
}

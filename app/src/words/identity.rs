//! The words of logging in with a provider. They stand apart because only the server's pages say them.

use crate::backend::NotNamed;
use crate::preferences::Language;

/// The strings of one language.
pub struct IdentityWords {
    pub or: &'static str,
    pub log_in_with: fn(&str) -> String,
    /// One waits, or follows the link.
    pub leading_to: fn(&str) -> String,
    pub go_on: fn(&str) -> String,
    pub in_vain: &'static str,
    pub why: fn(NotNamed, &str) -> String,
    pub again: &'static str,
    /// The part of the settings.
    pub linked: fn(&str) -> String,
    pub linked_hint: fn(&str) -> String,
    pub link: fn(&str) -> String,
    pub unlink: &'static str,
    pub unlink_this: fn(&str) -> String,
    pub last_way: &'static str,
}

impl IdentityWords {
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::Chinese => &CHINESE,
            Language::English => &ENGLISH,
        }
    }
}

const CHINESE: IdentityWords = IdentityWords {
    or: "或",
    log_in_with: |name| format!("使用 {name} 登录"),
    leading_to: |name| format!("正在前往 {name}，请稍候。"),
    go_on: |name| format!("前往 {name}"),
    in_vain: "登录未完成",
    why: |why, name| match why {
        NotNamed::Stale => "这次登录已结束、已过期，或不是从这个浏览器开始的。请重新开始。".to_owned(),
        NotNamed::Denied => format!("{name} 没有确认你的身份，或者你取消了登录。"),
        NotNamed::Unreachable => format!("{name} 暂时没有响应，请稍后再试。"),
        NotNamed::Untrusted => format!("{name} 的答复未通过验证。请重试；如果仍然不行，请联系管理员。"),
        NotNamed::Deactivated => "这个账号已停用，请联系管理员。".to_owned(),
        NotNamed::Elsewhere => format!("这个 {name} 身份已关联到另一个账号。"),
        NotNamed::LoggedOut => "你在此期间退出了登录，没有进行关联。请登录后重试。".to_owned(),
    },
    again: "重新开始",
    linked: |name| format!("使用 {name} 登录"),
    linked_hint: |name| format!("关联后，可以用 {name} 登录这个账号。"),
    link: |name| format!("关联 {name}"),
    unlink: "取消关联",
    unlink_this: |label| format!("取消关联 {label}"),
    last_way: "这是登录这个账号的唯一方式，不能取消。",
};

const ENGLISH: IdentityWords = IdentityWords {
    or: "or",
    log_in_with: |name| format!("Log in with {name}"),
    leading_to: |name| format!("On the way to {name}…"),
    go_on: |name| format!("Go on to {name}"),
    in_vain: "Not logged in",
    why: |why, name| match why {
        NotNamed::Stale => {
            "This log-in is over, took too long, or was not begun in this browser. Please begin again.".to_owned()
        }
        NotNamed::Denied => format!("{name} did not confirm who you are, or you cancelled."),
        NotNamed::Unreachable => format!("{name} does not answer just now. Try again later."),
        NotNamed::Untrusted => format!(
            "The answer of {name} could not be verified. Try again; if it happens again, tell whoever runs this server."
        ),
        NotNamed::Deactivated => "This account was deactivated. Ask whoever runs this server.".to_owned(),
        NotNamed::Elsewhere => format!("This person at {name} is linked to another account already."),
        NotNamed::LoggedOut => "You were logged out meanwhile; nothing was linked. Log in and try again.".to_owned(),
    },
    again: "Begin again",
    linked: |name| format!("Log-in with {name}"),
    linked_hint: |name| format!("Once linked, you can log in to this account with {name}."),
    link: |name| format!("Link {name}"),
    unlink: "Unlink",
    unlink_this: |label| format!("Unlink {label}"),
    last_way: "This is the only way into this account, so it stays.",
};

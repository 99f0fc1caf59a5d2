//! The words of the plain pages: logging in, devices, settings, refusals. They stand apart because only the server says
//! them: the browser's program carries none.

use crate::preferences::{ListOrder, SendKey, Theme};
use protocol::ErrorCode;

/// The strings of one language.
pub struct PageWords {
    pub tagline: &'static str,
    pub search: &'static str,
    pub go_home: &'static str,
    pub error_title: fn(ErrorCode) -> &'static str,

    pub log_in: &'static str,
    pub log_out: &'static str,
    pub register: &'static str,
    pub no_account_yet: &'static str,
    pub have_account: &'static str,
    pub handle: &'static str,
    pub handle_hint: &'static str,
    pub display_name: &'static str,
    pub display_name_hint: &'static str,
    pub password: &'static str,
    pub password_hint: &'static str,

    pub devices: &'static str,
    pub devices_hint: &'static str,
    pub this_device: &'static str,
    pub revoke: &'static str,
    pub revoke_device: fn(&str) -> String,
    pub logged_in_at: fn(&str) -> String,
    pub last_seen_at: fn(&str) -> String,

    pub language_label: &'static str,
    pub theme_label: &'static str,
    pub theme: fn(Theme) -> &'static str,
    pub show_last_seen_label: &'static str,
    pub show_last_seen_hint: &'static str,
    pub show_last_seen: fn(bool) -> &'static str,
    pub list_order_label: &'static str,
    pub list_order: fn(ListOrder) -> &'static str,
    pub send_key_label: &'static str,
    pub send_key: fn(SendKey) -> &'static str,
    pub receipts_label: &'static str,
    pub receipts: fn(bool) -> &'static str,
    pub receipts_hint: &'static str,
    pub account: &'static str,
}

pub const CHINESE: PageWords = PageWords {
    tagline: "自己的服务器，自己的私信",
    search: "搜索",
    go_home: "返回首页",
    error_title: |code| match code {
        ErrorCode::NotFound => "页面不存在",
        ErrorCode::NotLoggedIn => "请先登录",
        _ => "出错了",
    },

    log_in: "登录",
    log_out: "退出登录",
    register: "注册",
    no_account_yet: "还没有账号？",
    have_account: "已经有账号？",
    handle: "用户名",
    handle_hint: "2–32 个字符：字母、数字、_ . -，以字母或数字开头",
    display_name: "昵称",
    display_name_hint: "别人看到的名字，最多 64 个字",
    password: "密码",
    password_hint: "8–128 个字符",

    devices: "登录设备",
    devices_hint: "移除设备后，它会立即退出登录。",
    this_device: "本机",
    revoke: "移除",
    revoke_device: |name| format!("移除设备 {name}"),
    logged_in_at: |at| format!("登录于 {at}"),
    last_seen_at: |at| format!("最近在线 {at}"),

    language_label: "语言",
    theme_label: "外观",
    theme: |theme| match theme {
        Theme::System => "跟随系统",
        Theme::Light => "浅色",
        Theme::Dark => "深色",
    },
    show_last_seen_label: "在线状态与最后上线时间",
    show_last_seen_hint: "隐藏后，你也看不到别人的",
    show_last_seen: |on| if on { "显示" } else { "隐藏" },
    list_order_label: "会话排序",
    list_order: |order| match order {
        ListOrder::UnreadFirst => "未读优先",
        ListOrder::NewestFirst => "按时间",
    },
    send_key_label: "发送快捷键",
    send_key: |key| match key {
        SendKey::Enter => "Enter 发送，Shift+Enter 换行",
        SendKey::CtrlEnter => "Ctrl+Enter 发送，Enter 换行",
    },
    receipts_label: "已读回执",
    receipts: |on| if on { "开启" } else { "关闭" },
    receipts_hint: "关闭后，别人看不到你是否收到或读过消息，你也看不到别人的。",
    account: "账号",
};

pub const ENGLISH: PageWords = PageWords {
    tagline: "Private messages on your own server",
    search: "Search",
    go_home: "Back to the start",
    error_title: |code| match code {
        ErrorCode::NotFound => "Page not found",
        ErrorCode::NotLoggedIn => "Please log in",
        _ => "Something went wrong",
    },

    log_in: "Log in",
    log_out: "Log out",
    register: "Register",
    no_account_yet: "No account yet?",
    have_account: "Already have an account?",
    handle: "User name",
    handle_hint: "2–32 characters: letters, digits, _ . -, beginning with a letter or digit",
    display_name: "Display name",
    display_name_hint: "The name that others see, at most 64 characters",
    password: "Password",
    password_hint: "8–128 characters",

    devices: "Devices",
    devices_hint: "A device that you remove is logged out at once.",
    this_device: "This device",
    revoke: "Remove",
    revoke_device: |name| format!("Remove the device {name}"),
    logged_in_at: |at| format!("Logged in {at}"),
    last_seen_at: |at| format!("Last seen {at}"),

    language_label: "Language",
    theme_label: "Appearance",
    theme: |theme| match theme {
        Theme::System => "Like the system",
        Theme::Light => "Light",
        Theme::Dark => "Dark",
    },
    show_last_seen_label: "Online and last seen",
    show_last_seen_hint: "Who hides it does not see it of others",
    show_last_seen: |on| if on { "Show" } else { "Hide" },
    list_order_label: "Order of conversations",
    list_order: |order| match order {
        ListOrder::UnreadFirst => "Unread first",
        ListOrder::NewestFirst => "Newest first",
    },
    send_key_label: "Key that sends",
    send_key: |key| match key {
        SendKey::Enter => "Enter sends, Shift+Enter breaks the line",
        SendKey::CtrlEnter => "Ctrl+Enter sends, Enter breaks the line",
    },
    receipts_label: "Read receipts",
    receipts: |on| if on { "On" } else { "Off" },
    receipts_hint: "When off, others do not see what you have received or read, and you do not see it of them.",
    account: "Account",
};

//! The words of pages about people, which load no script: apart from [`super::Words`], so that no browser loads them.

use crate::preferences::Language;
use protocol::MessagesFrom;

/// The strings of one language.
pub struct PeopleWords {
    pub search: &'static str,
    pub requests: &'static str,
    pub asks: &'static str,
    pub asked: &'static str,
    pub accept: &'static str,
    pub refuse: &'static str,
    pub withdraw: &'static str,
    pub recent: &'static str,
    pub book: &'static str,
    pub fans: &'static str,
    pub blocked: &'static str,
    /// People of the server who are no contacts yet.
    pub others: &'static str,
    pub nobody: &'static str,
    pub write: &'static str,
    pub more: fn(&str) -> String,
    pub add_friend: &'static str,
    pub remove_friend: &'static str,
    pub greeting: &'static str,

    pub messages_from_label: &'static str,
    pub messages_from_hint: &'static str,
    pub messages_from: fn(MessagesFrom) -> &'static str,
}

impl PeopleWords {
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::Chinese => &CHINESE,
            Language::English => &ENGLISH,
        }
    }
}

const CHINESE: PeopleWords = PeopleWords {
    search: "搜索联系人：名字、用户名、拼音或首字母",
    requests: "好友申请",
    asks: "请求加你为好友",
    asked: "等待对方同意",
    accept: "同意",
    refuse: "拒绝",
    withdraw: "取消申请",
    recent: "最近联系人",
    book: "联系人",
    fans: "粉丝",
    blocked: "黑名单",
    others: "其他人",
    nobody: "还没有联系人",
    write: "发消息",
    more: |name| format!("更多：{name}"),
    add_friend: "加为好友",
    remove_friend: "删除好友",
    greeting: "打个招呼（选填）",

    messages_from_label: "谁可以给我发消息",
    messages_from_hint: "好友既算你关注的人，也算关注你的人。黑名单里的人始终不能给你发消息。",
    messages_from: |from| match from {
        MessagesFrom::Everyone => "所有人",
        MessagesFrom::Followed => "我关注的",
        MessagesFrom::Followers => "关注我的",
        MessagesFrom::Nobody => "不接受",
    },
};

const ENGLISH: PeopleWords = PeopleWords {
    search: "Search contacts by name, user name, pinyin or initials",
    requests: "Friend requests",
    asks: "Wants to be your friend",
    asked: "Waiting for an answer",
    accept: "Accept",
    refuse: "Decline",
    withdraw: "Take back",
    recent: "Recent",
    book: "People",
    fans: "Followers",
    blocked: "Blocked",
    others: "Other people",
    nobody: "No contacts yet",
    write: "Message",
    more: |name| format!("More about {name}"),
    add_friend: "Add as friend",
    remove_friend: "Remove friend",
    greeting: "A greeting (optional)",

    messages_from_label: "Who can message me",
    messages_from_hint: "Friends count as people you follow and as followers. Whoever you block can never message you.",
    messages_from: |from| match from {
        MessagesFrom::Everyone => "Everyone",
        MessagesFrom::Followed => "People I follow",
        MessagesFrom::Followers => "My followers",
        MessagesFrom::Nobody => "Nobody",
    },
};

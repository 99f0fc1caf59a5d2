//! The words of the pages about the company, which load no script: apart from [`super::Words`], so that no browser loads
//! them.

use crate::preferences::Language;

/// The strings of one language.
pub struct CompanyWords {
    pub company: &'static str,
    pub departments: &'static str,
    pub search: &'static str,
    /// Those who are in no department.
    pub without: &'static str,
    pub people: fn(u64) -> String,
    pub nobody: &'static str,
    pub nobody_found: &'static str,
    pub found: &'static str,
    pub more: &'static str,
    pub from_the_first: &'static str,
    pub external: &'static str,
    pub write: &'static str,
    pub write_to: fn(&str) -> String,
    pub back: &'static str,
    pub title: &'static str,
    pub department: &'static str,

    pub welcome: &'static str,
    pub greeting: fn(&str) -> String,
    pub choose: &'static str,
    pub come_in: &'static str,
    pub ended: &'static str,
}

impl CompanyWords {
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::Chinese => &CHINESE,
            Language::English => &ENGLISH,
        }
    }
}

const CHINESE: CompanyWords = CompanyWords {
    company: "企业通讯录",
    departments: "组织架构",
    search: "搜索同事：名字、用户名、拼音或首字母",
    without: "未分配部门",
    people: |n| format!("{n} 人"),
    nobody: "这里还没有人",
    nobody_found: "没有找到同事",
    found: "搜索结果",
    more: "更多同事",
    from_the_first: "回到第一页",
    external: "外部",
    write: "发消息",
    write_to: |name| format!("发消息给{name}"),
    back: "返回通讯录",
    title: "职位",
    department: "部门",

    welcome: "欢迎加入",
    greeting: |name| format!("你好，{name}！"),
    choose: "请选择用户名和密码，以后用它们登录。",
    come_in: "进入私信",
    ended: "这个邀请链接无效、已使用或已过期。请向管理员索取新的链接。",
};

const ENGLISH: CompanyWords = CompanyWords {
    company: "Company directory",
    departments: "Departments",
    search: "Search colleagues by name, user name, pinyin or initials",
    without: "In no department",
    people: |n| if n == 1 { "1 person".to_owned() } else { format!("{n} people") },
    nobody: "Nobody here yet",
    nobody_found: "No colleague found",
    found: "Found",
    more: "More colleagues",
    from_the_first: "Back to the first page",
    external: "External",
    write: "Message",
    write_to: |name| format!("Message {name}"),
    back: "Back to contacts",
    title: "Title",
    department: "Department",

    welcome: "Welcome",
    greeting: |name| format!("Hello, {name}!"),
    choose: "Choose a user name and a password: you log in with them from now on.",
    come_in: "Come in",
    ended: "This invitation is not valid, was used or has expired. Ask those who run the server for a new one.",
};

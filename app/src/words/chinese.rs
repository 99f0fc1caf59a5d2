//! 简体中文。

use super::Words;
use crate::live::tip::{Change, Tip};
use crate::preferences::{Language, SendKey, Theme};
use protocol::messaging::ReportReason;
use protocol::sync::Parting;
use protocol::{ErrorCode, Relation};
use sync::ReadMark;

pub const WORDS: Words = Words {
    language: Language::Chinese,
    app: "私信",

    messages: "消息",
    sessions: "会话列表",
    filter_sessions: "筛选会话",
    no_sessions: "还没有会话，点击右上角的加号开始聊天",
    no_match: "没有匹配的会话",
    older_sessions: "更早的会话",
    strangers: "陌生人消息",
    contacts: "通讯录",
    requests: |n| format!("{n} 个好友申请"),
    new_conversation: "新会话",
    choose_conversation: "选择一个会话开始聊天",
    draft: "[草稿]",
    myself: "文件助手",
    me: "我",
    members: |n| format!("{n} 位成员"),
    typing: |name| match name {
        Some(name) => format!("{name}正在输入…"),
        None => "正在输入…".to_owned(),
    },
    online: "在线",
    last_seen: |at| format!("最后上线 {at}"),
    unread: |n| format!("{n} 条未读消息"),
    no_message_yet: "还没有消息",

    back: "返回会话列表",
    log_of: |name| format!("与{name}的聊天记录"),
    new_messages: "以下为新消息",
    jump_to_newest: "回到最新消息",
    jump_to_new: |n| format!("{n} 条新消息"),
    load_older: "加载更早的消息",
    loading: "正在加载…",
    beginning: "没有更早的消息了",
    gap: "加载中间的消息",
    to_newest: "查看最新消息",
    mark,
    retry: "点击重试",
    discard: "删除这条消息",
    said: |name, text| format!("{name}：{text}"),

    compose: "输入消息",
    compose_hint: |key| match key {
        SendKey::Enter => "输入消息，Enter 发送，Shift+Enter 换行",
        SendKey::CtrlEnter => "输入消息，Ctrl+Enter 发送，Enter 换行",
    },
    send: "发送",
    choose_pictures: "选择图片",
    choose_files: "选择文件",
    upload_picture: "上传图片",
    picture: "图片",
    picture_digest: "[图片]",
    file_digest: |name| format!("[文件] {name}"),
    view_picture: "查看图片",
    preparing: |count| format!("正在准备 {count} 项…"),
    uploading: "正在上传",
    picture_broken: "图片无法显示",
    characters_left: |left| if left < 0 { format!("超出 {} 字", -left) } else { format!("还可输入 {left} 字") },

    message_menu: "消息操作",
    copy: "复制",
    copied: "已复制",
    not_copied: "浏览器不允许复制",
    delete: "删除",
    deleted: |n| if n == 1 { "已删除".to_owned() } else { format!("已删除 {n} 条消息") },
    undo: "撤销",
    recall: "撤回",
    tip: |tip| match tip {
        Tip::RecalledByMe => "你撤回了一条消息".to_owned(),
        Tip::RecalledByPeer => "对方撤回了一条消息".to_owned(),
        Tip::RecalledBy(name) => format!("{name} 撤回了一条消息"),
        Tip::Withdrawn => "注意保护隐私,谨防诈骗,如若对你造成骚扰或威胁到自身安全,请长按消息进行举报".to_owned(),
        Tip::Removed { own: true } => "你的一条消息因涉及敏感内容已被移除，其他人看不到".to_owned(),
        Tip::Removed { own: false } => "这条消息因涉及敏感内容已被移除".to_owned(),
        Tip::Changed { by, people, more, change } => {
            let by = by.as_deref().unwrap_or("你");
            let people: Vec<&str> = people.iter().map(|person| person.as_deref().unwrap_or("你")).collect();
            let count = people.len() as u64 + more;
            let mut people = people.join("、");
            if *more > 0 {
                people = format!("{people} 等 {count} 人");
            }
            match change {
                Change::Created => format!("{by} 创建了群聊，邀请了 {people}"),
                Change::Invited => format!("{by} 邀请 {people} 加入了群聊"),
                Change::Joined => format!("{by} 加入了群聊"),
                Change::Left => format!("{by} 退出了群聊"),
                Change::Removed => format!("{by} 将 {people} 移出了群聊"),
                Change::Renamed(title) => format!("{by} 将群名改为“{title}”"),
                Change::Pictured => format!("{by} 更换了群头像"),
                Change::Unpictured => format!("{by} 移除了群头像"),
                Change::Announced => format!("{by} 更新了群公告"),
                Change::Unannounced => format!("{by} 撤下了群公告"),
                Change::Promoted => format!("{by} 将 {people} 设为管理员"),
                Change::Demoted => format!("{by} 取消了 {people} 的管理员身份"),
                Change::HandedOver => format!("{by} 将群主转让给了 {people}"),
                Change::Muted => format!("{by} 将 {people} 禁言"),
                Change::Unmuted => format!("{by} 解除了 {people} 的禁言"),
                Change::MutedAll => format!("{by} 开启了全员禁言"),
                Change::UnmutedAll => format!("{by} 解除了全员禁言"),
            }
        }
    },
    mentioned: "[有人@你]",
    group_settings: "群设置",
    add_people: "添加成员，新建群聊",
    new_group: "新建群聊",
    announcement: "群公告",
    waiting: |n| format!("{n} 人申请入群"),
    requests_to_join: "入群申请",
    nobody_waits: "没有人等待入群",
    let_in: |name| format!("同意 {name} 入群"),
    let_in_short: "同意",
    turn_away: |name| format!("拒绝 {name} 入群"),
    turn_away_short: "拒绝",
    parted: |why| match why {
        Parting::Left => "你已退出群聊",
        Parting::Removed => "你已被移出群聊",
        Parting::Dissolved => "群聊已被群主解散",
    },
    silent_everybody: "全员禁言中，仅群主和管理员可以发言",
    silent_until: |at| format!("你已被禁言，{at} 后可以发言"),
    mention_someone: "选择要提醒的人",
    everybody: "所有人",
    everybody_typed: &["所有人", "suoyouren", "syr", "all", "everyone"],
    edit_again: "重新编辑",
    select: "多选",
    select_this: "选择这条消息",
    selected: |n| format!("已选择 {n} 条"),
    selected_most: "最多选择 100 条",
    cancel: "取消",
    read_by: |n| format!("{n} 人已读"),
    readers: "已读成员",
    readers_unlisted: "成员超过 200 人的群只显示人数",
    readers_old: "较早的消息只显示人数",
    expired: "这条消息超过 24 小时没有发出，仍要发送？",
    send_anyway: "仍要发送",
    give_up: "放弃",
    refused: |code| match code {
        ErrorCode::NotFollowed => Some("对方设置隐私权限,无法发送消息"),
        ErrorCode::FollowersOnly => Some("对方仅接收粉丝的消息,是否"),
        ErrorCode::AwaitingAnswer => Some("对方回复后才能继续发消息"),
        _ => None,
    },
    follow_them: "关注Ta",
    befriend_them: "申请加为好友",

    report: "举报",
    report_message: "举报消息",
    report_reason: "原因",
    reason: |reason| match reason {
        ReportReason::Spam => "垃圾广告",
        ReportReason::Fraud => "欺诈",
        ReportReason::Harassment => "骚扰辱骂",
        ReportReason::Indecent => "色情低俗",
        ReportReason::Other => "其他",
    },
    report_note: "补充说明（选填）",
    report_hides: "同时隐藏",
    submit: "提交",
    reported: "已举报",

    relation: |relation| match relation {
        Relation { blocking: true, .. } => Some("已拉黑"),
        Relation { friend: true, .. } => Some("好友"),
        Relation { follow: true, fan: true, .. } => Some("互相关注"),
        Relation { follow: true, .. } => Some("已关注"),
        Relation { fan: true, .. } => Some("关注了你"),
        _ => None,
    },
    follow: "关注",
    unfollow: "取消关注",
    block: "拉黑",
    unblock: "移出黑名单",

    conversation_menu: "会话操作",
    session_menu: |name| format!("会话“{name}”的操作"),
    show_unread: |n| format!("查看 {n} 条未读消息"),
    show_naming: |n| format!("查看 {n} 条提到你的未读消息"),
    naming: |n| format!("{n} 条提到你的未读消息"),
    unread_messages: "未读消息",
    unread_none: "没有未读消息",
    unread_more: "显示更多",
    unread_failed: "加载失败",
    mark_read: "标为已读",
    mark_all_read: "全部已读",
    mark_all_ask: |n| format!("把 {n} 个会话都标为已读？"),
    pin: |pinned| if pinned { "取消置顶" } else { "置顶" },
    pinned: "已置顶",
    mute_hour: "免打扰 1 小时",
    mute_hours: "免打扰 8 小时",
    mute_always: "一直免打扰",
    unmute: "取消免打扰",
    muted: "免打扰",
    archive: |archived| if archived { "取消归档" } else { "归档" },
    mark_unread: "标为未读",
    marked_unread: "已标为未读",
    labels: "标签",
    labels_hint: "用逗号分开，每个最多 32 字",
    labels_too_long: "标签太长或太多",
    shelves: "筛选",
    shelf_all: "全部",
    shelf_unread: "未读",
    shelf_archived: "已归档",
    delete_conversation: "删除会话",
    delete_conversation_ask: |name| format!("删除与“{name}”的会话？"),
    delete_conversation_hint: "只在这台设备上删除，你的其他设备和对方都不受影响。有新消息时，会话会重新出现，之前的消息不再显示。",

    shortcuts: "快捷键",
    shortcut_list: &[
        ("Ctrl K", "筛选会话"),
        ("Alt ↑ / Alt ↓", "上一个、下一个会话"),
        ("Alt Shift ↑ / ↓", "上一个、下一个未读会话"),
        ("↑ / ↓", "在列表或聊天记录中移动"),
        ("Shift F10", "打开会话或消息的菜单"),
        ("Esc", "关闭窗口，或回到最新消息"),
        ("Ctrl /", "显示快捷键"),
    ],

    emoji: "表情",
    search_emoji: "搜索表情",
    recent_emoji: "最近使用",
    no_emoji: "没有找到表情",
    emoji_failed: "表情加载失败，请稍后重试",
    skin_tone: "肤色",
    skin_tones: ["默认肤色", "浅肤色", "较浅肤色", "中等肤色", "较深肤色", "深肤色"],
    emoji_categories: "表情分类",
    emoji_groups: [
        "笑脸与情感",
        "人物与身体",
        "动物与自然",
        "食物与饮料",
        "旅行与地点",
        "活动",
        "物品",
        "符号",
        "旗帜",
    ],

    offline: "网络已断开，正在重新连接… 新消息会在恢复后自动发送",
    reconnect: "立即重连",
    no_network: "网络不可用,请检查网络设置",
    server_busy: "服务繁忙,请稍后重试",

    menu: "主菜单",
    find_people: "找人聊天",
    find_people_hint: "输入用户名或昵称",
    nobody_found: "没有找到这样的用户",
    close: "关闭",

    settings: "设置",
    switch_theme: |theme| match theme {
        Theme::System => "改为跟随系统外观".to_owned(),
        Theme::Light => "改为浅色外观".to_owned(),
        Theme::Dark => "改为深色外观".to_owned(),
    },
    save: "保存",

    error,

    today: "今天",
    yesterday: "昨天",
    weekdays: ["周日", "周一", "周二", "周三", "周四", "周五", "周六"],
    month_day: |month, day| format!("{month}月{day}日"),
    date: |year, month, day| format!("{year}年{month}月{day}日"),
    day: |date, weekday| format!("{date} {weekday}"),
    short_date: |year, month, day| format!("{year}/{month}/{day}"),

    #[cfg(feature = "ssr")]
    page: super::page::CHINESE,
};

const fn mark(mark: ReadMark) -> &'static str {
    match mark {
        ReadMark::Waiting => "等待网络",
        ReadMark::Sending => "发送中",
        ReadMark::Sent => "已发送",
        ReadMark::Delivered => "已送达",
        ReadMark::Read => "已读",
        ReadMark::Failed => "发送失败",
    }
}

const NO_FILE: &str = "这个文件无法发送：不能为空，最大 100 MB";

const NO_PICTURE: &str = "不是可用的图片：PNG、JPEG 或 WebP，不超过 15 MB、4000 万像素";

fn error(code: ErrorCode, field: Option<&str>) -> &'static str {
    match code {
        ErrorCode::BadRequest | ErrorCode::UnsupportedMediaType | ErrorCode::MethodNotAllowed => "请求格式不正确",
        ErrorCode::SealDamaged => "服务器无法读取这个请求，请刷新页面后重试",
        ErrorCode::SealRequired => "无法加密请求，请使用 HTTPS 和新版浏览器",
        ErrorCode::NotLoggedIn => "登录已失效，请重新登录",
        ErrorCode::WrongCredentials => "用户名或密码不正确",
        ErrorCode::ForeignOrigin => "请求来自其他网站，已被拒绝",
        ErrorCode::RecallExpired => "发送已久，无法撤回",
        ErrorCode::NotAllowed => "你没有权限这样做",
        ErrorCode::NotFollowed => "发送失败,获得对方关注后可发消息",
        ErrorCode::FollowersOnly => "发送失败,对方仅接收粉丝消息",
        ErrorCode::NotAccepted => "发送失败,对方暂不接受消息",
        ErrorCode::AwaitingAnswer => "发送失败,对方回复后才能继续发消息",
        ErrorCode::Sensitive if field == Some("picture") => "发送消息涉及敏感内容,请重新编辑",
        ErrorCode::Sensitive => "发送消息涉及敏感内容,请重新输入",
        ErrorCode::Muted => "群内禁言中，暂时不能发言",
        ErrorCode::GroupFull => "群成员已满",
        ErrorCode::NotFound => "你要找的内容不存在，或者你无权查看",
        ErrorCode::Timeout => "请求超时，请稍后重试",
        ErrorCode::HandleTaken => "这个用户名已被使用，换一个试试",
        ErrorCode::ClientIdReused => "这条消息已经发送过了",
        ErrorCode::TooLarge if field == Some("picture") => NO_PICTURE,
        ErrorCode::TooLarge if field == Some("file") => NO_FILE,
        ErrorCode::TooLarge => "内容太大了",
        ErrorCode::InvalidField => match field {
            Some("handle") => "用户名需为 2–32 个字母、数字、_ . -，并以字母或数字开头",
            Some("display_name") => "昵称需为 1–64 个字，不能有换行或控制字符",
            Some("password") => "密码需为 8–128 个字符",
            Some("text" | "body") => "消息需为 1–2048 个字",
            Some("picture") => NO_PICTURE,
            Some("file") => NO_FILE,
            _ => "填写的内容不符合要求",
        },
        ErrorCode::RateLimited => "操作太频繁了，请稍后重试",
        ErrorCode::Internal
        | ErrorCode::Unavailable
        | ErrorCode::SealUnknownKey
        | ErrorCode::SealExpired
        | ErrorCode::SealReplayed => "服务繁忙,请稍后重试",
        ErrorCode::StorageFull => "服务器存储空间已满",
        ErrorCode::Unknown => "出现未知错误",
    }
}

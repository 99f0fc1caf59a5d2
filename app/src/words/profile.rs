//! The words of profiles. They stand apart because only the server's pages say them: the browser's code carries none.

use crate::preferences::Language;
use protocol::profile::{Audience, Gender};

/// The strings of one language.
pub struct ProfileWords {
    pub profile: &'static str,
    pub edit: &'static str,
    pub gender: &'static str,
    pub genders: fn(Gender) -> &'static str,
    pub untold: &'static str,
    pub birthday: &'static str,
    pub birthday_hint: &'static str,
    pub phone: &'static str,
    pub phone_hint: &'static str,
    pub bio: &'static str,
    pub bio_hint: &'static str,
    /// Who sees a field, by the field's name.
    pub seen_by: fn(&str) -> String,
    pub audience: fn(Audience) -> &'static str,
    pub picture: &'static str,
    pub picture_hint: &'static str,
    pub picture_of: fn(&str) -> String,
    pub crop: &'static str,
    pub zoom: &'static str,
    pub horizontal: &'static str,
    pub vertical: &'static str,
    pub upload: &'static str,
    pub remove: &'static str,
    pub message: &'static str,
    /// Why a field was refused, where the usual words do not say it.
    pub wrong: fn(&str) -> Option<&'static str>,
}

impl ProfileWords {
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::Chinese => &CHINESE,
            Language::English => &ENGLISH,
        }
    }
}

const CHINESE: ProfileWords = ProfileWords {
    profile: "个人资料",
    edit: "编辑资料",
    gender: "性别",
    genders: |gender| match gender {
        Gender::Female => "女",
        Gender::Male => "男",
        Gender::Other => "其他",
    },
    untold: "不透露",
    birthday: "生日",
    birthday_hint: "不能晚于今天",
    phone: "电话",
    phone_hint: "5–15 位数字，可以 + 开头",
    bio: "简介",
    bio_hint: "最多 200 个字",
    seen_by: |field| format!("谁可以看到{field}"),
    audience: |audience| match audience {
        Audience::Everyone => "所有人可见",
        Audience::Friends => "好友可见",
        Audience::Nobody => "仅自己可见",
    },
    picture: "头像",
    picture_hint: "PNG、JPEG 或 WebP，最大 5 MB；未裁剪时取中间的正方形",
    picture_of: |name| format!("{name}的头像"),
    crop: "裁剪",
    zoom: "缩放",
    horizontal: "左右位置",
    vertical: "上下位置",
    upload: "上传头像",
    remove: "移除头像",
    message: "发消息",
    wrong: |field| match field {
        "birthday" => Some("请填写真实的日期，不能晚于今天"),
        "phone" => Some("需为 5–15 位数字，可以 + 开头"),
        "bio" => Some("最多 200 个字"),
        "avatar" => Some("无法读取这张图片：需为 PNG、JPEG 或 WebP，不超过 5 MB 和 4000 万像素"),
        _ => None,
    },
};

const ENGLISH: ProfileWords = ProfileWords {
    profile: "Profile",
    edit: "Edit profile",
    gender: "Gender",
    genders: |gender| match gender {
        Gender::Female => "Female",
        Gender::Male => "Male",
        Gender::Other => "Other",
    },
    untold: "Not told",
    birthday: "Birthday",
    birthday_hint: "Not after today",
    phone: "Phone",
    phone_hint: "5–15 digits, perhaps after a +",
    bio: "About",
    bio_hint: "At most 200 characters",
    seen_by: |field| format!("Who sees it: {field}"),
    audience: |audience| match audience {
        Audience::Everyone => "Everyone",
        Audience::Friends => "Friends",
        Audience::Nobody => "Only you",
    },
    picture: "Picture",
    picture_hint: "PNG, JPEG or WebP, at most 5 MB; the square in the middle unless you cut another",
    picture_of: |name| format!("Picture of {name}"),
    crop: "Crop",
    zoom: "Zoom",
    horizontal: "Left to right",
    vertical: "Top to bottom",
    upload: "Upload the picture",
    remove: "Remove the picture",
    message: "Send a message",
    wrong: |field| match field {
        "birthday" => Some("A real date, not after today"),
        "phone" => Some("5–15 digits, perhaps after a +"),
        "bio" => Some("At most 200 characters"),
        "avatar" => Some("This picture cannot be read: PNG, JPEG or WebP, at most 5 MB and 40 megapixels"),
        _ => None,
    },
};

//! What a message carries: one variant a type.

use crate::file::File;
use crate::group::{Mentions, Notice};
use crate::id::UserId;
use crate::media::{Image, MediaId};
use crate::text::MessageText;
use serde::{Deserialize, Serialize};

/// The content of a message. JSON: `{"type":"text","text":"…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum MessageBody {
    /// Text mixed with emoji, 1–2048 Unicode scalars (R001-13), and whom of a group's members it names.
    Text {
        text: MessageText,
        #[serde(default, skip_serializing_if = "Mentions::is_empty")]
        mentions: Mentions,
    },
    /// A picture, alone in its message (R002-07). JSON: `{"type":"image","v":1,"media":"…",…}`.
    Image(Image),
    /// A file, alone in its message (R002-07). JSON: `{"type":"file","v":1,"media":"…","name":"…",…}`.
    File(File),
    /// A picture that an audit found wrong after it was sent (R004-I6). To everybody but its sender it is there no more, and
    /// counts for nothing; its sender sees it as before (R004-C1). Nobody sends it.
    Withdrawn { image: Image },
    /// What a recalled message leaves: who took it back, if not who administers the server (R001-18). Nobody sends it; it counts
    /// for nothing.
    Recalled {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<UserId>,
    },
    /// What an auditor took from everybody (R004-B7.6); it may come back.
    Removed,
    /// A change of a group that its members share. Nobody sends it; it counts for nothing.
    Notice { notice: Box<Notice> },
}

/// Whether people write it, or only the server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Person,
    Server,
}

impl MessageBody {
    /// A text that names nobody.
    pub fn text(text: MessageText) -> Self {
        Self::Text { text, mentions: Mentions::default() }
    }

    /// Whom it names.
    pub fn mentions(&self) -> Option<&Mentions> {
        match self {
            Self::Text { mentions, .. } if !mentions.is_empty() => Some(mentions),
            _ => None,
        }
    }

    /// Who makes such a content.
    pub fn origin(&self) -> Origin {
        match self {
            Self::Text { .. } | Self::Image(_) | Self::File(_) => Origin::Person,
            Self::Withdrawn { .. } | Self::Recalled { .. } | Self::Removed | Self::Notice { .. } => Origin::Server,
        }
    }

    /// Whether an unread message with it counts (R004-B1): what people write does, tips and notices do not.
    pub fn countable(&self) -> bool {
        self.origin() == Origin::Person
    }

    /// Whether its sender may take it back: what people wrote, and what was withdrawn of it, of which they do not know.
    pub fn recallable(&self) -> bool {
        self.countable() || matches!(self, Self::Withdrawn { .. })
    }

    /// The picture in it, if there is one to be seen: what was withdrawn, by its sender alone.
    pub fn image(&self, own: bool) -> Option<&Image> {
        match self {
            Self::Image(image) => Some(image),
            Self::Withdrawn { image } => Some(image).filter(|_| own),
            _ => None,
        }
    }

    /// What of it is uploaded before it is sent.
    pub fn medium(&self) -> Option<MediaId> {
        match self {
            Self::Image(image) => Some(image.media),
            Self::File(file) => Some(file.media),
            _ => None,
        }
    }

    /// The size of its text in bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::Text { text, .. } => text.as_str().len(),
            Self::Image(_) | Self::Withdrawn { .. } => 192,
            Self::File(file) => 128 + file.name.as_str().len(),
            Self::Recalled { .. } | Self::Removed | Self::Notice { .. } => 0,
        }
    }

    /// One line for the session list: white space folded, at most 120 scalars. Empty for what the server makes: that is
    /// said in the reader's language.
    pub fn digest(&self) -> String {
        match self {
            Self::Text { text, .. } => {
                let mut digest = String::new();
                let mut left = 120;
                for word in text.as_str().split_whitespace() {
                    if !digest.is_empty() {
                        digest.push(' ');
                    }
                    for c in word.chars() {
                        if left == 0 {
                            return digest;
                        }
                        digest.push(c);
                        left -= 1;
                    }
                }
                digest
            }
            Self::Image(_) => Image::DIGEST.to_owned(),
            Self::File(file) => format!("{} {}", File::DIGEST, file.name),
            Self::Withdrawn { .. } | Self::Recalled { .. } | Self::Removed | Self::Notice { .. } => String::new(),
        }
    }
}

/// Reads a content that a person may send.
pub(crate) fn composed<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<MessageBody, D::Error> {
    let body = MessageBody::deserialize(deserializer)?;
    match body.origin() {
        Origin::Person => Ok(body),
        Origin::Server => Err(serde::de::Error::custom("only the server makes this type")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_one_bounded_line() {
        let digest = |text: &str| MessageBody::text(text.try_into().unwrap()).digest();
        assert_eq!(digest("一\n\n二\t三"), "一 二 三");
        assert_eq!(digest(&"好".repeat(500)).chars().count(), 120);
    }

    const IMAGE: &str = r#"{"type":"image","v":1,"media":"000102030405060708090a0b0c0d0e0f","width":640,"height":480,"bytes":9,"mime":"image/jpeg"}"#;

    /// R002-06, R004-F 2: a picture is told with its version, name, sides, size and kind, and nothing beside it (R002-07).
    #[test]
    fn a_picture_is_a_body_of_its_own() {
        let body: MessageBody = serde_json::from_str(IMAGE).unwrap();
        assert_eq!(serde_json::to_string(&body).unwrap(), IMAGE);
        assert_eq!((body.digest().as_str(), body.countable()), ("[图片]", true));
        for (part, wrong) in [
            (r#""v":1"#, r#""v":2"#),
            (r#""v":1,"#, ""),
            ("0001", "000g"),
            ("640", "0"),
            ("480", "10001"),
            ("image/jpeg", "image/svg+xml"),
            (r#""bytes":9"#, r#""bytes":-1"#),
            (r#""v":1"#, r#""v":1,"text":"x""#),
        ] {
            assert!(serde_json::from_str::<MessageBody>(&IMAGE.replace(part, wrong)).is_err(), "{wrong}");
        }
        let withdrawn = format!(r#"{{"type":"withdrawn","image":{}}}"#, IMAGE.replace(r#""type":"image","#, ""));
        let withdrawn: MessageBody = serde_json::from_str(&withdrawn).unwrap();
        assert!(!withdrawn.countable() && withdrawn.image(true).is_some() && withdrawn.image(false).is_none());
    }

    const FILE: &str =
        r#"{"type":"file","v":1,"media":"000102030405060708090a0b0c0d0e0f","name":"报告.pdf","bytes":9}"#;

    /// R002-06, R004-F 22: a file is told with its version, name and length, and nothing beside it (R002-07).
    #[test]
    fn a_file_is_a_body_of_its_own() {
        let body: MessageBody = serde_json::from_str(FILE).unwrap();
        assert_eq!(serde_json::to_string(&body).unwrap(), FILE);
        assert_eq!((body.digest().as_str(), body.countable()), ("[文件] 报告.pdf", true));
        for (part, wrong) in [
            (r#""v":1"#, r#""v":2"#),
            ("0001", "000g"),
            ("报告", "../报告"),
            ("报告.pdf", ""),
            (r#""bytes":9"#, r#""bytes":0"#),
            (r#""bytes":9"#, r#""bytes":104857601"#),
            (r#""v":1"#, r#""v":1,"text":"x""#),
        ] {
            assert!(serde_json::from_str::<MessageBody>(&FILE.replace(part, wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn unknown_fields_and_types_are_refused() {
        let parse = |json: &str| serde_json::from_str::<MessageBody>(json).is_ok();
        assert!(parse(r#"{"type":"text","text":"a"}"#));
        assert!(parse(r#"{"type":"text","text":"a","mentions":{"users":[1],"all":true}}"#));
        for refused in [
            r#"{"type":"text","text":"a","x":1}"#,
            r#"{"type":"nope","text":"a"}"#,
            r#"{"text":"a"}"#,
            r#"{"type":"text","text":""}"#,
            r#"{"type":"text","text":1}"#,
        ] {
            assert!(!parse(refused), "{refused}");
        }
    }
}

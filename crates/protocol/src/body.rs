//! What a message carries: one variant a type.

use crate::text::MessageText;
use serde::{Deserialize, Serialize};

/// The content of a message. JSON: `{"type":"text","text":"…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum MessageBody {
    /// Text mixed with emoji, 1–2048 Unicode scalars (R001-13).
    Text { text: MessageText },
}

impl MessageBody {
    /// The size of its text in bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::Text { text } => text.as_str().len(),
        }
    }

    /// One line for the session list: white space folded, at most 120 scalars.
    pub fn digest(&self) -> String {
        match self {
            Self::Text { text } => {
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_one_bounded_line() {
        let digest = |text: &str| MessageBody::Text { text: text.try_into().unwrap() }.digest();
        assert_eq!(digest("一\n\n二\t三"), "一 二 三");
        assert_eq!(digest(&"好".repeat(500)).chars().count(), 120);
    }

    #[test]
    fn unknown_fields_and_types_are_refused() {
        let parse = |json: &str| serde_json::from_str::<MessageBody>(json).is_ok();
        assert!(parse(r#"{"type":"text","text":"a"}"#));
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

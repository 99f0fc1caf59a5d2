//! Files as the view shows them, and which kind of upload a message carries.

use protocol::{File, MediaId, MessageBody};

/// A file in a message: what it is called, and how long it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFile {
    pub media: MediaId,
    pub name: String,
    /// As people say it: `12 B`, `3.4 KB`, `56 MB`.
    pub size: String,
}

impl SentFile {
    pub fn of(body: &MessageBody) -> Option<Self> {
        match body {
            MessageBody::File(File { media, name, bytes, .. }) => {
                Some(Self { media: *media, name: name.to_string(), size: size(bytes.get()) })
            }
            _ => None,
        }
    }
}

/// Two digits at least, so that nothing of a size's order is lost.
fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        ..1_024 => return format!("{bytes} B"),
        1_024..1_048_576 => (1_024, "KB"),
        _ => (1_048_576, "MB"),
    };
    let tenths = bytes * 10 / unit;
    match tenths {
        ..100 => format!("{}.{} {name}", tenths / 10, tenths % 10),
        _ => format!("{} {name}", tenths / 10),
    }
}

/// What a message carries beside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    Picture,
    File,
}

impl Attachment {
    pub fn of(body: &MessageBody) -> Option<Self> {
        match body {
            MessageBody::File(_) => Some(Self::File),
            _ => body.image(true).map(|_| Self::Picture),
        }
    }

    /// The field of which an error's words speak.
    pub fn field(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::File => "file",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_shortly() {
        for (bytes, said) in [
            (1, "1 B"),
            (1_023, "1023 B"),
            (1_024, "1.0 KB"),
            (10_239, "9.9 KB"),
            (10_240, "10 KB"),
            (1_048_575, "1023 KB"),
            (1_572_864, "1.5 MB"),
            (104_857_600, "100 MB"),
        ] {
            assert_eq!(size(bytes), said);
        }
    }
}

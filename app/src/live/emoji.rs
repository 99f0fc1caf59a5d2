//! The emoji panel's data: fetched when the panel is first opened, searched in Chinese, pinyin and English.

use serde::Deserialize;
use std::sync::Arc;

/// Where the data is.
#[derive(Clone, Debug, Default)]
pub enum EmojiData {
    #[default]
    Absent,
    Loading,
    Failed,
    /// The groups, in the panel's order.
    Loaded(Arc<Vec<Vec<Emoji>>>),
}

/// One emoji. The fields stand in the data file in this order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Line")]
pub struct Emoji {
    pub text: String,
    pub chinese: String,
    pub english: String,
    /// The same in five skin tones, light to dark; empty when it takes none.
    pub tones: Vec<String>,
    /// Names and key words in lower case, pinyin with and without spaces.
    index: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Toned(String, String, String, String, String, String, Vec<String>),
    Plain(String, String, String, String, String, String),
}

impl From<Line> for Emoji {
    fn from(line: Line) -> Self {
        let (text, chinese, pinyin, tags, english, words, tones) = match line {
            Line::Toned(text, chinese, pinyin, tags, english, words, tones) => {
                (text, chinese, pinyin, tags, english, words, tones)
            }
            Line::Plain(text, chinese, pinyin, tags, english, words) => {
                (text, chinese, pinyin, tags, english, words, Vec::new())
            }
        };
        let joined = pinyin.replace(' ', "");
        let index = [&chinese, &pinyin, &joined, &tags, &english, &words].map(|part| part.to_lowercase()).join("\n");
        Self { text, chinese, english, tones, index }
    }
}

impl Emoji {
    /// As it is in a skin tone, 0 for the one without.
    pub fn toned(&self, tone: usize) -> &str {
        tone.checked_sub(1).and_then(|tone| self.tones.get(tone)).unwrap_or(&self.text)
    }
}

impl EmojiData {
    pub fn of(groups: Option<Vec<Vec<Emoji>>>) -> Self {
        groups.map_or(Self::Failed, |groups| Self::Loaded(Arc::new(groups)))
    }
}

/// The emoji that have every word of the query in their names or key words; those whose name begins with it first.
pub fn find(groups: &[Vec<Emoji>], query: &str) -> Vec<Emoji> {
    let query = query.trim().to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    let all = groups.iter().flatten();
    let (mut whole, mut beginning, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for emoji in all.filter(|emoji| words.iter().all(|word| emoji.index.contains(word))) {
        let found = if emoji.index.lines().any(|line| line == query) {
            &mut whole
        } else if emoji.index.lines().any(|line| line.starts_with(&query)) {
            &mut beginning
        } else {
            &mut others
        };
        found.push(emoji.clone());
    }
    whole.append(&mut beginning);
    whole.append(&mut others);
    whole
}

/// The emoji used last, newest first.
#[derive(Clone, Debug, Default)]
pub struct Recents(Vec<String>);

impl Recents {
    const KEEP: usize = 24;

    pub fn new(list: Vec<String>) -> Self {
        let mut recents = Self(list);
        recents.0.truncate(Self::KEEP);
        recents
    }

    pub fn used(&mut self, emoji: String) -> Vec<String> {
        self.0.retain(|other| *other != emoji);
        self.0.insert(0, emoji);
        self.0.truncate(Self::KEEP);
        self.list()
    }

    pub fn list(&self) -> Vec<String> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &str = r#"[
        [["😀","嘿嘿","hei hei","笑,脸","grinning face","smile,happy"]],
        [["👋","挥手","hui shou","你好,再见","waving hand","bye,hello",["👋🏻","👋🏼","👋🏽","👋🏾","👋🏿"]],
         ["🤚","举起手背","ju qi shou bei","手","raised back of hand","hand"]]
    ]"#;

    fn check(query: &str, expected: &[&str]) {
        let EmojiData::Loaded(groups) = EmojiData::of(serde_json::from_str(DATA).ok()) else {
            panic!("the data parses")
        };
        let found = find(&groups, query);
        assert_eq!(found.iter().map(|emoji| emoji.text.as_str()).collect::<Vec<_>>(), expected, "{query}");
    }

    #[test]
    fn emoji_are_found_in_chinese_pinyin_and_english() {
        check("挥手", &["👋"]);
        check("再见", &["👋"]);
        check("hui shou", &["👋"]);
        check("huishou", &["👋"]);
        check(" Waving ", &["👋"]);
        check("face", &["😀"]);
        check("hand", &["🤚", "👋"]);
        check("none", &[]);
    }

    #[test]
    fn an_emoji_has_its_tones() {
        let EmojiData::Loaded(groups) = EmojiData::of(serde_json::from_str(DATA).ok()) else {
            panic!("the data parses")
        };
        assert_eq!(groups[1][0].toned(0), "👋");
        assert_eq!(groups[1][0].toned(5), "👋🏿");
        assert_eq!(groups[0][0].toned(5), "😀");
        assert!(matches!(EmojiData::of(None), EmojiData::Failed));
    }

    #[test]
    fn recents_are_distinct_newest_first_and_bounded() {
        let mut recents = Recents::new(vec!["a".into(), "b".into()]);
        assert_eq!(recents.used("b".into()), ["b", "a"]);
        for n in 0..50 {
            recents.used(n.to_string());
        }
        assert_eq!(recents.list().len(), 24);
    }
}

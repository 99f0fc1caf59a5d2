//! How a name is spelled in letters: Chinese characters by their pinyin, so that people are sorted and found by it.

use pinyin::ToPinyin;

/// A name as it is spelled and sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelled {
    /// All syllables and letters, in lower case, without spaces.
    pub full: String,
    /// The first letter of each syllable and word.
    pub initials: String,
}

pub fn spell(name: &str) -> Spelled {
    let (mut full, mut initials) = (String::new(), String::new());
    let mut inside = false;
    for c in name.chars() {
        if let Some(syllable) = c.to_pinyin() {
            full.push_str(syllable.plain());
            initials.extend(syllable.plain().chars().next());
            inside = false;
        } else if c.is_alphanumeric() {
            full.extend(c.to_lowercase());
            if !inside {
                initials.extend(c.to_lowercase());
            }
            inside = true;
        } else {
            inside = false;
        }
    }
    Spelled { full, initials }
}

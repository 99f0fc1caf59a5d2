//! The emoji panel's data, `emoji.json`, made from emojibase-data (MIT licence, © Miles Johnson), which holds
//! Unicode's own data and names.
//!
//! The file is an array of nine groups, in the order of the panel: 0 smileys, 1 people, 2 animals and nature, 3 food
//! and drink, 4 travel and places, 5 activities, 6 objects, 7 symbols, 8 flags. A group is an array of emoji in
//! Unicode's order. An emoji is an array of six or seven:
//!
//! | at | what | example |
//! |----|------|---------|
//! | 0 | the emoji itself | `"👋"` |
//! | 1 | its Chinese name | `"挥手"` |
//! | 2 | the name in pinyin without tones, a space between syllables; ü is v, as on keyboards | `"hui shou"` |
//! | 3 | Chinese key words, joined by commas | `"你好,再见"` |
//! | 4 | its English name | `"waving hand"` |
//! | 5 | English key words, joined by commas | `"bye,hello"` |
//! | 6 | only if it takes a skin tone: the emoji in each tone, light to dark, for each person alike | `["👋🏻",…,"👋🏿"]` |

use crate::files::{self, Stamp, read, root};
use anyhow::{Context, Result};
use pinyin::ToPinyin;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The newest version of Unicode's emoji that the fonts of systems in support can draw; a newer one shows as a box.
const NEWEST: f64 = 15.1;

/// The groups of emojibase, in order. The one left out, 2, holds parts of emoji.
const GROUPS: [u64; 9] = [0, 1, 3, 4, 5, 6, 7, 8, 9];

pub fn build() -> Result<Vec<u8>> {
    let data = root().join("end2end/node_modules/emojibase-data");
    let sources = [data.join("zh/data.json"), data.join("en/data.json")];
    let output = files::work().join("emoji.json");
    let stamp = Stamp::of(files::work().join("emoji.stamp"), &sources)?;
    if !stamp.holds() {
        let [zh, en] = sources;
        let zh: Vec<Value> = serde_json::from_slice(&read(&zh)?)?;
        let en: Vec<Value> = serde_json::from_slice(&read(&en)?)?;
        let groups = compact(&zh, &en)?;
        files::write(&output, &serde_json::to_vec(&groups)?)?;
        stamp.set()?;
    }
    read(&output)
}

fn compact(zh: &[Value], en: &[Value]) -> Result<Vec<Vec<Value>>> {
    let english: HashMap<&str, &Value> = en.iter().map(|emoji| (text(emoji, "hexcode"), emoji)).collect();
    let mut groups = Vec::new();
    for group in GROUPS {
        let mut emoji: Vec<&Value> = zh
            .iter()
            .filter(|emoji| number(emoji, "group") == Some(group))
            .filter(|emoji| emoji.get("version").and_then(Value::as_f64).is_some_and(|version| version <= NEWEST))
            .collect();
        emoji.sort_by_key(|emoji| number(emoji, "order"));
        let entries = emoji.into_iter().map(|emoji| {
            let english = english.get(text(emoji, "hexcode")).context("an emoji has no English name")?;
            Ok(entry(emoji, english))
        });
        groups.push(entries.collect::<Result<_>>()?);
    }
    Ok(groups)
}

fn entry(zh: &Value, en: &Value) -> Value {
    let name = text(zh, "label");
    let mut entry = vec![
        json!(text(zh, "emoji")),
        json!(name),
        json!(pinyin(name)),
        json!(tags(zh)),
        json!(text(en, "label")),
        json!(tags(en)),
    ];
    // Couples have a variant for each pair of tones, too; a tone that is one number is the same for both.
    let mut tones: Vec<(u64, &str)> =
        array(zh, "skins").filter_map(|skin| number(skin, "tone").map(|tone| (tone, text(skin, "emoji")))).collect();
    tones.sort_unstable();
    if tones.len() == 5 {
        entry.push(tones.into_iter().map(|(_, emoji)| json!(emoji)).collect());
    }
    Value::Array(entry)
}

/// The syllables of a Chinese name, other words as they are.
fn pinyin(name: &str) -> String {
    let mut output = String::new();
    let mut word = false;
    for c in name.chars() {
        let syllable = c.to_pinyin().map(|syllable| syllable.plain());
        let part_of_word = syllable.is_none() && c.is_alphanumeric();
        let begins = !(word && part_of_word);
        if begins && !(output.is_empty() || output.ends_with(' ')) {
            output.push(' ');
        }
        match syllable {
            Some(syllable) => output.push_str(&syllable.replace('ü', "v")),
            None if part_of_word => output.extend(c.to_lowercase()),
            None => {}
        }
        word = part_of_word;
    }
    output.trim_end().to_owned()
}

fn tags(emoji: &Value) -> String {
    let tags: Vec<&str> = array(emoji, "tags").filter_map(Value::as_str).collect();
    tags.join(",")
}

fn text<'a>(emoji: &'a Value, field: &str) -> &'a str {
    emoji.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn number(emoji: &Value, field: &str) -> Option<u64> {
    emoji.get(field).and_then(Value::as_u64)
}

fn array<'a>(emoji: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    emoji.get(field).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinyin_keeps_other_words_whole() {
        assert_eq!(pinyin("挥手"), "hui shou");
        assert_eq!(pinyin("女人"), "nv ren");
        assert_eq!(pinyin("OK 手势"), "ok shou shi");
        assert_eq!(pinyin("旗: 阿森松岛"), "qi a sen song dao");
        assert_eq!(pinyin("按键: 10"), "an jian 10");
    }

    #[test]
    fn parts_and_new_emoji_are_left_out_and_tones_are_uniform() {
        let skin = |tone: Value, emoji: &str| json!({"tone": tone, "emoji": emoji});
        let skins: Vec<Value> = (1..=5)
            .rev()
            .map(|tone| skin(json!(tone), &tone.to_string()))
            .chain([skin(json!([1, 2]), "pair")])
            .collect();
        let zh = [
            json!({"hexcode": "B", "emoji": "b", "label": "二", "group": 3, "order": 2, "version": 1}),
            json!({"hexcode": "A", "emoji": "a", "label": "一", "group": 3, "order": 1, "version": 1, "tags": ["个", "只"],
                "skins": skins}),
            json!({"hexcode": "C", "emoji": "c", "label": "新", "group": 3, "order": 3, "version": 17}),
            json!({"hexcode": "D", "emoji": "d", "label": "件", "group": 2, "order": 4, "version": 1}),
            json!({"hexcode": "E", "emoji": "e", "label": "无"}),
        ];
        let en = [
            json!({"hexcode": "A", "label": "one", "tags": ["first"]}),
            json!({"hexcode": "B", "label": "two"}),
            json!({"hexcode": "C", "label": "new"}),
        ];
        let groups = compact(&zh, &en).unwrap();
        assert_eq!(groups.len(), 9);
        assert_eq!(groups.concat().len(), 2);
        assert_eq!(groups[2][0], json!(["a", "一", "yi", "个,只", "one", "first", ["1", "2", "3", "4", "5"]]));
        assert_eq!(groups[2][1], json!(["b", "二", "er", "", "two", ""]));
    }
}

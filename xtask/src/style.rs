//! The style sheets: `style/main.css` with the sheets that it imports, each in its layer, as one small file.
//!
//! Nothing is rewritten for old browsers: cascade layers and `light-dark()` stay as they are written. Imported sheets
//! import nothing themselves, and imports have no condition but their layer.

use crate::files::root;
use anyhow::{Context, Result, anyhow, bail};
use lightningcss::rules::layer::LayerBlockRule;
use lightningcss::rules::{CssRule, CssRuleList};
use lightningcss::stylesheet::{MinifyOptions, ParserOptions, PrinterOptions, StyleSheet};
use std::collections::HashMap;
use std::fs;
use std::mem::take;
use std::path::Path;

pub fn bundle() -> Result<Vec<u8>> {
    let folder = root().join("style");
    let main = fs::read_to_string(folder.join("main.css")).context("cannot read style/main.css")?;
    let imported = imported(&folder, &main)?;
    let mut sheet = parse("main.css", &main)?;
    let mut rules = Vec::new();
    for rule in take(&mut sheet.rules.0) {
        let CssRule::Import(import) = rule else {
            rules.push(rule);
            continue;
        };
        if import.supports.is_some() || !import.media.media_queries.is_empty() {
            bail!("style/main.css imports {} under a condition", import.url);
        }
        let (name, text) = imported.get_key_value(&*import.url).context("every import was read")?;
        let content = parse(name, text)?.rules;
        if content.0.iter().any(|rule| matches!(rule, CssRule::Import(_))) {
            bail!("style/{name} imports another sheet; only main.css does");
        }
        match import.layer {
            Some(name) => rules.push(CssRule::LayerBlock(LayerBlockRule { name, rules: content, loc: import.loc })),
            None => rules.extend(content.0),
        }
    }
    sheet.rules = CssRuleList(rules);
    sheet.minify(MinifyOptions::default()).map_err(|error| anyhow!("style: {error}"))?;
    let css = sheet.to_css(PrinterOptions { minify: true, ..PrinterOptions::default() })?;
    Ok(css.code.into_bytes())
}

/// The texts of the sheets that the main one imports, by name.
fn imported(folder: &Path, main: &str) -> Result<HashMap<String, String>> {
    let mut texts = HashMap::new();
    for rule in &parse("main.css", main)?.rules.0 {
        if let CssRule::Import(import) = rule {
            let name = import.url.to_string();
            let text = fs::read_to_string(folder.join(&name)).with_context(|| format!("cannot read style/{name}"))?;
            texts.insert(name, text);
        }
    }
    Ok(texts)
}

fn parse<'a>(name: &str, text: &'a str) -> Result<StyleSheet<'a>> {
    let options = ParserOptions { filename: format!("style/{name}"), ..ParserOptions::default() };
    StyleSheet::parse(text, options).map_err(|error| anyhow!("{error}"))
}

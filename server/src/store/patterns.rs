//! Patterns for `glob` that find a text whatever its case, in any alphabet: `lower` and `like` know no letters but ASCII's.

/// What equals the text.
pub fn equal(text: &str) -> String {
    let mut pattern = String::with_capacity(4 * text.len());
    for c in text.chars() {
        match cases(c).as_slice() {
            [one] if !matches!(*one, '*' | '?' | '[') => pattern.push(*one),
            several => {
                pattern.push('[');
                pattern.extend(several);
                pattern.push(']');
            }
        }
    }
    pattern
}

/// What begins with the text.
pub fn beginning(text: &str) -> String {
    format!("{}*", equal(text))
}

/// What contains the text.
pub fn containing(text: &str) -> String {
    format!("*{}*", equal(text))
}

/// A character and what it is in the other case, each once, as far as that is one character.
fn cases(c: char) -> Vec<char> {
    let upper = single(c.to_uppercase()).unwrap_or(c);
    let others = [Some(upper), single(c.to_lowercase()), single(upper.to_lowercase())];
    let mut cases = vec![c];
    for case in others.into_iter().flatten() {
        if !cases.contains(&case) {
            cases.push(case);
        }
    }
    cases
}

fn single(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next()?;
    chars.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R003-03: each letter stands for both of its cases, and what means something in a pattern for itself alone.
    #[test]
    fn a_pattern_finds_any_case() {
        for (text, pattern) in [
            ("Li", "[Ll][iI]"),
            ("иД", "[иИ][Дд]"),
            ("李四 1%_", "李四 1%_"),
            ("*?[]^-", "[*][?][[]]^-"),
            ("ς", "[ςΣσ]"),
            ("ßİ", "ßİ"),
        ] {
            assert_eq!(equal(text), pattern);
        }
        assert_eq!((beginning("1"), containing("1")), ("1*".to_owned(), "*1*".to_owned()));
    }
}

//! The tab's icon, with the total of unread messages on it (R004-B7.18).

use crate::words::badge;

const ICON: &str = include_str!("../../../style/favicon.svg");

/// The icon with a badge, as an address of its own.
pub fn with_badge(unread: u64) -> String {
    let badge = format!(
        "<circle cx=\"16\" cy=\"8\" r=\"8\" fill=\"#c22a2a\"/><text x=\"16\" y=\"12\" fill=\"#fff\" font-family=\"sans-serif\" \
         font-size=\"{}\" font-weight=\"700\" text-anchor=\"middle\">{}</text></svg>",
        if unread > 9 { 8 } else { 11 },
        badge(unread),
    );
    let icon = ICON.trim_end().trim_end_matches("</svg>").to_owned() + &badge;
    let encoded = icon.replace('%', "%25").replace('#', "%23").replace('<', "%3C").replace('>', "%3E");
    format!("data:image/svg+xml,{encoded}")
}

#[cfg(test)]
mod tests {
    /// R004-B7.19: up to 99, as everywhere.
    #[test]
    fn the_icon_bears_the_total() {
        let icon = super::with_badge(3);
        assert!(icon.starts_with("data:image/svg+xml,%3Csvg "), "{icon}");
        assert!(icon.ends_with("%3E3%3C/text%3E%3C/svg%3E"), "{icon}");
        assert!(!icon.contains('#') && icon.matches("%3C/svg").count() == 1, "{icon}");
        assert!(super::with_badge(100).contains("%3E99+%3C"));
    }
}

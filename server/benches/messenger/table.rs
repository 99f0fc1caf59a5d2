//! Figures, each over the rounds of one run and beside its goals.

use std::fmt;
use std::time::Duration;

/// What a figure is held against.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

use Goal::{AtLeast, AtMost};

impl Goal {
    fn met(self, value: f64) -> bool {
        match self {
            AtLeast(goal) => value >= goal,
            AtMost(goal) => value <= goal,
        }
    }

    fn judge(goal: Option<Self>, value: f64) -> String {
        let Some(goal) = goal else { return String::new() };
        let (sign, bound) = match goal {
            AtLeast(bound) => ('≥', bound),
            AtMost(bound) => ('≤', bound),
        };
        format!("{sign} {} {}", Number(bound), if goal.met(value) { "met" } else { "**short**" })
    }
}

/// What is measured: its name, its unit, what was to reach at first and what is to reach in the end.
#[derive(Clone, Debug)]
pub struct Figure {
    name: String,
    unit: &'static str,
    here: Option<Goal>,
    goal: Option<Goal>,
}

impl Figure {
    pub fn new(name: impl Into<String>, unit: &'static str) -> Self {
        Self { name: name.into(), unit, here: None, goal: None }
    }

    pub fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    /// What was to reach at first.
    pub fn here(self, goal: Goal) -> Self {
        Self { here: Some(goal), ..self }
    }

    /// What is to reach in the end.
    pub fn goal(self, goal: Goal) -> Self {
        Self { goal: Some(goal), ..self }
    }
}

/// One scenario's figures, in the order in which they came.
pub struct Table {
    title: &'static str,
    rows: Vec<(Figure, Vec<f64>)>,
    notes: Vec<String>,
}

impl Table {
    pub fn new(title: &'static str) -> Self {
        Self { title, rows: Vec::new(), notes: Vec::new() }
    }

    /// One round's value of a figure.
    pub fn record(&mut self, figure: Figure, value: f64) {
        match self.rows.iter_mut().find(|(known, _)| known.name == figure.name) {
            Some((_, samples)) => samples.push(value),
            None => self.rows.push((figure, vec![value])),
        }
    }

    /// A sentence below the table.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = vec![["figure", "median", "range", "to reach here", "goal"].map(str::to_owned)];
        for (figure, samples) in &self.rows {
            let mut sorted = samples.clone();
            sorted.sort_by(f64::total_cmp);
            let (Some(low), Some(high)) = (sorted.first(), sorted.last()) else { continue };
            let median = median(&sorted);
            let range = if sorted.len() > 1 { format!("{}–{}", Number(*low), Number(*high)) } else { String::new() };
            lines.push([
                figure.name.clone(),
                format!("{} {}", Number(median), figure.unit),
                range,
                Goal::judge(figure.here, median),
                Goal::judge(figure.goal, median),
            ]);
        }
        let width = |column: usize| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: [usize; 5] = std::array::from_fn(width);
        writeln!(f, "### {}\n", self.title)?;
        for (number, line) in lines.iter().enumerate() {
            let cells: Vec<String> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            writeln!(f, "| {} |", cells.join(" | "))?;
            if number == 0 {
                writeln!(f, "|{}|", widths.map(|width| "-".repeat(width + 2)).join("|"))?;
            }
        }
        if !self.notes.is_empty() {
            writeln!(f, "\n{}", self.notes.join(" "))?;
        }
        Ok(())
    }
}

/// The middle of sorted values, or the mean of the two middle ones.
pub fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    let high = sorted.get(middle).copied().unwrap_or(f64::NAN);
    match sorted.get(middle.wrapping_sub(1)) {
        Some(low) if sorted.len().is_multiple_of(2) => f64::midpoint(*low, high),
        _ => high,
    }
}

/// Three significant digits, thousands set apart.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0;
        let decimals = match value.abs() {
            v if v >= 100.0 || v == v.round() => 0,
            v if v >= 10.0 => 1,
            v if v >= 1.0 => 2,
            _ => 3,
        };
        let text = format!("{value:.decimals$}");
        let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) && digit.is_ascii_digit() {
                write!(f, ",")?;
            }
            write!(f, "{digit}")?;
        }
        write!(f, "{rest}")
    }
}

/// As milliseconds.
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// So many messages, in words.
pub fn count(messages: u64) -> String {
    format!("{} messages", Number(messages as f64))
}

//! What people tell of themselves, and whom (R003-06, R002-04).

use crate::Millis;
use crate::account::{Account, User};
use crate::contacts::MessagesFrom;
use crate::text::{DisplayName, TextError};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use thiserror::Error;

/// Who sees a field of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    Everyone,
    Friends,
    Nobody,
}

/// What a reader is to the owner of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circle {
    Oneself,
    Friend,
    Anyone,
}

impl Audience {
    pub const ALL: [Self; 3] = [Self::Everyone, Self::Friends, Self::Nobody];

    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Friends => "friends",
            Self::Nobody => "nobody",
        }
    }

    /// Whether somebody of the circle sees the field.
    pub const fn takes_in(self, circle: Circle) -> bool {
        match circle {
            Circle::Oneself => true,
            Circle::Friend => !matches!(self, Self::Nobody),
            Circle::Anyone => matches!(self, Self::Everyone),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    Female,
    Male,
    Other,
}

impl Gender {
    pub const ALL: [Self; 3] = [Self::Female, Self::Male, Self::Other];

    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
            Self::Other => "other",
        }
    }
}

/// A day of the Gregorian calendar from 1900 on, written `2001-02-28`. That it is not in the future is the server's to
/// say, which has a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Birthday {
    year: u16,
    month: u8,
    day: u8,
}

/// A text is no birthday.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected a date from 1900 on, such as 2001-02-28")]
pub struct NoDate;

impl Birthday {
    /// The day at a time, in the time zone that is first to begin it, 14 hours ahead of UTC.
    pub fn today(now: Millis) -> Self {
        let days = (now / 1_000 + 14 * 3_600) / 86_400;
        // Days from 0000-03-01, in eras of 400 years.
        let days = days + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        Self {
            year: u16::try_from(year).unwrap_or(u16::MAX),
            month: u8::try_from(month).unwrap_or(1),
            day: u8::try_from(day).unwrap_or(1),
        }
    }

    pub const fn year(self) -> u16 {
        self.year
    }

    /// 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// 1 to 31.
    pub const fn day(self) -> u8 {
        self.day
    }
}

impl TryFrom<String> for Birthday {
    type Error = NoDate;

    fn try_from(text: String) -> Result<Self, NoDate> {
        let digits = |part: Option<&str>, len: usize| {
            let part = part.filter(|part| part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit()));
            part.and_then(|part| part.parse::<u16>().ok()).ok_or(NoDate)
        };
        let mut parts = text.split('-');
        let year = digits(parts.next(), 4)?;
        let month = digits(parts.next(), 2)?;
        let day = digits(parts.next(), 2)?;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return Err(NoDate),
        };
        if parts.next().is_some() || year < 1900 || !(1..=days).contains(&day) {
            return Err(NoDate);
        }
        Ok(Self { year, month: month as u8, day: day as u8 })
    }
}

impl From<Birthday> for String {
    fn from(day: Birthday) -> String {
        day.to_string()
    }
}

impl fmt::Display for Birthday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A telephone number: 5–15 digits, perhaps after a `+`. Spaces, dots, dashes and brackets are left out.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

impl Phone {
    pub const MIN: usize = 5;
    pub const MAX: usize = 15;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Phone {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        let kept: String =
            text.trim().chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '.' | '-' | '(' | ')')).collect();
        let digits = kept.strip_prefix('+').unwrap_or(&kept);
        if let Some(c) = digits.chars().find(|c| !c.is_ascii_digit()) {
            return Err(TextError::Character(c.into()));
        }
        match digits.len() {
            0 => Err(TextError::Empty),
            len if len < Self::MIN => Err(TextError::TooShort { min: Self::MIN, len }),
            len if len > Self::MAX => Err(TextError::TooLong { max: Self::MAX, len }),
            _ => Ok(Self(kept)),
        }
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> String {
        phone.0
    }
}

// A telephone number never reaches a log through `{:?}`.
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}

/// What somebody says of themselves: 1–200 Unicode scalars after trimming, on several lines, without other control
/// characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bio(String);

impl Bio {
    pub const MAX: usize = 200;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Bio {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        let text = text.replace("\r\n", "\n");
        let text = text.trim();
        let len = text.chars().count();
        match text.chars().find(|&c| c.is_control() && c != '\n') {
            Some(c) => Err(TextError::Character(c.into())),
            None if len == 0 => Err(TextError::Empty),
            None if len > Self::MAX => Err(TextError::TooLong { max: Self::MAX, len }),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl From<Bio> for String {
    fn from(bio: Bio) -> String {
        bio.0
    }
}

/// A square of a picture, in its pixels from the corner where it begins, as a person sees it. Clamped to the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crop {
    pub x: u32,
    pub y: u32,
    pub size: u32,
}

/// The fields of a profile. What is absent is not told, or not to this reader.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<Gender>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<Birthday>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<Bio>,
}

/// Who sees which field. A name and a picture everybody sees who is logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audiences {
    pub gender: Audience,
    pub birthday: Audience,
    pub phone: Audience,
    pub bio: Audience,
}

impl Default for Audiences {
    fn default() -> Self {
        Self {
            gender: Audience::Everyone,
            birthday: Audience::Nobody,
            phone: Audience::Nobody,
            bio: Audience::Everyone,
        }
    }
}

impl Profile {
    /// What somebody of the circle sees of it.
    pub fn seen_by(self, circle: Circle, audiences: Audiences) -> Self {
        Self {
            gender: self.gender.filter(|_| audiences.gender.takes_in(circle)),
            birthday: self.birthday.filter(|_| audiences.birthday.takes_in(circle)),
            phone: self.phone.filter(|_| audiences.phone.takes_in(circle)),
            bio: self.bio.filter(|_| audiences.bio.takes_in(circle)),
        }
    }
}

/// `GET /users/{id}`: what the reader may know of somebody. 404 alike for whom nobody is and for whom one may not see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    #[serde(flatten)]
    pub user: User,
    #[serde(flatten)]
    pub profile: Profile,
}

/// `GET /accounts/me`, and the answer to its `PATCH`: everything that the owner has told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAccount {
    #[serde(flatten)]
    pub account: Account,
    #[serde(flatten)]
    pub profile: Profile,
    pub audiences: Audiences,
}

/// `PATCH /accounts/me`: 200 with the [`OwnAccount`]. What is absent stays; `null` takes a field away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeAccount {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipts: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages_from: Option<MessagesFrom>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_last_seen: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<DisplayName>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub gender: Option<Option<Gender>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub birthday: Option<Option<Birthday>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub phone: Option<Option<Phone>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub bio: Option<Option<Bio>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audiences: Option<Audiences>,
}

/// Tells `null` from absence.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R003-06: a birthday is a real day.
    #[test]
    fn birthdays_are_real_days() {
        for real in ["1900-01-01", "2000-02-29", "2024-02-29", "1999-12-31"] {
            assert_eq!(Birthday::try_from(real.to_owned()).map(String::from), Ok(real.to_owned()));
        }
        for unreal in
            ["", "1899-12-31", "2001-02-29", "1900-02-29", "2001-13-01", "2001-00-10", "2001-04-31", "2001-1-1"]
        {
            assert_eq!(Birthday::try_from(unreal.to_owned()), Err(NoDate), "{unreal}");
        }
    }

    #[test]
    fn a_day_begins_where_it_is_first() {
        let day = |millis| Birthday::today(millis).to_string();
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(10 * 3_600_000), "1970-01-02");
        assert_eq!(day(1_709_164_800_000), "2024-02-29");
        assert_eq!(day(1_709_210_000_000), "2024-03-01");
    }

    #[test]
    fn telephone_numbers_are_digits() {
        let phone = |text: &str| Phone::try_from(text.to_owned()).map(String::from);
        assert_eq!(phone(" +86 138-0013-8000 "), Ok("+8613800138000".to_owned()));
        assert_eq!(phone("(021) 6888.1234"), Ok("02168881234".to_owned()));
        for refused in ["", "+", "1234", "1234567890123456", "12345x", "１２３４５６"] {
            assert!(phone(refused).is_err(), "{refused}");
        }
    }

    /// R003-06: each field has its audience; a telephone number and a birthday nobody sees unless they are told.
    #[test]
    fn everybody_sees_what_is_theirs_to_see() {
        let told = Profile {
            gender: Some(Gender::Other),
            birthday: Birthday::try_from("2000-02-29".to_owned()).ok(),
            phone: Phone::try_from("12345".to_owned()).ok(),
            bio: Bio::try_from("a\r\nb".to_owned()).ok(),
        };
        let usual = Audiences::default();
        assert_eq!(told.clone().seen_by(Circle::Oneself, usual), told);
        let shown = told.clone().seen_by(Circle::Friend, usual);
        assert_eq!((shown.phone.is_none(), shown.birthday.is_none(), shown.bio.is_some()), (true, true, true));
        let friends = Audiences { phone: Audience::Friends, ..usual };
        assert!(told.clone().seen_by(Circle::Friend, friends).phone.is_some());
        assert!(told.seen_by(Circle::Anyone, friends).phone.is_none());
    }

    #[test]
    fn null_takes_a_field_away_and_absence_leaves_it() {
        let change: ChangeAccount = serde_json::from_str(r#"{"phone":null}"#).unwrap();
        assert_eq!((change.phone, change.bio), (Some(None), None));
    }
}

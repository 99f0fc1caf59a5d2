//! Times in words, from numbers alone: no locale, time zone or clock of the machine.

use super::Words;
use protocol::Millis;

/// What a time is told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    pub now: Millis,
    /// Minutes to add to UTC for local time.
    pub utc_offset: i32,
}

impl Clock {
    fn local_minutes(self, at: Millis) -> i64 {
        i64::try_from(at / 60_000).unwrap_or_default() + i64::from(self.utc_offset)
    }

    /// The local day of a time, counted from the epoch.
    pub fn day(self, at: Millis) -> i64 {
        self.local_minutes(at).div_euclid(24 * 60)
    }

    /// The local day of now.
    pub fn today(self) -> i64 {
        self.day(self.now)
    }

    /// `14:32`, local.
    pub fn time(self, at: Millis) -> String {
        let minutes = self.local_minutes(at).rem_euclid(24 * 60);
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// A time in the session list: `14:32`, yesterday, a weekday of the last six days, or a date.
    pub fn brief(self, words: &Words, at: Millis) -> String {
        let day = self.day(at);
        match self.today() - day {
            ..=0 => self.time(at),
            1 => words.yesterday.to_owned(),
            2..=6 => weekday(words, day).to_owned(),
            _ => {
                let (year, month, date) = civil(day);
                if year == civil(self.today()).0 {
                    (words.month_day)(month, date)
                } else {
                    (words.short_date)(year, month, date)
                }
            }
        }
    }

    /// A time with its day: `2026年1月2日 14:32`.
    pub fn full(self, words: &Words, at: Millis) -> String {
        let (year, month, date) = civil(self.day(at));
        format!("{} {}", (words.date)(year, month, date), self.time(at))
    }
}

/// A day as its separator names it: today, yesterday, or weekday and date.
pub fn day_name(words: &Words, day: i64, today: i64) -> String {
    match today - day {
        0 => words.today.to_owned(),
        1 => words.yesterday.to_owned(),
        _ => {
            let (year, month, date) = civil(day);
            let date =
                if year == civil(today).0 { (words.month_day)(month, date) } else { (words.date)(year, month, date) };
            (words.day)(&date, weekday(words, day))
        }
    }
}

/// The machine-readable form of a time, UTC: `2026-01-02T14:32:05Z`.
pub fn iso(at: Millis) -> String {
    let seconds = at / 1000;
    let (year, month, day) = civil(i64::try_from(seconds / 86_400).unwrap_or_default());
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn weekday(words: &Words, day: i64) -> &'static str {
    // The epoch was a Thursday.
    let index = (day + 4).rem_euclid(7);
    usize::try_from(index).ok().and_then(|index| words.weekdays.get(index)).copied().unwrap_or_default()
}

/// Year, month and day of a day counted from the epoch, by the Gregorian calendar, whose cycle is 400 years.
fn civil(day: i64) -> (i64, u32, u32) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let date = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, u32::try_from(month).unwrap_or(1), u32::try_from(date).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preferences::Language;

    /// 2026-01-02 14:32:05 UTC, a Friday.
    const NOW: Millis = 1_767_364_325_000;
    const DAY: Millis = 86_400_000;

    #[test]
    fn days_become_dates() {
        for (day, date) in [
            (0, (1970, 1, 1)),
            (-1, (1969, 12, 31)),
            (11_016, (2000, 2, 29)),
            (20_455, (2026, 1, 2)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(civil(day), date, "{day}");
        }
        assert_eq!(iso(NOW), "2026-01-02T14:32:05Z");
    }

    #[test]
    fn a_time_is_told_as_its_distance_asks() {
        let (zh, en) = (Words::of(Language::Chinese), Words::of(Language::English));
        let clock = Clock { now: NOW, utc_offset: 0 };
        assert_eq!(clock.brief(zh, NOW), "14:32");
        assert_eq!(clock.brief(zh, NOW + DAY), "14:32", "a clock that is behind");
        assert_eq!(clock.brief(zh, NOW - DAY), "昨天");
        assert_eq!(clock.brief(en, NOW - 3 * DAY), "Tuesday");
        assert_eq!(clock.brief(zh, NOW - 8 * DAY), "2025/12/25");
        assert_eq!(clock.brief(en, 1_104_019_200_000), "12/26/04");
        assert_eq!(clock.full(zh, NOW), "2026年1月2日 14:32");
        assert_eq!(day_name(zh, 20_455, 20_455), "今天");
        assert_eq!(day_name(en, 20_450, 20_455), "Sunday, December 28, 2025");
    }

    #[test]
    fn the_offset_moves_the_day() {
        let east = Clock { now: NOW, utc_offset: 10 * 60 };
        assert_eq!((east.time(NOW), east.today()), ("00:32".to_owned(), 20_456));
        let west = Clock { now: NOW, utc_offset: -15 * 60 };
        assert_eq!((west.time(NOW), west.today()), ("23:32".to_owned(), 20_454));
    }
}

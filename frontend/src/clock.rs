//! The device's own clock and time zone.

use crate::browser;
use app::live::Live;
use app::preferences::Preferences;
use app::words::time::Clock;

/// Shows times by the device's own clock and time zone, by which the server renders as well from now on.
pub fn show(live: &mut Live) {
    let utc_offset = browser::utc_offset();
    if live.set_clock(Clock { now: browser::now(), utc_offset }) {
        browser::keep_cookie(Preferences::UTC_OFFSET, &utc_offset.to_string());
    }
}

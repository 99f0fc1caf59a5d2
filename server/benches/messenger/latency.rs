//! How long something took, over many times.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// In milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Latency {
    pub p50: f64,
    pub p99: f64,
}

impl Latency {
    pub fn of(times: impl IntoIterator<Item = Duration>) -> anyhow::Result<Self> {
        let mut histogram = Histogram::<u64>::new(3)?;
        for time in times {
            histogram.record(u64::try_from(time.as_nanos())?)?;
        }
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e6;
        Ok(Self { p50: at(0.5), p99: at(0.99) })
    }
}

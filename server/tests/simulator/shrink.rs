//! A failed run, told so that it can be understood: with as few steps as still fail.

use crate::Worker;
use crate::plan::Plan;
use std::time::{Duration, Instant};

/// How long a failed run is worked on.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tells what failed, and the shortest way to it that was found.
pub fn tell(plan: &Plan, cause: &str) -> String {
    let seed = plan.seed;
    let (shortest, why) = shorten(plan.clone(), cause.to_owned());
    format!(
        "seed {seed}: {cause}\n\nReplay: SIXIN_SEED={seed} cargo test --release -p server --test simulator\n\n\
        {} of its {} steps are enough:\n{shortest}\n\n{why}",
        shortest.steps.len(),
        plan.steps.len(),
    )
}

/// Leaves out steps, many at a time and then fewer, as long as the run still fails.
fn shorten(mut plan: Plan, mut cause: String) -> (Plan, String) {
    let mut worker = Worker::new();
    let begin = Instant::now();
    let mut fails = |plan: &Plan| if begin.elapsed() < PATIENCE { worker.run(plan).err() } else { None };
    let mut chunk = plan.steps.len().div_ceil(2);
    while chunk > 0 {
        let mut end = plan.steps.len();
        while end > 0 {
            let start = end.saturating_sub(chunk);
            let mut shorter = plan.clone();
            shorter.steps.drain(start..end);
            if let Some(why) = fails(&shorter) {
                (plan, cause) = (shorter, why);
            }
            end = start;
        }
        chunk /= 2;
    }
    (plan, cause)
}
